"""Prints the second client's code for every CMS signature: python3 pki_vectors.py CLIENT VECTORS."""
import calendar
import json
import pathlib
import sys

sys.path.insert(0, sys.argv[1])
from evidence import require_signature  # noqa: E402
from trust import Refused  # noqa: E402

vectors = pathlib.Path(sys.argv[2])
content, now = (vectors / "content").read_bytes(), calendar.timegm((2026, 9, 1, 12, 0, 0))
for file in sorted(vectors.glob("*/signature.p7s")):
    own = file.with_name("policy.json")
    policy = json.loads((own if own.is_file() else vectors / "policy.json").read_text())
    try:
        require_signature(content, file.read_bytes(), policy, now)
        print(file.parent.name, "success")
    except Refused as cause:
        print(file.parent.name, cause.args[0])
