"""The second client's database from a base and a delta pack: python3 apply_delta.py CLIENT BASE PACK RESULT."""
import pathlib
import sys

sys.path.insert(0, sys.argv[1])
from packs import apply_delta  # noqa: E402

base, pack, result = map(pathlib.Path, sys.argv[2:])
result.write_bytes(apply_delta(pack.read_bytes(), base.read_bytes()))
