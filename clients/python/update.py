"""Brings a state folder to the newest release of a feed: docs/SPEC.md sections 5, 7.1 to 7.5, 7.9 to 7.15 and 8. See README.md for what is left out."""
import argparse
import heapq
import os
import pathlib
import re
import sys
import urllib.error
import urllib.request
from datetime import datetime, timezone

from database import apply_full, digest
from delta import apply_delta
from log import parse_document, require_logged
from tuf import CLIENT_VERSION, Refused, follow, parse_json, parse_time, require, sha256, whole


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def fetch(base, path, most):
    """The bytes, or None where there is nothing. 8.3.1: never more than `most`."""
    if re.match(r"https?://", base):
        try:
            with urllib.request.build_opener(NoRedirect).open(f"{base.rstrip('/')}/{path}", timeout=30) as answer:
                data = answer.read(most + 1)
        except urllib.error.HTTPError as cause:
            if cause.code == 404:
                return None
            raise Refused("FETCH_FAILED", f"{path}: {cause.code}") from cause
        except (OSError, ValueError) as cause:
            raise Refused("FETCH_FAILED", str(cause)) from cause
    else:
        file = pathlib.Path(base.removeprefix("file://"), path)
        if not file.is_file():
            return None
        with file.open("rb") as opened:
            data = opened.read(most + 1)
    require(len(data) <= most, "FETCH_TOO_LARGE", path)
    return data


def keep(state, name, data):
    """8.1.1: a new file, flushed, renamed, and the folder flushed."""
    temporary = state / f"{name}.new"
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, state / name)
    folder = os.open(state, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def stored(state, name):
    file = state / name
    return file.read_bytes() if file.is_file() else None


def check_manifest(signed, feed):
    """5.4. What the release is, and its packs as (from, to, path, length, sha256, database's digest, its bytes)."""
    def must(holds, message):
        require(holds, "MANIFEST_MALFORMED", message)

    def is_hash(value):
        return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value)

    block = signed.get("x-rulemint")
    must(isinstance(block, dict) and block.get("schema") == 1 and block.get("feed") == feed, "x-rulemint")
    must(block.get("release") == signed["version"], "release")
    database, previous, least = block.get("database"), block.get("previousManifestSha256", 0), block.get("minimumClient")
    must(isinstance(database, dict) and is_hash(database.get("sha256")) and whole(database.get("bytes"), 1), "database")
    must(previous is None or is_hash(previous) and signed["version"] > 1, "previousManifestSha256")
    must(isinstance(least, str) and re.fullmatch(r"(0|[1-9]\d{0,5})(\.(0|[1-9]\d{0,5})){2}", least, re.ASCII), "minimumClient")
    packs, results = [], {signed["version"]: (database["sha256"], database["bytes"])}
    for path, target in signed["targets"].items():
        custom = target.get("custom") if isinstance(target, dict) else None
        must(isinstance(custom, dict) and whole(custom.get("from")) and whole(custom.get("to"), 1), path)
        start, end, result = custom["from"], custom["to"], (custom.get("databaseSha256"), custom.get("databaseBytes"))
        name = f"{feed}/{end}.full.rmp" if custom.get("kind") == "full" else f"{feed}/{start}-{end}.delta.rmp"
        must(custom.get("kind") in ("full", "delta") and (custom["kind"] == "full") == (start == 0), path)
        must(path == name and start < end <= signed["version"], path)
        must(is_hash(result[0]) and whole(result[1], 1) and results.setdefault(end, result) == result, path)
        hashes = target.get("hashes")
        must(whole(target.get("length"), 1) and isinstance(hashes, dict) and is_hash(hashes.get("sha256")), path)
        packs.append((start, end, path, target["length"], hashes["sha256"], *result))
    must(any(pack[:2] == (0, signed["version"]) for pack in packs), "a full pack of its own release")
    return block, packs, results


def check_history(manifest, block, before):
    """7.3 to 7.5"""
    if before:
        number = parse_json(before)["signed"]["version"]
        require(block["release"] >= number, "MANIFEST_ROLLBACK")
        same = block["release"] > number or manifest == before
        direct = block["release"] != number + 1 or block["previousManifestSha256"] == sha256(before)
        later = block["release"] == number or block["previousManifestSha256"] is not None
        require(same and direct and later, "MANIFEST_CHAIN_BROKEN")
    require(tuple(map(int, block["minimumClient"].split("."))) <= CLIENT_VERSION, "CLIENT_TOO_OLD")


