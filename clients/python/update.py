"""Brings a state folder to a feed's newest release: docs/SPEC.md 5.4, 7.2 to 7.5 and 8.

README.md says what is left out.
"""
import argparse
import heapq
import os
import pathlib
import sys
import urllib.error
import urllib.request
from datetime import datetime, timezone

from database import apply_full, digest
from delta import apply_delta
from log import parse_document, require_logged
from tuf import HASH, Refused, fits, follow, parse_json, parse_time, refusing, require, sha256

CLIENT_VERSION = (0, 1, 0)
BLOCK = {
    "schema": 1, "release": 1, "database": {"sha256": HASH, "bytes": 1},
    "minimumClient": r"(0|[1-9]\d{0,5})(\.(0|[1-9]\d{0,5})){2}",
}
TARGET = {"length": 1, "hashes": {"sha256": HASH}, "custom": {
    "kind": "full|delta", "from": 0, "to": 1, "databaseSha256": HASH, "databaseBytes": 1}}


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def fetch(base, path, most):
    """The bytes, or None where there is nothing. 8.3.1: never more than `most`."""
    try:
        with refusing("FETCH_FAILED", OSError, ValueError):
            opener = urllib.request.build_opener(NoRedirect)
            with opener.open(f"{base.rstrip('/')}/{path}", timeout=30) as answer:
                data = answer.read(most + 1)
    except Refused as refused:
        cause = refused.__cause__
        absent = isinstance(getattr(cause, "reason", None), FileNotFoundError)
        if absent or getattr(cause, "code", None) == 404:
            return None
        raise
    require(len(data) <= most, "FETCH_TOO_LARGE", path)
    return data


