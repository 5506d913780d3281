"""Reads a MISP feed with PyMISP: python3 read-misp-feed.py FOLDER. Exit 1, and why, where PyMISP sees something else than the feed tells."""
import json
import pathlib
import sys

from pymisp import MISPEvent

MEMBERS = ("uuid", "type", "category", "value", "to_ids")  # PyMISP puts another category where a type is of none

folder = pathlib.Path(sys.argv[1])
manifest = json.loads((folder / "manifest.json").read_text())
told = {tuple(line.split(",")) for line in (folder / "hashes.csv").read_text().splitlines()}
seen, count = set(), 0
for uuid, head in manifest.items():
    file = folder / f"{uuid}.json"
    event = MISPEvent()
    event.load_file(file)
    for written, one in zip(json.loads(file.read_text())["Event"]["Attribute"], event.attributes, strict=True):
        for member in MEMBERS:
            if written[member] != getattr(one, member):
                sys.exit(f"{uuid}: the {member} {written[member]!r} is {getattr(one, member)!r} to PyMISP")
    for name, value in event.manifest[uuid].items():
        if str(value) != str(head.get(name)):  # numbers are text in the feeds of MISP itself
            sys.exit(f"{uuid}: {name} is {head.get(name)!r} in the manifest, {value!r} in the event")
    seen |= {(digest, uuid) for digest in event.attributes_hashes("md5")}
    count += len(event.attributes)
if seen != told:
    sys.exit(f"hashes.csv has {len(told - seen)} digests too many, and lacks {len(seen - told)}")
print(f"{count} indicators in {len(manifest)} events")
