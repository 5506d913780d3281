"""JSON, keys, metadata and the release log: docs/SPEC.md sections 1, 5.1 to 5.3, 7.1, 7.9 to 7.15 and 11."""
import base64
import functools
import hashlib
import json
import re
import unicodedata
from collections import namedtuple
from contextlib import contextmanager, suppress

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

TOP, ONLINE = ("root", "targets", "snapshot", "timestamp"), ("timestamp", "snapshot")
TEXT, HASH, NAME = ".*", "[0-9a-f]{64}", f"(?!({'|'.join(TOP)})$)[a-z][a-z0-9-]{{0,62}}"
TIME = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3])(:[0-5]\d){2}Z"
KEYS, ROLE = ({"keyval": {"public": TEXT}},), {"threshold": 1, "keyids": [TEXT]}
ENTRY = {"version": 1, "length": 0, "hashes": {"sha256": HASH}}
DELEGATIONS = {"keys": KEYS, "roles": [ROLE | {"paths": [TEXT], "name": NAME}]}
FORMS = {  # 5.3: how many bytes each file may have, and what it has at least, as `fits` reads it
    "root": (512_000, {"consistent_snapshot": True, "keys": KEYS, "roles": dict.fromkeys(TOP, ROLE)}),
    "timestamp": (16_384, {"meta": {"snapshot.json": ENTRY}}),
    "snapshot": (2_000_000, {"meta": (ENTRY,)}),
    "targets": (5_000_000, {"delegations": DELEGATIONS}),
    "manifest": (5_000_000, {"_type": "targets", "targets": ({},)}),
}
SCHEMES = {"ed25519": "ed25519", "ecdsa": "ecdsa-sha2-nistp256", "rsa": "rsassa-pss-sha256"}  # 5.2.3: by type
HASHES = {"sha256": SHA256(), "sha384": SHA384(), "sha512": SHA512()}
NUMBER, NODE, NOTES, COSIGNS = "(0|[1-9][0-9]{0,15})", "[A-Za-z0-9+/]{43}=", b"\1", b"\4"  # of notes, and their keys
File = namedtuple("File", "data signed roles signers")  # by name the threshold and keys of each role that it defines


class Refused(Exception):
    """A code of docs/ERRORS.md, and why."""


def require(holds, code, message=""):
    if not holds:
        raise Refused(code, message)


@contextmanager
def refusing(code, *causes):
    try:
        yield
    except (ValueError, LookupError, RecursionError, EOFError, *causes) as cause:
        raise Refused(code, str(cause)) from cause


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def fits(value, shape):
    """A pattern is for text, a number for one from there on, [one], (every member,), {member: one}."""
    if isinstance(shape, tuple):
        return type(value) is dict and fits([*value.values()], [*shape])
    if type(value) is not type(shape):
        return False
    if isinstance(shape, list):
        return all(fits(one, shape[0]) for one in value)
    if isinstance(shape, dict):
        return all(fits(value.get(name), one) for name, one in shape.items())
    return re.fullmatch(shape, value, re.ASCII | re.DOTALL) if isinstance(shape, str) else value >= shape


@refusing("JSON_MALFORMED")
def parse_json(data):
    """5.1: the narrow JSON in which nothing can be read in two ways."""
    def members(pairs):
        value = dict(pairs)
        require(len(value) == len(pairs) and "__proto__" not in value, "JSON_MALFORMED", "a member name")
        require(fits([*value], ["[ -~]*"]), "ENCODING_MALFORMED", "a member name")  # 5.1.1
        return value

    def integer(digits):
        require(digits != "-0" and abs(int(digits)) < 2**53, "JSON_MALFORMED", digits)
        return int(digits)

    hooks = dict.fromkeys(("parse_int", "parse_float", "parse_constant"), integer)
    value = json.loads(data.decode(), object_pairs_hook=members, **hooks)
    compact(value).encode()  # fails for half a surrogate pair
    return value