def keep(state, name, data):
    """8.1.1: a new file, flushed, renamed, and the folder flushed."""
    with (state / f"{name}.new").open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(file.name, state / name)
    folder = os.open(state, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def stored(state, name):
    file = state / name
    return file.read_bytes() if file.is_file() else None


def check_manifest(signed, feed):
    """5.4: the block, every pack, and (digest, bytes) of the databases by release."""
    def must(holds, message):
        require(holds, "MANIFEST_MALFORMED", message)

    block, release, packs = signed.get("x-rulemint"), signed["version"], []
    must(fits(block, BLOCK | {"feed": feed}), "x-rulemint")
    must((block["schema"], block["release"]) == (1, release), "schema, release")
    previous = block.get("previousManifestSha256", 0)
    must(previous is None or fits(previous, HASH) and release > 1, "previousManifestSha256")
    results = {release: (block["database"]["sha256"], block["database"]["bytes"])}
    for path, target in signed["targets"].items():
        must(fits(target, TARGET), path)
        custom = target["custom"]
        start, end = custom["from"], custom["to"]
        name = f"{start}-{end}.delta.rmp" if start else f"{end}.full.rmp"
        must(path == f"{feed}/{name}" and (custom["kind"] == "delta") == (start > 0), path)
        result = custom["databaseSha256"], custom["databaseBytes"]
        must(start < end <= release and results.setdefault(end, result) == result, path)
        stored_as = f"targets/{feed}/{target['hashes']['sha256']}.{name}"
        packs.append((start, end, stored_as, target["length"], target["hashes"]["sha256"]))
    must(any(pack[:2] == (0, release) for pack in packs), "a full pack of its own release")
    return block, packs, results


def check_history(manifest, block, before):
    """7.3 to 7.5"""
    if before:
        number, previous = parse_json(before)["signed"]["version"], block["previousManifestSha256"]
        require(block["release"] >= number, "MANIFEST_ROLLBACK")
        same = block["release"] > number or manifest == before
        direct = block["release"] != number + 1 or previous == sha256(before)
        later = block["release"] == number or previous is not None
        require(same and direct and later, "MANIFEST_CHAIN_BROKEN")
    least = tuple(map(int, block["minimumClient"].split(".")))
    require(least <= CLIENT_VERSION, "CLIENT_TOO_OLD", block["minimumClient"])


def cheapest(packs, start, goal, refused):
    """4.8.3: fewest bytes, then fewest packs."""
    queue, done = [(0, 0, start, [])], set()
    while queue:
        size, count, at, path = heapq.heappop(queue)
        if at == goal:
            return path
        done.add(at)
        for pack in packs:
            if pack[0] in (0, at) and pack[1] not in done and pack not in refused:
                heapq.heappush(queue, (size + pack[3], count + 1, pack[1], [*path, pack]))
    return None


def apply_packs(base, database, packs, results, goal):
    """8.4: the next cheapest path where a pack is refused."""
    known = digest(database) if database else None
    start = max((number for number, (sha, _) in results.items() if sha == known), default=0)
    refused, refusals = set(), []
    while (path := cheapest(packs, start, goal, refused)) is not None:
        current = database
        for pack in path:
            try:
                current = apply_pack(base, current, pack, results[pack[1]])
            except Refused as cause:
                refusals.append(cause)
                refused.add(pack)
                break
        else:
            return current
    raise (refusals or [Refused("FETCH_FAILED", "no path of packs")])[0]


def apply_pack(base, database, pack, result):
    start, _, name, length, sha = pack
    data = fetch(base, name, length)
    require(data is not None, "FETCH_FAILED", name)
    require(len(data) == length and sha256(data) == sha, "PACK_DIGEST_MISMATCH", name)
    made = apply_delta(data, database) if start else apply_full(data)
    require((digest(made), len(made)) == result, "DATABASE_DIGEST_MISMATCH", name)
    return made


def check_log(base, state, root, manifest, block, at):
    """What the root's policy asks of a log. The checkpoint to keep, None where it asks for none."""
    demand = parse_json(root)["signed"].get("x-rulemint", {}).get("policy", {}).get("log")
    if demand is None:
        return None
    require(stored(state, "forked-checkpoint") is None, "LOG_FORK", "two histories before")
    feed, release = block["feed"], block["release"]
    document = fetch(base, f"evidence/{feed}/{release}.json", 262_144)
    require(document is not None, "LOG_PROOF_MISSING", "no evidence document")
    parsed, seen = parse_document(document), stored(state, "checkpoint")
    try:
        return require_logged(parsed, manifest, demand, feed, release, at.timestamp(), seen,
                              lambda path, most: fetch(base, path, most))
    except Refused as cause:
        if cause.code == "LOG_FORK":  # 11.10.3: both are kept, and this log is not believed again
            keep(state, "forked-checkpoint", parsed["logProof"].encode())
        raise


def sound_database(state):
    data = stored(state, "database")
    try:
        return data if data and digest(data) else None
    except Refused:
        return None


def update(base, pinned, state, feed, at):
    state.mkdir(parents=True, exist_ok=True)

    def read(role, version, most):
        name = f"{version}.{role}" if version else role
        return fetch(base, f"metadata/{name}.json", most)

    root, last = stored(state, "root.json") or pinned.read_bytes(), stored(state, "manifest.json")
    offered, signed = follow(root, feed, at, read, lambda role: stored(state, f"{role}.json"))
    block, packs, results = check_manifest(signed, feed)
    check_history(offered[feed], block, last)
    checkpoint = check_log(base, state, offered["root"], offered[feed], block, at)
    before = sound_database(state)
    if last:  # the release in use, which the new manifest need not lead to any more
        old = parse_json(last)["signed"]["x-rulemint"]
        results.setdefault(old["release"], (old["database"]["sha256"], old["database"]["bytes"]))
    database = apply_packs(base, before, packs, results, block["release"])
    for name in ("root", "timestamp", "snapshot", "targets", feed):
        keep(state, "manifest.json" if name == feed else f"{name}.json", offered[name])
    if checkpoint:
        keep(state, "checkpoint", checkpoint)
    if database is not before:
        keep(state, "database", database)
    return f"{feed} {block['release']} {digest(database)}"


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--url", required=True, help="base address or folder of the public tree")
    options.add_argument("--root", required=True, type=pathlib.Path, help="the pinned root.json")
    options.add_argument("--state", required=True, type=pathlib.Path)
    options.add_argument("--feed", default="endpoint")
    options.add_argument("--at", type=parse_time, default=datetime.now(timezone.utc),
                         help="YYYY-MM-DDTHH:MM:SSZ instead of now")
    options.add_argument("--without-evidence-unsafe", action="store_true",
                         help="TUF and the log alone: no CMS, time-stamp or rebuild verdicts")
    given = options.parse_args()
    base = given.url if "://" in given.url else pathlib.Path(given.url).absolute().as_uri()
    try:
        # 7.6 to 7.8, 7.20 and 7.21 are checks that this client does not know.
        require(given.without_evidence_unsafe, "CLIENT_TOO_OLD",
                "cannot verify signatures of section 6 (SPEC 7.6); see README.md")
        print(update(base, given.root, given.state, given.feed, given.at))
    except Refused as cause:
        print(cause, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