def cheapest(packs, start, goal, refused):
    """4.8.3: fewest bytes, then fewest packs."""
    queue, done = [(0, 0, start, [])], set()
    while queue:
        size, count, at, path = heapq.heappop(queue)
        if at == goal:
            return path
        if at not in done:
            done.add(at)
            for pack in packs:
                if pack[0] in (at, 0) and pack[1] > at - (pack[0] == 0) and pack[2] not in refused:
                    heapq.heappush(queue, (size + pack[3], count + 1, pack[1], [*path, pack]))
    return None


def apply_packs(base, database, packs, results, goal):
    """8.4: the next cheapest path where a pack is refused."""
    known = digest(database) if database else None
    start = max((number for number, (sha, _) in results.items() if sha == known), default=0)
    if start == goal:
        return database
    refused, first = set(), None
    while (path := cheapest(packs, start, goal, refused)) is not None:
        current = database
        for number, end, name, length, sha, result_sha, result_bytes in path:
            try:
                folder, file = name.split("/")
                pack = fetch(base, f"targets/{folder}/{sha}.{file}", length)
                require(pack is not None, "FETCH_FAILED", name)
                require(len(pack) == length and sha256(pack) == sha, "PACK_DIGEST_MISMATCH", name)
                current = apply_delta(pack, current) if number else apply_full(pack)
                require(len(current) == result_bytes and digest(current) == result_sha, "DATABASE_DIGEST_MISMATCH", name)
            except Refused as cause:
                first = first or cause
                refused.add(name)
                break
        else:
            return current
    raise first or Refused("FETCH_FAILED", "no path of packs")


def check_log(base, state, root, manifest, feed, release, at):
    """What the root's policy asks of a log. The checkpoint to keep, or None where it asks for none."""
    demand = parse_json(root)["signed"].get("x-rulemint", {}).get("policy", {}).get("log")
    if demand is None:
        return None
    require(stored(state, "forked-checkpoint") is None, "LOG_FORK", "this log showed two histories before")
    document = fetch(base, f"evidence/{feed}/{release}.json", 262_144)
    require(document is not None, "LOG_PROOF_MISSING", "no evidence document")
    parsed, seen = parse_document(document), stored(state, "checkpoint")
    try:
        return require_logged(parsed, manifest, demand, feed, release, at.timestamp(), seen,
                              lambda path, most: fetch(base, path, most))
    except Refused as cause:
        if cause.code == "LOG_FORK":  # 11.10.3: both are kept, and nothing of this log is believed again
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
        name = f"{role}.json" if version is None else f"{version}.{role}.json"
        return fetch(base, f"metadata/{name}", most)

    root = stored(state, "root.json") or pinned.read_bytes()
    offered, signed = follow(root, feed, at, read, lambda role: stored(state, f"{role}.json"))
    block, packs, results = check_manifest(signed, feed)
    check_history(offered[feed], block, stored(state, "manifest.json"))
    checkpoint = check_log(base, state, offered["root"], offered[feed], feed, block["release"], at)
    before = sound_database(state)
    if stored(state, "manifest.json"):  # the release in use, which the new manifest need not lead to any more
        last = parse_json(stored(state, "manifest.json"))["signed"]["x-rulemint"]
        results.setdefault(last["release"], (last["database"]["sha256"], last["database"]["bytes"]))
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
    options.add_argument("--at", type=parse_time, default=datetime.now(timezone.utc), help="YYYY-MM-DDTHH:MM:SSZ instead of now")
    options.add_argument("--without-evidence-unsafe", action="store_true", help="TUF and the log alone: no CMS, time-stamp or rebuild verdicts")
    given = options.parse_args()
    try:
        # 7.6 to 7.8, 7.20 and 7.21 are checks that this client does not know: it refuses, unless its owner says otherwise.
        require(given.without_evidence_unsafe, "CLIENT_TOO_OLD", "cannot verify signatures of section 6 (SPEC 7.6); see README.md")
        print(update(given.url, given.root, given.state, given.feed, given.at))
    except Refused as cause:
        print(cause, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
