"""Metadata, keys and signatures: docs/SPEC.md sections 1, 5.1 to 5.3 and 7.1."""
import hashlib
import json
import re
import unicodedata
from contextlib import contextmanager, suppress
from datetime import datetime, timezone

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

BYTES_MAX = {"root": 512_000, "timestamp": 16_384, "snapshot": 2_000_000}  # 5.3
TOP_ROLES = ("root", "targets", "snapshot", "timestamp")
TEXT, HASH, NAME = ".*", "[0-9a-f]{64}", "[a-z][a-z0-9-]{0,62}"
KEYS = ({"keyval": {"public": TEXT}},)
ROLE = {"threshold": 1, "keyids": [TEXT]}
DELEGATIONS = {"keys": KEYS, "roles": [ROLE | {"paths": [TEXT], "name": NAME}]}
ENTRY = {"version": 1, "length": 0, "hashes": {"sha256": HASH}}
SIGNED = {
    "root": {"consistent_snapshot": True, "keys": KEYS, "roles": dict.fromkeys(TOP_ROLES, ROLE)},
    "timestamp": {"meta": {"snapshot.json": ENTRY}},
    "snapshot": {"meta": (ENTRY,)},
    "targets": {"targets": ({},)},
}


class Refused(Exception):
    def __init__(self, code, message=""):
        super().__init__(f"{code}: {message}")
        self.code = code


def require(holds, code, message=""):
    if not holds:
        raise Refused(code, message)


@contextmanager
def refusing(code, *causes):
    try:
        yield
    except causes as cause:
        raise Refused(code, str(cause)) from cause


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def fits(value, shape):
    """A pattern is for text, 1 for a number from 1 on, [every], {name: one}, (every member,)."""
    if isinstance(shape, str):
        return isinstance(value, str) and re.fullmatch(shape, value, re.ASCII | re.DOTALL)
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(one, shape[0]) for one in value)
    if isinstance(shape, tuple):
        return isinstance(value, dict) and all(fits(one, shape[0]) for one in value.values())
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(fits(value.get(n), s) for n, s in shape.items())
    return type(value) is type(shape) and value >= shape


def malformed(holds, message):
    require(holds, "METADATA_MALFORMED", message)


def parse_json(data):
    """5.1: the narrow JSON in which nothing can be read in two ways."""
    def members(pairs):
        if len(dict(pairs)) < len(pairs) or "__proto__" in dict(pairs):
            raise ValueError("a member name")
        return dict(pairs)

    def integer(digits):
        if digits == "-0" or abs(int(digits)) >= 2**53:
            raise ValueError("a number")
        return int(digits)

    def levels(value):
        inner = value.values() if isinstance(value, dict) else value
        return 1 + max(map(levels, inner), default=0) if isinstance(value, (dict, list)) else 0

    with refusing("JSON_MALFORMED", ValueError, RecursionError):
        value = json.loads(data.decode(), object_pairs_hook=members, parse_int=integer,
                           parse_float=integer, parse_constant=integer)
        json.dumps(value, ensure_ascii=False).encode()  # fails for half a surrogate pair
        require(levels(value) <= 32, "JSON_MALFORMED", "too many levels")
    return value


def canonical(value):
    """1.3.1: the text that is signed."""
    if isinstance(value, str):
        require(unicodedata.is_normalized("NFC", value), "ENCODING_MALFORMED", "NFC")
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, dict):
        require(fits(list(value), ["[ -~]*"]), "ENCODING_MALFORMED", "a member name")
        return "{" + ",".join(f"{canonical(n)}:{canonical(value[n])}" for n in sorted(value)) + "}"
    return json.dumps(value)


