"""Prints the second client's code for every tlog-proof: python3 log_vectors.py CLIENT VECTORS."""
import pathlib
import sys

sys.path.insert(0, sys.argv[1])
from log import (parse_checkpoint, parse_note, parse_policy, parse_proof, require_inclusion, require_one_history,  # noqa: E402
                 require_quorum, signed_checkpoint)
from tuf import Refused, parse_time  # noqa: E402

vectors = pathlib.Path(sys.argv[2])
now = parse_time("2026-09-01T12:00:00Z").timestamp()


def proof(file):
    policy = parse_policy((vectors / "log" / "policy").read_text())
    index, hashes, note = parse_proof(file.read_text())
    text, lines = parse_note(note)
    _, size, root = signed_checkpoint(text, lines, policy[0])
    require_quorum(text, lines, policy, now, 1)
    require_inclusion((vectors / "proofs" / "entry").read_bytes(), index, size, root, hashes)


def history(name):
    """From what stands in this checkpoint to the newest, by tiles."""
    def head(one):
        return parse_checkpoint(parse_note((vectors / "log" / one).read_bytes())[0])[1:]

    def read(path, _length):
        file = vectors / path
        return file.read_bytes() if file.is_file() else None

    require_one_history(head(name), head("checkpoint"), read)


def code_of(work, argument):
    try:
        work(argument)
        return "success"
    except Refused as cause:
        return cause.code


for file in sorted((vectors / "proofs").glob("*.tlog-proof")):
    print(file.stem, code_of(proof, file))
for name in ("checkpoint", "checkpoint-100", "fork-100"):
    print(name, code_of(history, name))
