"""The release log as a client meets it: docs/SPEC.md section 11 and 7.9 to 7.15."""
import base64
import hashlib
import json
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519

from tuf import Refused, canonical, parse_json, parse_time, require, sha256

NOTE, COSIGNATURE = 1, 4  # what a key of a note may be for
AHEAD_SECONDS = 300


def hash_of(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def unbase64(text, code):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as cause:
        raise Refused(code, "base64") from cause
    require(base64.b64encode(data).decode() == text, code, "base64 of another form")
    return data


def decimal(text, code):
    require(re.fullmatch(r"0|[1-9][0-9]{0,15}", text) and int(text) < 2**53, code, f"a number: {text}")
    return int(text)


def parse_vkey(text, kind):
    """11.2.4. The name and id that signature lines give, and the public key."""
    code = "LOG_POLICY_MALFORMED"
    name, found, data = (text.split("+", 2) + ["", ""])[:3]
    data = unbase64(data, code)
    require(re.fullmatch(r"[^\s\x00-\x1f+]+", name) and len(data) == 33 and data[0] == kind, code, text)
    require(found == hash_of(name.encode(), b"\n", data)[:4].hex(), code, f"the id of {name}")
    return name, bytes.fromhex(found), data[1:]


def parse_policy(text):
    """11.6.1. Keys of the logs, witnesses by name, groups in their order, and the quorum's name."""
    code, logs, witnesses, groups, grouped, quorum = "LOG_POLICY_MALFORMED", [], {}, {}, set(), []
    require(len(text) <= 65_536, code, "a longer policy")
    for line in text.split("\n"):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        word, *rest = words
        known = {"none", *witnesses, *groups}
        if word == "log" and len(rest) in (1, 2):
            logs.append(parse_vkey(rest[0], NOTE))
        elif word == "witness" and len(rest) in (2, 3) and rest[0] not in known:
            witnesses[rest[0]] = parse_vkey(rest[1], COSIGNATURE)
        elif word == "group" and len(rest) > 2 and rest[0] not in known:
            name, rule, *members = rest
            least = {"all": len(members), "any": 1}.get(rule) or decimal(rule, code)
            require(1 <= least <= len(members) == len(set(members)), code, line)
            require(all(one in known - {"none"} and one not in grouped for one in members), code, line)
            grouped |= set(members)
            groups[name] = least, members
        elif word == "quorum" and len(rest) == 1 and not quorum and rest[0] in known:
            quorum = rest
        else:
            raise Refused(code, line)
    publics = [key[2] for key in [*logs, *witnesses.values()]]
    require(logs and quorum and len(set(publics)) == len(publics), code, "a log, a quorum, each key once")
    require(max(map(len, (logs, witnesses, groups))) <= 128, code, "fewer of a kind")
    return logs, witnesses, groups, quorum[0]


def parse_note(data):
    """11.2.1, 11.2.2: the text, and (name, key id, signature) of each line."""
    code = "NOTE_MALFORMED"
    try:
        whole = data.decode("utf-8")
    except ValueError as cause:
        raise Refused(code, "UTF-8") from cause
    end = whole.rfind("\n\n")
    require(len(data) <= 65_536 and not re.search(r"[\x00-\x09\x0b-\x1f]", whole) and end >= 0, code)
    lines = whole[end + 2:].split("\n")
    require(lines.pop() == "" and 1 <= len(lines) <= 64, code, "signature lines")
    found = []
    for line in lines:
        parts = line.split(" ")
        require(len(parts) == 3 and parts[0] == "\u2014" and re.fullmatch(r"[^\s\x00-\x1f+]+", parts[1]), code, line)
        raw = unbase64(parts[2], code)
        require(len(raw) > 4, code, line)
        found.append((parts[1], raw[:4], raw[4:]))
    return whole[:end + 1], found


def require_ed25519(public, signature, content, name):
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, content)
    except (InvalidSignature, ValueError) as cause:
        raise Refused("LOG_SIGNATURE_INVALID", name) from cause


def parse_checkpoint(text):
    lines, code = text.split("\n"), "NOTE_MALFORMED"
    require(lines.pop() == "" and len(lines) >= 3 and "" not in lines, code, "a checkpoint")
    size, root = decimal(lines[1], code), unbase64(lines[2], code)
    require(len(root) == 32 and (size or root == hash_of()), code, "a root")
    return lines[0], size, root


def signed_checkpoint(text, lines, logs):
    """11.6.3"""
    origin, size, root = parse_checkpoint(text)
    keys = {(name, key_id): public for name, key_id, public in logs if name == origin}
    own = [(keys[name, key_id], signature) for name, key_id, signature in lines if (name, key_id) in keys]
    require(own, "LOG_KEY_UNKNOWN", origin)
    for public, signature in own:
        require_ed25519(public, signature, text.encode(), origin)
    return origin, size, root


def require_quorum(text, lines, policy, now, hours):
    """11.3.3, 11.6.4 to 11.6.6"""
    _, witnesses, groups, quorum = policy
    times = {}
    for line_name, line_id, signature in lines:
        for witness, (name, key_id, public) in witnesses.items():
            if (line_name, line_id) != (name, key_id):
                continue
            time = int.from_bytes(signature[:8], "big")
            require(len(signature) == 72 and time, "LOG_SIGNATURE_INVALID", name)
            require_ed25519(public, signature[8:], f"cosignature/v1\ntime {time}\n{text}".encode(), name)
            if time <= now + AHEAD_SECONDS:
                times[witness] = max(time, times.get(witness, 0))

    def met(since):
        names = {one for one, time in times.items() if time >= since}
        for name, (least, members) in groups.items():
            if len(names.intersection(members)) >= least:
                names.add(name)
        return quorum == "none" or quorum in names

    require(met(0), "WITNESS_QUORUM", ", ".join(times))
    require(hours is None or met(now - hours * 3600), "CHECKPOINT_STALE")


