"""Brings a folder to a feed's newest release: docs/SPEC.md 5.4, 7.2 to 7.5, 8; README.md says what is left out."""
import argparse
import calendar
import os
import pathlib
import sys
import time
import urllib.request
from functools import partial

from evidence import require_evidence
from packs import apply_delta, apply_full, digest
from trust import HASH, Refused, fits, follow, parse_json, require, require_logged, sha256

CLIENT_VERSION, CLOCK = [0, 1, 0], "%Y-%m-%dT%H:%M:%SZ"
BLOCK = {"schema": 1, "release": 1, "database": {"sha256": HASH, "bytes": 1},
         "minimumClient": r"(0|[1-9]\d{0,5})(\.(0|[1-9]\d{0,5})){2}"}
TARGET = {"length": 1, "hashes": {"sha256": HASH}, "custom": {
    "kind": "full|delta", "from": 0, "to": 1, "databaseSha256": HASH, "databaseBytes": 1}}


def fetch(base, path, most):
    """8.3: no more than `most` bytes, from where they were asked for; none where there is nothing."""
    url = f"{base.rstrip('/')}/{path}"
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            require(answer.url == url, "FETCH_FAILED", f"{url}: a redirect")
            data = answer.read(most + 1)
    except (OSError, ValueError) as cause:
        absent = getattr(cause, "code", 0) == 404 or isinstance(getattr(cause, "reason", 0), FileNotFoundError)
        require(absent, "FETCH_FAILED", f"{url}: {cause}")
        return b""
    require(len(data) <= most, "FETCH_TOO_LARGE", path)
    return data


def stored(state, name):
    return (state / name).read_bytes() if (state / name).is_file() else b""


def keep(state, files):
    """8.1.1: new files, flushed, renamed, and the folder flushed."""
    for name, data in files.items():
        (state / f"{name}.new").write_bytes(data)
    os.sync()
    for name in files:
        os.replace(state / f"{name}.new", state / name)
    os.sync()


def check_manifest(manifest, feed, last):
    """5.4, 7.3 to 7.5: its block, the packs, and digest and bytes of the databases that they lead to, by release."""
    block, release, packs = manifest.signed.get("x-rulemint"), manifest.signed["version"], []
    require(fits(block, BLOCK | {"feed": feed}), "MANIFEST_MALFORMED", "x-rulemint")
    results = {release: (block["database"]["sha256"], block["database"]["bytes"])}
    previous = block.get("previousManifestSha256", 0)
    sound = (block["schema"], block["release"]) == (1, release) and (previous is None or fits(previous, HASH))
    require(sound and (release > 1 or not previous), "MANIFEST_MALFORMED", "x-rulemint")
    for path, target in manifest.signed["targets"].items():
        require(fits(target, TARGET), "MANIFEST_MALFORMED", path)
        custom, sha = target["custom"], target["hashes"]["sha256"]
        start, end, result = custom["from"], custom["to"], (custom["databaseSha256"], custom["databaseBytes"])
        name = f"{start}-{end}.delta.rmp" if start else f"{end}.full.rmp"
        sound = path == f"{feed}/{name}" and (custom["kind"] == "delta") == (start > 0) and start < end <= release
        require(sound and results.setdefault(end, result) == result, "MANIFEST_MALFORMED", path)
        packs.append((start, end, target["length"], sha, f"targets/{feed}/{sha}.{name}"))
    require((0, release) in [pack[:2] for pack in packs], "MANIFEST_MALFORMED", "no full pack of its own release")
    if last:
        old = parse_json(last)["signed"]["x-rulemint"]
        number = old["release"]
        require(release >= number, "MANIFEST_ROLLBACK", f"{release} after {number}")
        chained = [manifest.data == last, previous == sha256(last).hex(), previous][min(release - number, 2)]
        require(chained, "MANIFEST_CHAIN_BROKEN", f"{release} after {number}")
        results.setdefault(number, (old["database"]["sha256"], old["database"]["bytes"]))  # what is in use
    least = [*map(int, block["minimumClient"].split("."))]
    require(least <= CLIENT_VERSION, "CLIENT_TOO_OLD", block["minimumClient"])
    return release, packs, results


