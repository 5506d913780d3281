"""TUF metadata and the manifest: docs/SPEC.md sections 1, 5 and 7.1 to 7.5. Every refusal carries the code of docs/ERRORS.md."""
import hashlib
import json
import re
import unicodedata
from datetime import datetime, timezone

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

CLIENT_VERSION = (0, 1, 0)
BYTES_MAX = {"root": 512_000, "timestamp": 16_384, "snapshot": 2_000_000}  # 5.3; others 5,000,000
TOP_ROLES = ("root", "targets", "snapshot", "timestamp")


class Refused(Exception):
    def __init__(self, code, message=""):
        super().__init__(f"{code}: {message}")
        self.code = code


def require(holds, code, message=""):
    if not holds:
        raise Refused(code, message)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def whole(value, least=0):
    return type(value) is int and value >= least


def parse_json(data):
    """5.1: the narrow JSON in which nothing can be read in two ways."""

    def members(pairs):
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names) or "__proto__" in names:
            raise ValueError("a member name")
        return dict(pairs)

    def integer(digits):
        value = int(digits)
        if digits == "-0" or abs(value) > 2**53 - 1:
            raise ValueError("a number")
        return value

    def refuse(found):
        raise ValueError(found)

    def depth_at_most(value, left):
        if isinstance(value, (dict, list)):
            if left == 0:
                raise ValueError("too many levels")
            for inner in value.values() if isinstance(value, dict) else value:
                depth_at_most(inner, left - 1)

    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=members, parse_int=integer,
                           parse_float=refuse, parse_constant=refuse)
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # fails for half a surrogate pair
        depth_at_most(value, 32)
        return value
    except (ValueError, RecursionError) as cause:
        raise Refused("JSON_MALFORMED", str(cause)) from cause


