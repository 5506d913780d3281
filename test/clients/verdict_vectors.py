"""Prints the second client's code for every rebuild verdict: python3 verdict_vectors.py CLIENT VECTORS."""
import pathlib
import sys

sys.path.insert(0, sys.argv[1])
from evidence import require_rebuilds  # noqa: E402
from trust import Refused, parse_json, sha256  # noqa: E402

vectors = pathlib.Path(sys.argv[2])
demand = {"threshold": 1, "keys": [(vectors / "keys" / "overseer.pem").read_text()]}
digest = sha256((vectors / "subjects" / "manifest.signed").read_bytes()).hex()
for file in sorted((vectors / "verdict").glob("*.expect")):
    try:
        envelope = parse_json(file.with_suffix(".json").read_bytes())
        require_rebuilds([envelope], "rulemint:endpoint/3", digest, demand)
        print(file.stem, "success")
    except Refused as cause:
        print(file.stem, cause.args[0])
