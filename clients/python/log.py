"""The release log as a client meets it: docs/SPEC.md section 11 and 7.9 to 7.15."""
import base64
import functools
import hashlib
import json
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519

from tuf import Refused, canonical, fits, parse_json, parse_time, refusing, require, sha256

NOTE, COSIGNATURE = 1, 4  # what a key of a note may be for
AHEAD_SECONDS = 300
KEY_NAME = r"[^\s\x00-\x1f+]+"


def hash_of(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def pieces(pattern, text, code):
    found = re.fullmatch(pattern, text)
    require(found, code, text[:80])
    return found.groups()


def unbase64(text, code):
    with refusing(code, ValueError):
        data = base64.b64decode(text, validate=True)
    require(base64.b64encode(data).decode() == text, code, "base64 of another form")
    return data


def decimal(text, code):
    require(re.fullmatch("0|[1-9][0-9]{0,15}", text) and int(text) < 2**53, code, text)
    return int(text)


def parse_vkey(text, kind):
    """11.2.4: what signature lines name, and the public key."""
    code = "LOG_POLICY_MALFORMED"
    name, number, data = pieces(rf"({KEY_NAME})\+([0-9a-f]{{8}})\+(.+)", text, code)
    data = unbase64(data, code)
    sound = number == hash_of(name.encode(), b"\n", data)[:4].hex()
    require(sound and len(data) == 33 and data[0] == kind, code, text)
    return (name, bytes.fromhex(number)), data[1:]


def parse_policy(text):
    """11.6.1: keys of logs, keys of witnesses by name, groups in their order, the quorum's name."""
    code, logs, witnesses, groups, grouped, quorum = "LOG_POLICY_MALFORMED", [], {}, {}, set(), None
    for line in text.split("\n"):
        known = {"none", *witnesses, *groups}
        match line.split("#", 1)[0].split():
            case []:
                pass
            case ["log", key] | ["log", key, _]:
                logs.append(parse_vkey(key, NOTE))
            case ["witness", name, key] | ["witness", name, key, _] if name not in known:
                witnesses[name] = parse_vkey(key, COSIGNATURE)
            case ["group", name, rule, *members] if name not in known:
                least = {"all": len(members), "any": 1}.get(rule) or decimal(rule, code)
                require(1 <= least <= len(members) == len(set(members)), code, line)
                require(known - {"none"} - grouped >= set(members), code, line)
                groups[name], grouped = (least, members), grouped | set(members)
            case ["quorum", name] if name in known and quorum is None:
                quorum = name
            case _:
                raise Refused(code, line)
    publics = {public for _, public in [*logs, *witnesses.values()]}
    require(logs and quorum and len(publics) == len(logs) + len(witnesses), code, "a key twice")
    fewer = len(text) <= 65_536 and max(map(len, (logs, witnesses, groups))) <= 128
    require(fewer, code, "a longer policy")
    return dict(logs), witnesses, groups, quorum


def parse_note(data):
    """11.2.1, 11.2.2: the text, and what each line names with its signature."""
    code, signed = "NOTE_MALFORMED", []
    with refusing(code, ValueError):
        whole = data.decode()
    text, lines = pieces(r"([^\x00-\x09\x0b-\x1f]*\n)\n((?:[^\x00-\x1f]+\n){1,64})", whole, code)
    for line in lines.split("\n")[:-1]:
        name, raw = pieces(f"\u2014 ({KEY_NAME}) ([^ ]+)", line, code)
        raw = unbase64(raw, code)
        require(len(raw) > 4 and len(data) <= 65_536, code, line)
        signed.append(((name, raw[:4]), raw[4:]))
    return text, signed


def parse_checkpoint(text):
    origin, size, root = pieces("(.+)\n(.+)\n(.+)\n(?:.+\n)*", text, "NOTE_MALFORMED")
    size, root = decimal(size, "NOTE_MALFORMED"), unbase64(root, "NOTE_MALFORMED")
    require(len(root) == 32 and (size or root == hash_of()), "NOTE_MALFORMED", "a root")
    return origin, size, root


def require_ed25519(public, signature, content, name):
    with refusing("LOG_SIGNATURE_INVALID", InvalidSignature, ValueError):
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, content)


def signed_checkpoint(text, signed, logs):
    """11.6.3"""
    origin, size, root = parse_checkpoint(text)
    own = [(logs[key], signature) for key, signature in signed if key in logs and key[0] == origin]
    require(own, "LOG_KEY_UNKNOWN", origin)
    for public, signature in own:
        require_ed25519(public, signature, text.encode(), origin)
    return origin, size, root


def require_quorum(text, signed, policy, now, hours):
    """11.3.3, 11.6.4 to 11.6.6"""
    _, witnesses, groups, quorum = policy
    times = {"none": now}
    for witness, (key, public) in witnesses.items():
        for signature in [signature for line, signature in signed if line == key]:
            time = int.from_bytes(signature[:8], "big")
            require(len(signature) == 72 and time, "LOG_SIGNATURE_INVALID", witness)
            content = f"cosignature/v1\ntime {time}\n{text}"
            require_ed25519(public, signature[8:], content.encode(), witness)
            if time <= now + AHEAD_SECONDS:
                times[witness] = max(time, times.get(witness, 0))
    for name, (least, members) in groups.items():  # a group is as old as its last one that counts
        ages = sorted((times[one] for one in members if one in times), reverse=True)
        if len(ages) >= least:
            times[name] = ages[least - 1]
    require(quorum in times, "WITNESS_QUORUM", quorum)
    require(hours is None or times[quorum] >= now - hours * 3600, "CHECKPOINT_STALE", quorum)