def canonical(value):
    """1.3.1: the bytes that are signed."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        require(unicodedata.is_normalized("NFC", value), "ENCODING_MALFORMED", "NFC")
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    require(all(re.fullmatch(r"[ -~]*", name) for name in value), "ENCODING_MALFORMED", "a member name")
    return "{" + ",".join(canonical(name) + ":" + canonical(value[name]) for name in sorted(value)) + "}"


def malformed(holds, message=""):
    require(holds, "METADATA_MALFORMED", message)


def parse_time(text):
    malformed(isinstance(text, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text, re.ASCII), "a time")
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError as cause:
        raise Refused("METADATA_MALFORMED", "a time") from cause


def parse_envelope(data, kind):
    file = parse_json(data)
    malformed(isinstance(file, dict) and isinstance(file.get("signed"), dict), "signed")
    signed, signatures = file["signed"], file.get("signatures")
    malformed(isinstance(signatures, list) and len(signatures) <= 64, "signatures")
    malformed(all(isinstance(one, dict) and isinstance(one.get("keyid"), str) and isinstance(one.get("sig"), str)
                  for one in signatures), "a signature")
    malformed(len({one["keyid"] for one in signatures}) == len(signatures), "a key id twice")
    malformed(signed.get("_type") == kind, f"_type {kind}")
    malformed(str(signed.get("spec_version")).startswith("1."), "spec_version")
    malformed(whole(signed.get("version"), 1), "version")
    parse_time(signed.get("expires"))
    return file


def parse_keys(keys):
    malformed(isinstance(keys, dict), "keys")
    for keyid, key in keys.items():
        malformed(isinstance(key, dict) and isinstance(key.get("keyval"), dict)
                  and isinstance(key["keyval"].get("public"), str), "a key")
        malformed(sha256(canonical(key).encode()) == keyid, "a key id that is another key's")
    return keys


def parse_role(role, keys):
    malformed(isinstance(role, dict) and whole(role.get("threshold"), 1), "a threshold")
    ids = role.get("keyids")
    malformed(isinstance(ids, list) and all(isinstance(one, str) and one in keys for one in ids), "key ids")
    malformed(len(set(ids)) == len(ids), "a key id twice")
    return {"threshold": role["threshold"], "keys": {one: keys[one] for one in ids}}


def signature_holds(key, signature, content):
    """5.2.3 to 5.2.5. The bytes that tell one public key from another, or None."""
    public, kind = key["keyval"]["public"], (key.get("keytype"), key.get("scheme"))
    try:
        raw = bytes.fromhex(signature)
        if kind == ("ed25519", "ed25519"):
            ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(raw, content)
            return bytes.fromhex(public)
        if kind not in (("ecdsa", "ecdsa-sha2-nistp256"), ("rsa", "rsassa-pss-sha256")):
            return None
        loaded = load_pem_public_key(public.encode())
        if kind[0] == "ecdsa" and isinstance(loaded, ec.EllipticCurvePublicKey) and loaded.curve.name == "secp256r1":
            if utils.encode_dss_signature(*utils.decode_dss_signature(raw)) != raw:
                return None
            loaded.verify(raw, content, ec.ECDSA(SHA256()))
            return repr(loaded.public_numbers()).encode()
        if kind[0] == "rsa" and isinstance(loaded, rsa.RSAPublicKey) and loaded.key_size >= 3072:
            loaded.verify(raw, content, padding.PSS(padding.MGF1(SHA256()), 32), SHA256())
            return repr(loaded.public_numbers()).encode()
    except (InvalidSignature, ValueError):
        pass
    return None


def require_threshold(file, role, name, least=1):
    """5.2.2: distinct public keys, not key ids. The ids of those that signed."""
    content = canonical(file["signed"]).encode()
    signers = {}
    for one in file["signatures"]:
        key = role["keys"].get(one["keyid"])
        public = key and signature_holds(key, one["sig"], content)
        if public:
            signers.setdefault(public, one["keyid"])
    require(len(signers) >= max(role["threshold"], least), "METADATA_THRESHOLD", name)
    return set(signers.values())


def parse_root(file):
    signed = file["signed"]
    malformed(signed.get("consistent_snapshot") is True, "consistent_snapshot")
    keys, roles = parse_keys(signed.get("keys")), signed.get("roles")
    malformed(isinstance(roles, dict) and all(name in roles for name in TOP_ROLES), "roles")
    return {name: parse_role(roles[name], keys) for name in TOP_ROLES}


def parse_meta(file, only=None):
    meta = file["signed"].get("meta")
    malformed(isinstance(meta, dict) and (only is None or set(meta) == {only}), "meta")
    for entry in meta.values():
        malformed(isinstance(entry, dict) and whole(entry.get("version"), 1) and whole(entry.get("length"))
                  and isinstance(entry.get("hashes"), dict)
                  and re.fullmatch(r"[0-9a-f]{64}", str(entry["hashes"].get("sha256"))), "an entry of meta")
    return meta


def require_file(data, entry, name):
    require(data is not None, "METADATA_MISSING", name)
    require(len(data) == entry["length"] and sha256(data) == entry["hashes"]["sha256"], "METADATA_MISMATCH", name)


def require_fresh(file, at, name):
    require(parse_time(file["signed"]["expires"]) > at, "METADATA_EXPIRED", name)


def not_lower(now, before, name):
    require(now >= before, "METADATA_ROLLBACK", name)


def seen_file(read, kind, roles):
    """What was trusted before, if the keys of today still say so; otherwise nothing."""
    data = read(kind)
    try:
        file = data and parse_envelope(data, kind)
        if file:
            require_threshold(file, roles[kind], kind)
            parse_meta(file)
        return file
    except Refused:
        return None


def follow(root, feed, at, read, seen):
    """TUF 5.3 to 5.6. `read(role, version, most)` gives what is offered, `seen(role)` what was trusted before. All files, by role."""
    offered = {"root": root}
    root_file = parse_envelope(root, "root")
    roles = parse_root(root_file)
    require_threshold(root_file, roles["root"], "root")
    before = {kind: seen_file(seen, kind, roles) for kind in ("timestamp", "snapshot")}
    while (data := read("root", root_file["signed"]["version"] + 1, BYTES_MAX["root"])) is not None:
        following = parse_envelope(data, "root")
        new_roles = parse_root(following)
        require_threshold(following, roles["root"], "root, as the one before says")
        require_threshold(following, new_roles["root"], "root, as it says itself")
        require(following["signed"]["version"] == root_file["signed"]["version"] + 1, "ROOT_CHAIN_BROKEN")
        if any(roles[kind] != new_roles[kind] for kind in before):
            before = dict.fromkeys(before)
        root_file, roles, offered["root"] = following, new_roles, data
    require_fresh(root_file, at, "root")

    data = offered["timestamp"] = read("timestamp", None, BYTES_MAX["timestamp"])
    require(data is not None, "METADATA_MISSING", "timestamp")
    timestamp = parse_envelope(data, "timestamp")
    require_threshold(timestamp, roles["timestamp"], "timestamp")
    wanted = parse_meta(timestamp, "snapshot.json")["snapshot.json"]
    if before["timestamp"]:
        old = before["timestamp"]
        not_lower(timestamp["signed"]["version"], old["signed"]["version"], "timestamp")
        not_lower(wanted["version"], old["signed"]["meta"]["snapshot.json"]["version"], "snapshot, in timestamp")
    require_fresh(timestamp, at, "timestamp")

    data = offered["snapshot"] = read("snapshot", wanted["version"], wanted["length"])
    require_file(data, wanted, "snapshot")
    snapshot = parse_envelope(data, "snapshot")
    require_threshold(snapshot, roles["snapshot"], "snapshot")
    meta = parse_meta(snapshot)
    require(snapshot["signed"]["version"] == wanted["version"], "METADATA_MISMATCH", "snapshot")
    for name, entry in (before["snapshot"]["signed"]["meta"] if before["snapshot"] else {}).items():
        require(name in meta, "METADATA_MISSING", name)
        not_lower(meta[name]["version"], entry["version"], name)
    require_fresh(snapshot, at, "snapshot")

    def listed(name, role, least=1):
        entry = meta.get(f"{name}.json")
        require(entry is not None, "METADATA_MISSING", name)
        data = offered[name] = read(name, entry["version"], min(entry["length"], 5_000_000))
        require_file(data, entry, name)
        file = parse_envelope(data, "targets")
        signers = require_threshold(file, role, name, least)
        require(file["signed"]["version"] == entry["version"], "METADATA_MISMATCH", name)
        require_fresh(file, at, name)
        malformed(isinstance(file["signed"].get("targets"), dict), "targets")
        return file, signers

    targets, _ = listed("targets", roles["targets"])
    role, paths, parties = parse_delegation(targets["signed"], feed)
    manifest, signers = listed(feed, role, 2)  # 7.1
    for party in parties:
        require(signers & set(party), "METADATA_THRESHOLD", "a signature of each party")
    require(all(any(matches(pattern, path) for pattern in paths) for path in manifest["signed"]["targets"]),
            "TARGET_UNKNOWN")
    return offered, manifest["signed"]


def parse_delegation(signed, feed):
    delegations = signed.get("delegations")
    malformed(isinstance(delegations, dict) and isinstance(delegations.get("roles"), list), "delegations")
    keys, found = parse_keys(delegations.get("keys")), {}
    for one in delegations["roles"]:
        malformed(isinstance(one, dict) and re.fullmatch(r"[a-z][a-z0-9-]{0,62}", str(one.get("name"))), "a name")
        malformed(one["name"] not in TOP_ROLES and one["name"] not in found, "a name")
        malformed(isinstance(one.get("paths"), list) and all(isinstance(path, str) for path in one["paths"]), "paths")
        found[one["name"]] = parse_role(one, keys), one["paths"]
    require(feed in found, "METADATA_MISSING", f"a delegation to {feed}")
    role, paths = found[feed]
    block = signed.get("x-rulemint")
    if not isinstance(block, dict) or "parties" not in block:
        return role, paths, []
    own = block["parties"].get(feed) if isinstance(block["parties"], dict) else None
    malformed(isinstance(own, dict), "parties")
    parties = [own.get("publisher"), own.get("overseer")]
    malformed(all(isinstance(party, list) for party in parties), "parties")
    malformed(sorted(map(str, parties[0] + parties[1])) == sorted(role["keys"]), "each key with one party")
    return role, paths, parties


def matches(pattern, path):
    """TUF 4.5: `*` and `?` never stand for a slash."""
    regex = "".join({"*": "[^/]*", "?": "[^/]"}.get(char, re.escape(char)) for char in pattern)
    return re.fullmatch(regex, path, re.DOTALL) is not None