def parse_proof(text):
    """11.5.1. The index, the hashes, and the note."""
    code, end = "LOG_PROOF_MALFORMED", text.find("\n\n")
    require(end >= 0, code, "an empty line")
    first, *lines = text[:end].split("\n")
    require(first == "c2sp.org/tlog-proof@v1" and lines, code, first)
    if lines[0].startswith("extra "):
        unbase64(lines.pop(0)[6:], code)
    require(lines and lines[0].startswith("index ") and len(lines) <= 64, code, "an index")
    hashes = [unbase64(line, code) for line in lines[1:]]
    require(all(len(one) == 32 for one in hashes), code, "a hash")
    return decimal(lines[0][6:], code), hashes, parse_note(text[end + 2:].encode())


def require_inclusion(entry, index, size, root, hashes):
    """11.4.2, RFC 9162 section 2.1.3.2"""
    code, node, last = "LOG_INCLUSION_FAILED", hash_of(b"\0", entry), size - 1
    require(index < size, code)
    for one in hashes:
        require(last > 0, code, "too many hashes")
        if index & 1 or index == last:
            node = hash_of(b"\1", one, node)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = hash_of(b"\1", node, one)
        index, last = index >> 1, last >> 1
    require(last == 0 and node == root, code)


def require_one_history(seen, offered, read):
    """11.10.2, from tiles: `read(path, length)`. Both are (size, root)."""
    (small, old_root), (large, new_root) = sorted((seen, offered))
    if small == large or small == 0:
        return require(small == 0 or old_root == new_root, "LOG_FORK", f"two trees of {small} entries")

    def complete(level, number):
        """A complete subtree over 2^level entries, from the tile that has it or the hashes below it."""
        tile_level, within = divmod(level, 8)
        tile, place = divmod(number << within, 256)
        there = min(256, (large >> 8 * tile_level) - 256 * tile)
        data = read(tile_path(tile_level, tile, there), 32 * there)
        require(data is not None and len(data) == 32 * there, "LOG_TILE_MALFORMED", f"tile {tile_level}/{tile}")
        row = [data[32 * i:32 * i + 32] for i in range(place, place + (1 << within))]
        while len(row) > 1:
            row = [hash_of(b"\1", *row[i:i + 2]) for i in range(0, len(row), 2)]
        return row[0]

    def roots(start, end):
        """Of the entries from start to end: the hash, and that of those among them which the smaller tree has."""
        count = end - start
        if count & count - 1 == 0 and (end <= small or start >= small):
            level = count.bit_length() - 1
            whole = complete(level, start >> level)
            return whole, whole if end <= small else None
        half = start + (1 << (count - 1).bit_length() - 1)
        (left, left_old), (right, right_old) = roots(start, half), roots(half, end)
        old = hash_of(b"\1", left_old, right_old) if right_old else left_old
        return hash_of(b"\1", left, right), old

    whole, old = roots(0, large)
    require(whole == new_root, "LOG_CONSISTENCY_FAILED", f"tiles of {large} entries")
    require(old == old_root, "LOG_FORK", f"{large} entries that do not begin with the {small} seen before")


def tile_path(level, number, there):
    parts = [f"{number % 1000:03}"]
    while (number := number // 1000):
        parts.insert(0, f"x{number % 1000:03}")
    return f"log/tile/{level}/{'/'.join(parts)}" + (f".p/{there}" if there < 256 else "")


def require_logged(document, manifest, policy_of_root, feed, release, now, seen, read):
    """7.9 to 7.15. `seen` is the note that was kept before, or None. The note to keep: that of the larger tree."""
    require(isinstance(document, dict) and "logEntry" in document and "logProof" in document, "LOG_PROOF_MISSING")
    entry, proof = document["logEntry"], document["logProof"]
    require(isinstance(entry, str) and isinstance(proof, str), "LOG_PROOF_MALFORMED")
    index, hashes, (text, lines) = parse_proof(proof)
    told = parse_entry(entry)
    expected = {"kind": "release", "feed": feed, "release": release, "manifestSha256": sha256(manifest)}
    require(all(told.get(name) == value for name, value in expected.items()), "LOG_ENTRY_MISMATCH")
    policy = parse_policy(policy_of_root["policy"])
    origin, size, root = signed_checkpoint(text, lines, policy[0])
    kept = parse_note(seen) if seen else None
    before = parse_checkpoint(kept[0]) if kept else None
    if before and before[0] == origin:
        require_one_history(before[1:], (size, root), read)
    require_quorum(text, lines, policy, now, policy_of_root.get("cosignatureHoursMax"))
    require_inclusion(entry.encode(), index, size, root, hashes)
    note = proof[proof.index("\n\n") + 2:].encode()
    return seen if before and before[0] == origin and before[1] >= size else note


def parse_entry(text):
    """11.7.2"""
    code = "LOG_ENTRY_MALFORMED"
    try:
        value = parse_json(text.encode())
        require(isinstance(value, dict) and value.get("schema") == 1 and canonical(value) == text, code)
        parse_time(value.get("time"))
    except Refused as cause:
        raise Refused(code, str(cause)) from cause
    return value


def parse_document(data):
    """9.1.4"""
    value = parse_json(data)
    form = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    require(form.encode() == data, "LOG_PROOF_MALFORMED", "another form")
    return value