def parse_proof(text):
    """11.5.1: the index, the hashes, and the note."""
    code = "LOG_PROOF_MALFORMED"
    form = "c2sp.org/tlog-proof@v1\n(?:extra (.*)\n)?index (.+)\n((?:.+\n){0,63})\n((?s:.*))"
    extra, index, hashes, note = pieces(form, text, code)
    unbase64(extra or "", code)
    hashes = [unbase64(line, code) for line in hashes.split("\n")[:-1]]
    require(all(len(one) == 32 for one in hashes), code, "a hash")
    return decimal(index, code), hashes, note.encode()


def halves(start, end):
    middle = start + (1 << (end - start - 1).bit_length() - 1)
    return (start, middle), (middle, end)


def tree_hash(entries, known):
    """11.4.1: the root over entries from start to end; `known` gives it, or None to part them."""
    found = known(entries)
    return found or hash_of(b"\1", *(tree_hash(half, known) for half in halves(*entries)))


def require_inclusion(entry, index, size, root, hashes):
    """11.4.2"""
    code, beside, (start, end) = "LOG_INCLUSION_FAILED", [], (0, size)
    require(index < size, code, f"entry {index} of {size}")
    while end - start > 1:
        left, right = halves(start, end)
        (start, end), other = (left, right) if index < right[0] else (right, left)
        beside.insert(0, other)
    known = dict(zip(beside, hashes)) | {(index, index + 1): hash_of(b"\0", entry)}
    sound = len(beside) == len(hashes) and tree_hash((0, size), known.get) == root
    require(sound, code, f"entry {index} of {size}")


def require_one_history(seen, offered, read):
    """11.10.2, from tiles: `read(path, length)`. Both are (size, root)."""
    (small, old_root), (large, new_root) = sorted((seen, offered))
    if small == large or small == 0:
        require(small == 0 or old_root == new_root, "LOG_FORK", f"two trees of {small} entries")
        return

    @functools.cache
    def subtree(entries):
        """A complete subtree on one side of where the smaller tree ends, from its tile."""
        start, end = entries
        count, level = end - start, (end - start).bit_length() - 1
        if count & count - 1 or start < small < end:
            return None
        unit = level - level % 8  # a hash of the tile is over 2^unit entries
        tile, place = divmod(start >> unit, 256)
        there = min(256, (large >> unit) - 256 * tile)
        data = read(tile_path(unit // 8, tile, there), 32 * there)
        require(data and len(data) == 32 * there, "LOG_TILE_MALFORMED", f"tile {unit // 8}/{tile}")
        row = {(i, i + 1): data[32 * i:32 * i + 32] for i in range(there)}
        return tree_hash((place, place + (count >> unit)), row.get)

    whole, old = tree_hash((0, large), subtree), tree_hash((0, small), subtree)
    require(whole == new_root, "LOG_CONSISTENCY_FAILED", f"tiles of {large} entries")
    require(old == old_root, "LOG_FORK", f"not the {small} entries seen before")


def tile_path(level, number, there):
    parts = [f"{number % 1000:03}"]
    while number := number // 1000:
        parts.insert(0, f"x{number % 1000:03}")
    return f"log/tile/{level}/{'/'.join(parts)}" + (f".p/{there}" if there < 256 else "")


def parse_document(data):
    """9.1.4"""
    value = parse_json(data)
    form = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    require(form.encode() == data, "LOG_PROOF_MALFORMED", "another form")
    return value


def parse_entry(text):
    """11.7.2"""
    with refusing("LOG_ENTRY_MALFORMED", Refused):
        value = parse_json(text.encode())
        require(fits(value, {"schema": 1}) and value["schema"] == 1, "LOG_ENTRY_MALFORMED")
        require(canonical(value) == text, "LOG_ENTRY_MALFORMED", "not canonical")
        parse_time(value.get("time"))
    return value


def require_logged(document, manifest, demand, feed, release, now, seen, read):
    """7.9 to 7.15. `seen` is the note that was kept before, or None. The note to keep."""
    require(fits(document, {}) and document.keys() >= {"logEntry", "logProof"}, "LOG_PROOF_MISSING")
    require(fits(document, {"logEntry": ".*", "logProof": ".*"}), "LOG_PROOF_MALFORMED")
    index, hashes, note = parse_proof(document["logProof"])
    text, signed = parse_note(note)
    told = {"kind": "release", "feed": feed, "release": release, "manifestSha256": sha256(manifest)}
    require(told.items() <= parse_entry(document["logEntry"]).items(), "LOG_ENTRY_MISMATCH")
    policy = parse_policy(demand["policy"])
    origin, size, root = signed_checkpoint(text, signed, policy[0])
    before = parse_checkpoint(parse_note(seen)[0]) if seen else (None, 0, None)
    if before[0] == origin:
        require_one_history(before[1:], (size, root), read)
    require_quorum(text, signed, policy, now, demand.get("cosignatureHoursMax"))
    require_inclusion(document["logEntry"].encode(), index, size, root, hashes)
    return seen if before[0] == origin and before[1] >= size else note