def parse_time(text):
    malformed(fits(text, r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "a time")
    with refusing("METADATA_MALFORMED", ValueError):
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def parse_file(data, kind):
    """What is signed, and the signatures by key id."""
    file = parse_json(data)
    common = {"_type": kind, "spec_version": r"1\..*", "version": 1}
    shape = {"signed": common | SIGNED[kind], "signatures": [{"keyid": TEXT, "sig": TEXT}]}
    malformed(fits(file, shape), kind)
    signed, signatures = file["signed"], {one["keyid"]: one["sig"] for one in file["signatures"]}
    malformed(len(signatures) == len(file["signatures"]) <= 64, "signatures")
    malformed(kind != "timestamp" or len(signed["meta"]) == 1, "meta")
    parse_time(signed.get("expires"))
    return signed, signatures


def parse_roles(roles, keys):
    """5.2.1, 5.3.5: threshold and keys of each role, by name."""
    found = {}
    for keyid, key in keys.items():
        malformed(sha256(canonical(key).encode()) == keyid, "a key id that is another key's")
    for name, role in roles.items():
        found[name] = role["threshold"], {one: keys.get(one) for one in role["keyids"]}
        malformed(len(found[name][1]) == len(role["keyids"]), "a key id twice")
        malformed(None not in found[name][1].values(), "a key id of no key")
    return found


def verify(key, signature, content):
    """5.2.3 to 5.2.5. What tells one public key from another, or None."""
    public, kind = key["keyval"]["public"], (key.get("keytype"), key.get("scheme"))
    with suppress(InvalidSignature, UnsupportedAlgorithm, ValueError):
        raw = bytes.fromhex(signature)
        if kind == ("ed25519", "ed25519"):
            loaded = ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
            loaded.verify(raw, content)
            return bytes.fromhex(public)
        loaded = load_pem_public_key(public.encode())
        is_rsa = isinstance(loaded, rsa.RSAPublicKey)
        is_curve = isinstance(loaded, ec.EllipticCurvePublicKey)
        if kind == ("ecdsa", "ecdsa-sha2-nistp256") and is_curve:
            loaded.verify(raw, content, ec.ECDSA(SHA256()))
            one_form = utils.encode_dss_signature(*utils.decode_dss_signature(raw)) == raw
            return one_form and loaded.curve.name == "secp256r1" and repr(loaded.public_numbers())
        if kind == ("rsa", "rsassa-pss-sha256") and is_rsa:
            loaded.verify(raw, content, padding.PSS(padding.MGF1(SHA256()), 32), SHA256())
            return loaded.key_size >= 3072 and repr(loaded.public_numbers())
    return None


def require_threshold(file, role, name, least=1):
    """5.2.2: distinct public keys, not key ids. The ids of those that signed."""
    (signed, signatures), (threshold, keys), signers = file, role, {}
    content = canonical(signed).encode()
    for keyid in signatures.keys() & keys.keys():
        signers[verify(keys[keyid], signatures[keyid], content)] = keyid
    signers = {keyid for public, keyid in signers.items() if public}
    require(len(signers) >= max(threshold, least), "METADATA_THRESHOLD", name)
    return signers


def require_not_older(signed, before, name):
    require(signed["version"] >= before["version"], "METADATA_ROLLBACK", name)
    for file, entry in before["meta"].items():
        require(file in signed["meta"], "METADATA_MISSING", file)
        require(signed["meta"][file]["version"] >= entry["version"], "METADATA_ROLLBACK", file)


def follow(root, feed, at, read, stored):
    """TUF 5.3 to 5.6: every file by role, and the manifest's signed part.

    `read(role, version, most)` gives what is offered, `stored(role)` what was trusted before.
    """
    offered, before = {"root": root}, {}
    file = parse_file(root, "root")
    roles = parse_roles(file[0]["roles"], file[0]["keys"])
    require_threshold(file, roles["root"], "root")
    for kind in ("timestamp", "snapshot"):
        with suppress(Refused):  # what the keys of today do not vouch for was never seen
            if data := stored(kind):
                seen = parse_file(data, kind)
                require_threshold(seen, roles[kind], kind)
                before[kind] = seen[0]

    def fresh(signed, name):
        require(parse_time(signed["expires"]) > at, "METADATA_EXPIRED", name)

    pinned = file[0]["version"]
    while data := read("root", file[0]["version"] + 1, BYTES_MAX["root"]):
        require(file[0]["version"] < pinned + 256, "ROOT_CHAIN_BROKEN", "256 roots at once")
        following, version = parse_file(data, "root"), file[0]["version"] + 1
        new_roles = parse_roles(following[0]["roles"], following[0]["keys"])
        require_threshold(following, roles["root"], "root, as the one before says")
        require_threshold(following, new_roles["root"], "root, as it says itself")
        require(following[0]["version"] == version, "ROOT_CHAIN_BROKEN", f"root {version}")
        if any(roles[kind] != new_roles[kind] for kind in ("timestamp", "snapshot")):
            before = {}
        file, roles, offered["root"] = following, new_roles, data
    fresh(file[0], "root")

    def take(name, role, entry, kind="targets", least=1):
        most = BYTES_MAX.get(kind, 5_000_000)
        data = read(name, entry.get("version"), min(entry.get("length", most), most))
        require(data is not None, "METADATA_MISSING", name)
        if entry:
            same = (len(data), sha256(data)) == (entry["length"], entry["hashes"]["sha256"])
            require(same, "METADATA_MISMATCH", name)
        file = parse_file(data, kind)
        signers = require_threshold(file, role, name, least)
        require(not entry or file[0]["version"] == entry["version"], "METADATA_MISMATCH", name)
        if name in before:
            require_not_older(file[0], before[name], name)
        fresh(file[0], name)
        offered[name] = data
        return file[0], signers

    timestamp, _ = take("timestamp", roles["timestamp"], {}, "timestamp")
    entry = timestamp["meta"]["snapshot.json"]
    listed = take("snapshot", roles["snapshot"], entry, "snapshot")[0]["meta"]
    require(listed.keys() >= {"targets.json", f"{feed}.json"}, "METADATA_MISSING", feed)
    targets, _ = take("targets", roles["targets"], listed["targets.json"])
    role, paths, parties = parse_delegation(targets, feed)
    manifest, signers = take(feed, role, listed[f"{feed}.json"], least=2)  # 7.1
    require(all(signers & set(party) for party in parties), "METADATA_THRESHOLD", "both parties")
    for path in manifest["targets"]:
        require(any(matches(pattern, path) for pattern in paths), "TARGET_UNKNOWN", path)
    return offered, manifest


def parse_delegation(targets, feed):
    """5.3.2 to 5.3.7: the feed's role, its paths, and whose its keys are where that is said."""
    delegations = targets.get("delegations")
    malformed(fits(delegations, DELEGATIONS), "delegations")
    found = {one["name"]: one for one in delegations["roles"]}
    malformed(len(found) == len(delegations["roles"]) and not found.keys() & TOP_ROLES, "a name")
    roles = parse_roles(found, delegations["keys"])
    require(feed in found, "METADATA_MISSING", f"a delegation to {feed}")
    block, parties = targets.get("x-rulemint"), []
    if isinstance(block, dict) and "parties" in block:
        whose = {feed: {"publisher": [TEXT], "overseer": [TEXT]}}
        malformed(fits(block["parties"], whose), "parties")
        parties = [block["parties"][feed][name] for name in ("publisher", "overseer")]
        malformed(sorted(sum(parties, [])) == sorted(roles[feed][1]), "each key with one party")
    return roles[feed], found[feed]["paths"], parties


def matches(pattern, path):
    """TUF 4.5: `*` and `?` never stand for a slash."""
    regex = "".join({"*": "[^/]*", "?": "[^/]"}.get(one, re.escape(one)) for one in pattern)
    return re.fullmatch(regex, path, re.DOTALL) is not None