def apply_packs(base, database, goal, packs, results):
    """8.4: along the cheapest path; where a pack is refused, along the next one."""
    known, refused = digest(database), {}
    start = max((release for release, (sha, _) in results.items() if sha == known), default=0)
    while True:
        best = {0: (0, 0, []), start: (0, 0, [])}  # 4.8.3; packs lead upwards: those from lower releases go first
        for pack in sorted(one for one in packs if one not in refused):
            if pack[0] in best:
                size, count, path = best[pack[0]]
                offer = size + pack[2], count + 1, [*path, pack]
                best[pack[1]] = min(offer, best.get(pack[1], offer))
        if goal not in best:
            raise [*refused.values()][0]
        made = database
        try:
            for pack in best[goal][2]:
                first, end, length, sha, name = pack
                data = fetch(base, name, length)
                require((len(data), sha256(data).hex()) == (length, sha), "PACK_DIGEST_MISMATCH", name)
                made = apply_delta(data, made) if first else apply_full(data, results[end][1])
                require((digest(made), len(made)) == results[end], "DATABASE_DIGEST_MISMATCH", name)
            return made
        except Refused as cause:
            refused[pack] = cause


def update(base, pinned, state, feed, now):
    """7 and 8: what is in use afterwards."""
    def read(role, version, most):
        return fetch(base, f"metadata/{version}.{role}.json" if version else f"metadata/{role}.json", most)

    state.mkdir(parents=True, exist_ok=True)
    root, before = stored(state, "root.json") or pinned, stored(state, "database")
    at = time.strftime(CLOCK, time.gmtime(now))
    files = follow(root, feed, at, read, lambda role: stored(state, f"{role}.json"))
    release, packs, results = check_manifest(files[feed], feed, stored(state, "manifest.json"))
    kept = {"manifest.json" if name == feed else f"{name}.json": file.data for name, file in files.items()}
    manifest, policy = files[feed], files["root"].signed.get("x-rulemint", {}).get("policy", {})
    require_evidence(manifest, feed, policy, now, partial(fetch, base))
    if demand := policy.get("log"):
        require(not stored(state, "forked-checkpoint"), "LOG_FORK", "two histories before")
        told = {"schema": 1, "kind": "release", "feed": feed, "release": release,
                "manifestSha256": sha256(manifest.data).hex()}
        document, seen = fetch(base, f"evidence/{feed}/{release}.json", 262_144), stored(state, "checkpoint")
        try:
            kept["checkpoint"] = require_logged(document, told, demand, now, seen, partial(fetch, base))
        except Refused as cause:
            if cause.args[0] == "LOG_FORK":  # 11.10.3: both are kept, and this log is not believed again
                keep(state, {"forked-checkpoint": parse_json(document)["logProof"].encode()})
            raise
    database = apply_packs(base, before, release, packs, results)
    keep(state, kept if database == before else kept | {"database": database})
    return f"{feed} {release} {digest(database)}"


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--url", required=True, help="base address or folder of the public tree")
    options.add_argument("--root", required=True, type=pathlib.Path, help="the pinned root.json")
    options.add_argument("--state", required=True, type=pathlib.Path)
    options.add_argument("--feed", default="endpoint")
    options.add_argument("--at", default=time.time(), help="YYYY-MM-DDTHH:MM:SSZ instead of now",
                         type=lambda text: calendar.timegm(time.strptime(text, CLOCK)))
    given = options.parse_args()
    base = given.url if "://" in given.url else pathlib.Path(given.url).absolute().as_uri()
    try:
        print(update(base, given.root.read_bytes(), given.state, given.feed, given.at))
    except Refused as cause:
        sys.exit(": ".join(cause.args))


if __name__ == "__main__":
    main()
