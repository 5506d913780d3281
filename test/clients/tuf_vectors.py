"""Prints the second client's code for every metadata vector: python3 tuf_vectors.py CLIENT VECTORS."""
import pathlib
import sys

sys.path.insert(0, sys.argv[1])
from trust import Refused, follow  # noqa: E402

vectors = pathlib.Path(sys.argv[2])


def read(name, path):
    found = [vectors / one / path for one in (name, "good")]
    return next((file.read_bytes() for file in found if file.is_file()), b"")


def verdict(name):
    def offered(role, version, _most):
        return read(name, f"{version}.root.json" if role == "root" else f"{role}.json")

    try:
        at, root = "2026-11-22T12:00:00Z", read(name, "1.root.json")
        follow(root, "endpoint", at, offered, lambda role: read(name, f"seen/{role}.json"))
        return "success"
    except Refused as cause:
        return cause.args[0]


for folder in sorted(vectors.iterdir()):
    if folder.is_dir():
        print(folder.name, verdict(folder.name))