def compact(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical(value):
    """1.3.1: what is signed, in which nothing is escaped but quotes and backslashes."""
    text = re.sub(r"\\(u....|.)", lambda one: one[0] if one[1] in '"\\' else json.loads(f'"{one[0]}"'), compact(value))
    require(unicodedata.is_normalized("NFC", text), "ENCODING_MALFORMED", "NFC")
    return text.encode()


def verifies(key, signature, content, name, digest="sha256"):
    """By the algorithm of this name. What is asked about a key of another type is refused as well."""
    sha = HASHES[digest]
    how = {"eddsa": (), "ecdsa": (ec.ECDSA(sha),), "rsassa_pkcs1v15": (padding.PKCS1v15(), sha),
           "rsassa_pss": (padding.PSS(padding.MGF1(sha), sha.digest_size), sha)}[name]
    with suppress(InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError, AttributeError):
        key.verify(signature, content, *how)
        return True


def verify(key, signature, content):
    """5.2.3 to 5.2.5: the public key if it signed, else None. OpenSSL takes ECDSA in its one encoding alone."""
    with suppress(UnsupportedAlgorithm, ValueError, TypeError, AttributeError, KeyError):
        kind, public = key["keytype"], key["keyval"]["public"]
        raw, name = kind == "ed25519", {"ed25519": "eddsa", "rsa": "rsassa_pss"}.get(kind, kind)
        read = ed25519.Ed25519PublicKey.from_public_bytes if raw else load_pem_public_key
        loaded = read(bytes.fromhex(public) if raw else public.encode())
        strong = raw or (loaded.key_size >= 3072 if kind == "rsa" else loaded.curve.name == "secp256r1")
        if SCHEMES[kind] == key["scheme"] and strong and verifies(loaded, bytes.fromhex(signature), content, name):
            return loaded.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@refusing("METADATA_MALFORMED")
def load(data, kind, *judges, least=1):
    """5.1 to 5.3: a file in form, signed as each of these roles asks, and a root also as itself asks."""
    form = {"_type": kind, "spec_version": r"1\..*", "version": 1, "expires": TIME} | FORMS[kind][1]
    file, form = parse_json(data), {"signed": form, "signatures": [{"keyid": TEXT, "sig": TEXT}]}
    require(fits(file, form), "METADATA_MALFORMED", f"members of {kind}")
    signed, signatures = file["signed"], {one["keyid"]: one["sig"] for one in file["signatures"]}
    source = signed if kind == "root" else signed.get("delegations", {"keys": {}, "roles": {}})
    keys, content = source["keys"], canonical(signed)
    listed = [*source["roles"].items()] if kind == "root" else [(one["name"], one) for one in source["roles"]]
    roles = {name: (role["threshold"], {one: keys[one] for one in role["keyids"]}) for name, role in listed}
    sound = (len(signatures), len(roles)) == (len(file["signatures"]), len(listed)) and len(signatures) <= 64
    sound = sound and all(sha256(canonical(key)).hex() == keyid for keyid, key in keys.items())
    sound = sound and all(len(roles[name][1]) == len(role["keyids"]) for name, role in listed)
    require(sound, "METADATA_MALFORMED", f"keys, roles or signatures of {kind}")
    for threshold, own in [*judges, *([roles["root"]] if kind == "root" else [])]:  # 5.2.2: keys count, not key ids
        signers = {verify(own[one], signatures[one], content): one for one in signatures.keys() & own.keys()}
        require(len(signers.keys() - {None}) >= max(threshold, least), "METADATA_THRESHOLD", kind)
    return File(data, signed, roles, signers)


@refusing("METADATA_MALFORMED", TypeError)
def follow(root, feed, at, read, stored):
    """TUF 5.3 to 5.6: every file by its role. read(role, version, most) is offered, stored(role) was trusted before."""
    file, before = load(root, "root"), {}
    for kind in ONLINE:
        with suppress(Refused):  # what the keys of today do not vouch for was never seen
            before[kind] = load(stored(kind), kind, file.roles[kind]).signed
    pinned = file.signed["version"]
    while data := read("root", file.signed["version"] + 1, FORMS["root"][0]):
        version, following = file.signed["version"] + 1, load(data, "root", file.roles["root"])
        require(following.signed["version"] == version <= pinned + 256, "ROOT_CHAIN_BROKEN", f"root {version}")
        if any(file.roles[kind] != following.roles[kind] for kind in ONLINE):  # TUF 5.3.11
            before = {}
        file = following
    require(file.signed["expires"] > at, "METADATA_EXPIRED", "root")
    files, roles, listed = {"root": file}, file.roles, {"timestamp.json": {}}
    for name in ("timestamp", "snapshot", "targets", feed):
        require(f"{name}.json" in listed and name in roles, "METADATA_MISSING", name)
        kind, entry = "manifest" if name == feed else name, {"length": 5_000_000} | listed[f"{name}.json"]
        data = read(name, entry.get("version"), min(entry["length"], FORMS[kind][0]))
        same = "version" not in entry or (len(data), sha256(data).hex()) == (entry["length"], entry["hashes"]["sha256"])
        require(same, "METADATA_MISMATCH", name)
        file = files[name] = load(data, kind, roles[name], least=2 if name == feed else 1)  # 7.1
        signed, old = file.signed, before.get(name, {"version": 0, "meta": {}})
        require(signed["version"] == entry.get("version", signed["version"]), "METADATA_MISMATCH", name)
        require(signed["version"] >= old["version"], "METADATA_ROLLBACK", name)
        for one, seen in old["meta"].items():
            require(one in signed["meta"], "METADATA_MISSING", one)
            require(signed["meta"][one]["version"] >= seen["version"], "METADATA_ROLLBACK", one)
        require(signed["expires"] > at, "METADATA_EXPIRED", name)
        roles, listed = file.roles or roles, signed.get("meta", listed)
    targets = files["targets"].signed
    delegated = next(one for one in targets["delegations"]["roles"] if one["name"] == feed)
    block = targets.get("x-rulemint", {})
    if fits(block, {}) and "parties" in block:  # 5.3.6, 5.3.7
        parties = [block["parties"][feed][name] for name in ("publisher", "overseer")]
        require(sorted(sum(parties, [])) == sorted(delegated["keyids"]), "METADATA_MALFORMED", "parties")
        require(all({*file.signers.values()} & {*party} for party in parties), "METADATA_THRESHOLD", "both parties")
    regex = "|".join(re.escape(one).replace(r"\*", "[^/]*").replace(r"\?", "[^/]") for one in delegated["paths"])
    for path in file.signed["targets"]:  # 5.3.8, TUF 4.5
        require(re.fullmatch(regex, path, re.DOTALL), "TARGET_UNKNOWN", path)
    return files


def unbase64(text, code):
    with refusing(code):
        data = base64.b64decode(text, validate=True)
        require(base64.b64encode(data).decode() == text, code, "base64 of another form")
        return data


def pieces(form, text, code):
    require(found := re.fullmatch(form, text), code, text[:80])
    return found.groups()


class Note:
    """11.2, 11.3.1: a checkpoint, and the name and the rest of each line below it."""

    def __init__(self, data):
        code, line, signature = "NOTE_MALFORMED", r"[^\x00-\x1f]+", r"\u2014 [^\s\x00-\x1f+]+ [A-Za-z0-9+/=]{8,}\n"
        text = rf"(({line})\n{NUMBER}\n({NODE})\n(?:{line}\n)*)\n((?:{signature}){{1,64}})"
        self.data, (self.text, self.origin, size, root, lines) = data, pieces(text, data, code)
        self.size, self.root = int(size), unbase64(root, code)
        self.signed = [(line.split(" ")[1], unbase64(line.split(" ")[2], code)) for line in lines.splitlines()]
        require(len(data.encode()) <= 65_536 and (self.size or self.root == sha256()), code, "length or root")

    def times(self, vkey, kind):
        """11.2.4, 11.2.5, 11.3.3: when this key has cosigned, by each of its signatures; 1 for a log's own."""
        name, number, data = pieces(r"(.+?)\+(.+?)\+(.+)", vkey, "LOG_POLICY_MALFORMED")
        data = unbase64(data, "LOG_POLICY_MALFORMED")
        sound = (number, data[:1]) == (sha256(name.encode(), b"\n", data)[:4].hex(), kind)
        require(sound, "LOG_POLICY_MALFORMED", vkey)
        key = {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": data[1:].hex()}}
        for raw in [raw[4:] for one, raw in self.signed if (one, raw[:4].hex()) == (name, number)]:
            time, text = 1, self.text
            if kind == COSIGNS:
                time, raw = int.from_bytes(raw[:8], "big"), raw[8:]
                text = f"cosignature/v1\ntime {time}\n{text}"
            require(time and verify(key, raw.hex(), text.encode()), "LOG_SIGNATURE_INVALID", name)
            yield time


def proven_root(node, index, size, hashes):
    """11.4.2: where a proof leads to, whose last hash is that of the half which the entry is not in."""
    if size == 1 or not hashes:
        return node if size == 1 and not hashes else b""
    half, inner, beside = 1 << (size - 1).bit_length() - 1, hashes[:-1], hashes[-1]
    if index < half:
        return sha256(b"\1", proven_root(node, index, half, inner), beside)
    return sha256(b"\1", beside, proven_root(node, index - half, size - half, inner))


def require_one_history(one, other, read):
    """11.10.2: of two notes, by tiles, read(path, length)."""
    (small, small_root), (large, large_root) = sorted([(one.size, one.root), (other.size, other.root)])
    read = functools.cache(read)

    def root(start, end):
        """From a tile (11.4.4) if these entries are one subtree of it, on one side of where the smaller tree ends."""
        count, (level, odd) = end - start, divmod((end - start).bit_length() - 1, 8)
        if odd or count & count - 1 or start < small < end:
            middle = start + (1 << (count - 1).bit_length() - 1)
            return sha256(b"\1", root(start, middle), root(middle, end))
        number, place = divmod(start >> 8 * level, 256)
        there = min(256, (large >> 8 * level) - 256 * number)
        *above, last = (one.zfill(3) for one in f"{number:,}".split(","))
        path = f"log/tile/{level}/{''.join(f'x{one}/' for one in above)}{last}" + (f".p/{there}" if there < 256 else "")
        data = read(path, 32 * there)
        require(len(data) == 32 * there, "LOG_TILE_MALFORMED", path)
        return data[32 * place:32 * place + 32]

    if small:
        require(small == large or root(0, large) == large_root, "LOG_CONSISTENCY_FAILED", f"tiles of {large} entries")
        require(small_root == (large_root if small == large else root(0, small)), "LOG_FORK", f"{small} entries")


@refusing("LOG_POLICY_MALFORMED")
def require_proof(proof, entry, demand, now, seen, read):
    """11.5: the note to keep; `seen` was kept before. 7.12 to 7.15 in their order."""
    code, policy = "LOG_PROOF_MALFORMED", [line.split("#")[0].split() for line in demand["policy"].splitlines()]
    form = rf"c2sp.org/tlog-proof@v1\n(?:extra (.*)\n)?index {NUMBER}\n((?:{NODE}\n){{0,63}})\n((?s:.*))"
    extra, index, hashes, note = pieces(form, proof, code)
    hashes = [unbase64(line, code) for line in [extra or "", *hashes.splitlines()]][1:]
    note, seen = Note(note), seen and Note(seen.decode())
    logs = [line[1] for line in policy if line[:1] == ["log"] and line[1].startswith(f"{note.origin}+")]
    require([time for vkey in logs for time in note.times(vkey, NOTES)], "LOG_KEY_UNKNOWN", note.origin)
    same = seen and seen.origin == note.origin
    if same:
        require_one_history(seen, note, read)
    times = {"none": now}
    for line in policy:
        match line:
            case ["witness", name, vkey, *_]:
                times |= {name: time for time in sorted(note.times(vkey, COSIGNS)) if time <= now + 300}
            case ["group", name, rule, *members]:  # as old as its last one that counts
                least = {"all": len(members), "any": 1}.get(rule) or int(rule)
                ages = sorted((times[one] for one in members if one in times), reverse=True)
                times |= {name: time for time in ages[least - 1:least]}
    (quorum,), hours = [line[1] for line in policy if line[:1] == ["quorum"]], demand.get("cosignatureHoursMax")
    require(quorum in times, "WITNESS_QUORUM", quorum)
    require(hours is None or times[quorum] >= now - hours * 3600, "CHECKPOINT_STALE", quorum)
    leads = int(index) < note.size and proven_root(sha256(b"\0", entry.encode()), int(index), note.size, hashes)
    require(leads == note.root, "LOG_INCLUSION_FAILED", f"entry {index} of {note.size}")
    return (seen if same and seen.size >= note.size else note).data.encode()


def require_logged(document, told, demand, now, seen, read):
    """7.9, 7.10, 9.1.4: the evidence document proves that the log has what is told. The note to keep."""
    require(document, "LOG_PROOF_MISSING", "no evidence document")
    value = parse_json(document)
    require(f"{compact(value)}\n".encode() == document, "LOG_PROOF_MALFORMED", "another form")
    require(fits(value, {"logEntry": TEXT, "logProof": TEXT}), "LOG_PROOF_MISSING")
    with refusing("LOG_ENTRY_MALFORMED", Refused):
        entry = parse_json(value["logEntry"].encode())
        require(fits(entry, {"time": TIME}) and canonical(entry).decode() == value["logEntry"], "another form")
    require(told.items() <= entry.items(), "LOG_ENTRY_MISMATCH")
    return require_proof(value["logProof"], value["logEntry"], demand, now, seen, read)
