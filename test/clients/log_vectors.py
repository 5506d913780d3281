"""Prints the second client's code for every tlog-proof: python3 log_vectors.py CLIENT VECTORS."""
import calendar
import pathlib
import sys

sys.path.insert(0, sys.argv[1])
from trust import Note, Refused, require_one_history, require_proof  # noqa: E402

vectors = pathlib.Path(sys.argv[2])
demand = {"policy": (vectors / "log" / "policy").read_text(), "cosignatureHoursMax": 1}
entry = (vectors / "proofs" / "entry").read_text()
now = calendar.timegm((2026, 9, 1, 12, 0, 0))


def proof(file):
    require_proof(file.read_text(), entry, demand, now, b"", None)


def history(name):
    """From what stands in this checkpoint to the newest, by tiles."""
    def head(one):
        return Note((vectors / "log" / one).read_text())

    def read(path, _length):
        file = vectors / path
        return file.read_bytes() if file.is_file() else b""

    require_one_history(head(name), head("checkpoint"), read)


def code_of(work, argument):
    try:
        work(argument)
        return "success"
    except Refused as cause:
        return cause.args[0]


for file in sorted((vectors / "proofs").glob("*.tlog-proof")):
    print(file.stem, code_of(proof, file))
for name in ("checkpoint", "checkpoint-100", "fork-100"):
    print(name, code_of(history, name))
