"""Who stands behind a manifest, and since when: docs/SPEC.md sections 6, 12.1 and 12.4."""
import hashlib
import re
from collections import namedtuple
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from itertools import pairwise

from asn1crypto import cms, parser, pem, tsp, x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key
from OpenSSL import crypto

from trust import HASH, TEXT, Refused, canonical, fits, parse_json, refusing, require, sha256, unbase64, verifies

KNOWN = {"basic_constraints", "key_usage", "extended_key_usage", "name_constraints", "certificate_policies",
         "policy_mappings", "policy_constraints", "inhibit_any_policy", "crl_distribution_points"}
CONSTRAINTS = {"name_constraints", "policy_constraints", "inhibit_any_policy"}
REFUSALS = {"CERTIFICATE_EXPIRED": (9, 10), "CERTIFICATE_EXTENSION": (34,), "CERTIFICATE_USAGE": (26, 32),
            "CERTIFICATE_PATH": (24, 25, 79), "CERTIFICATE_POLICY": (42, 43), "CERTIFICATE_NAMES": range(47, 55)}
HARMLESS = {"unspecified", "affiliation_changed", "superseded", "cessation_of_operation"}
COMPROMISED = {"key_compromise", "ca_compromise", "aa_compromise"}
DEMAND = {"required": True, "leafDaysMax": 10, "authorityDaysMax": 366, "keyCompromise": "from-its-date"}  # 6.8.2
AHEAD, LEVELS = timedelta(seconds=300), {"RULEMINT_REBUILT", "RULEMINT_REBUILT_BY_REFERENCE"}
SIGNING, ISSUING = {"digital_signature", "non_repudiation"}, {"key_cert_sign", "crl_sign"}
HASHES = {"sha256": SHA256(), "sha384": SHA384(), "sha512": SHA512()}
Stamped = namedtuple("Stamped", "purpose at now authority")


def require_der(data, depth=32):
    """6.1: every length in its one form."""
    while data:
        size = parser.peek(data)
        one, data = data[:size], data[size:]
        kind, constructed, tag, _, content, _ = parser.parse(one, strict=True)
        require(depth and parser.emit(kind, constructed, tag, content) == one, "CMS_MALFORMED", "not DER")
        if constructed:
            require_der(content, depth - 1)


def is_signed(certificate, algorithm, signature, content, digest=None):
    """6.4.2, 6.4.3: by this certificate's key."""
    with refusing("CERTIFICATE_WEAK"):
        key, name = load_der_public_key(certificate.public_key.dump()), algorithm.signature_algo
        sha = HASHES[digest or algorithm.hash_algo]
        require(name != "ecdsa" or not algorithm["parameters"].dump(), "CMS_ALGORITHM", "parameters")
        how = {"ecdsa": (ec.ECDSA(sha),), "rsassa_pkcs1v15": (PKCS1v15(), sha),
               "rsassa_pss": (PSS(MGF1(sha), sha.digest_size), sha)}[name]
    return verifies(key, signature, content, how)


class Signed:
    """6.2: one signer's data of this kind."""

    @refusing("CMS_MALFORMED", TypeError)
    def __init__(self, data, kind):
        require(len(data) <= 524_288, "LIMIT_EXCEEDED", "a signature")
        require_der(data)
        signed = cms.ContentInfo.load(data, strict=True)["content"]
        (self.signer,), (announced,) = signed["signer_infos"], signed["digest_algorithms"]
        inside, digest = signed["encap_content_info"], self.signer["digest_algorithm"]
        self.kind, self.content, self.hash = kind, inside["content"], digest["algorithm"].native
        require((kind == "data") == (self.content.native is None), "CMS_CONTENT_EMBEDDED")
        self.certificates, self.items = [one.chosen for one in signed["certificates"]], [*signed["crls"]]
        version = "v5" if any(one.name == "other" for one in self.items) else "v1" if kind == "data" else "v3"
        versions = signed["version"].native, self.signer["version"].native, inside["content_type"].native
        dumps = [one.dump() for one in self.items]
        require(versions == (version, "v1", kind), "CMS_MALFORMED", "version or type")
        require(dumps == sorted({*dumps}), "CMS_MALFORMED", "order of revocation data")
        require(len(self.certificates) <= 8, "LIMIT_EXCEEDED", "certificates")
        require(announced.dump() == digest.dump(), "CMS_ALGORITHM", "announced")
        require(self.hash in (["sha256"] if kind == "data" else HASHES), "CMS_ALGORITHM", self.hash)
        self.attributes, self.unsigned = self.signer["signed_attrs"], self.signer["unsigned_attrs"]
        require(self.attributes, "CMS_SIGNED_ATTRIBUTES_MISSING")
        both = [*self.attributes, *self.unsigned]
        self.values = {one["type"].native: one["values"][0] for one in both}
        sound = len(self.values) == len(both) and all(len(one["values"]) == 1 for one in both)
        dumps = [one.dump() for one in self.attributes]
        require(sound and dumps == sorted(dumps), "CMS_ATTRIBUTES_INVALID", "order or number")

    @refusing("CMS_ATTRIBUTES_INVALID", TypeError)
    def prove(self, content):
        """6.3: the certificate whose key signed this content."""
        values, sid, algorithm = self.values, self.signer["sid"].chosen, self.signer["signature_algorithm"]
        found = [one for one in self.certificates if one.issuer.dump() == sid["issuer"].dump()
                 and one.serial_number == sid["serial_number"].native]
        require(len(found) == 1, "CMS_SIGNER_NOT_FOUND", "one certificate")
        require(values["content_type"].native == self.kind, "CMS_ATTRIBUTES_INVALID", "content type")
        same = values["message_digest"].native == hashlib.new(self.hash, content).digest()
        require(same, "CMS_DIGEST_MISMATCH", "another content")
        named = values["signing_certificate_v2"]["certs"][0]
        digest = hashlib.new(named["hash_algorithm"]["algorithm"].native, found[0].dump()).digest()
        require(named["cert_hash"].native == digest, "CMS_CERTIFICATE_MISMATCH", "another certificate")
        if other := named["issuer_serial"].native:
            same = other["serial_number"] == found[0].serial_number
            same = same and named["issuer_serial"]["issuer"][0].chosen.chosen.dump() == found[0].issuer.chosen.dump()
            require(same, "CMS_CERTIFICATE_MISMATCH", "another issuer or serial number")
        if protection := values.get("cms_algorithm_protection"):
            same = protection["digest_algorithm"].native == self.signer["digest_algorithm"].native
            same = same and protection["signature_algorithm"].native == algorithm.native
            require(same, "CMS_ALGORITHM", "another algorithm than was signed for")
        time, signed = values.get("signing_time"), b"\x31" + self.attributes.dump()[1:]
        sound = not time or (time.name == "utc_time") == (time.native.year < 2050)
        require(sound, "CMS_ATTRIBUTES_INVALID", "signing time")
        same = algorithm["algorithm"].native == "rsassa_pkcs1v15" or algorithm.hash_algo == self.hash
        require(same, "CMS_ALGORITHM", "two hashes")
        good = is_signed(found[0], algorithm, self.signer["signature"].native, signed, self.hash)
        require(good, "CMS_SIGNATURE_INVALID", "another key")
        return found[0]


def openssl(certificate):
    return crypto.load_certificate(crypto.FILETYPE_ASN1, certificate.dump())


def prove_path(leaf, others, anchors, at, purpose):
    """6.5: leaf first, anchor last. OpenSSL looks at signatures, times, constraints, names and policies."""
    store, lib, flags = crypto.X509Store(), crypto._lib, crypto.X509StoreFlags
    any_policy, rules = lib.OBJ_txt2obj(b"2.5.29.32.0", 1), lib.X509_STORE_get0_param(store._store)
    lib.X509_VERIFY_PARAM_add0_policy(rules, any_policy)  # pyOpenSSL has no words for it; it asks for the check, too
    store.set_flags(flags.X509_STRICT | flags.PARTIAL_CHAIN)
    store.set_time(at)
    for one in anchors:
        store.add_cert(openssl(one))
    try:
        chain = crypto.X509StoreContext(store, openssl(leaf), [*map(openssl, others)]).get_verified_chain()
    except crypto.Error as cause:
        raise Refused("CERTIFICATE_MALFORMED", str(cause)) from cause
    except crypto.X509StoreContextError as cause:
        codes = [code for code, numbers in REFUSALS.items() if cause.errors[0] in numbers]
        raise Refused([*codes, "CERTIFICATE_UNTRUSTED"][0], str(cause)) from cause
    path = [x509.Certificate.load(crypto.dump_certificate(crypto.FILETYPE_ASN1, one)) for one in chain]
    require(2 <= len(path) <= 4, "CERTIFICATE_UNTRUSTED", "length of the path")
    for one, issuer in zip(path, [*path[1:], None]):
        require_sound(one, issuer)
        if one is not path[0]:
            purposes = one.extended_key_usage_value
            may = "key_cert_sign" in one.key_usage_value.native and (not purposes or purpose in purposes.native)
            require(may, "CERTIFICATE_USAGE", "a CA for another purpose")
            require(one.key_identifier, "CERTIFICATE_PATH", "a CA without key identifier")
    return path


@refusing("CERTIFICATE_MALFORMED", TypeError)
def require_sound(one, issuer):
    """6.4.3, 6.5.1, 6.5.3, 6.5.6: of a certificate below its issuer, or of an anchor."""
    body = one["tbs_certificate"]
    names = [extension["extn_id"].native for extension in body["extensions"]]
    [extension["extn_value"].parsed.native for extension in body["extensions"]]
    constraints = one.name_constraints_value
    require(not constraints or any(constraints.native.values()), "CERTIFICATE_MALFORMED", "no constraint")
    for each in one.subject_alt_name_value or []:
        sound = each.name != "dns_name" or re.fullmatch(r"[\w-]+(\.[\w-]+)*", each.native, re.ASCII)
        require(sound, "CERTIFICATE_MALFORMED", "alternative name")
    sound = body["version"].native == "v3" and len(names) == len({*names}) and (one.serial_number > 0 or not issuer)
    require(sound and not body["issuer_unique_id"], "CERTIFICATE_MALFORMED", "version, extensions or serial number")
    ignored = one.critical_extensions - KNOWN, CONSTRAINTS & {*names} - one.critical_extensions
    require(not any(ignored), "CERTIFICATE_EXTENSION", str(ignored))
    key = one.public_key
    strong = key.curve[1] in ("secp256r1", "secp384r1") if key.algorithm == "ec" else 3072 <= key.bit_size <= 8192
    require(strong and (not issuer or one.hash_algo in HASHES), "CERTIFICATE_WEAK", "key or hash")
    named = issuer and (one.authority_key_identifier, one.issuer.dump())
    require(not issuer or named == (issuer.key_identifier, issuer.subject.dump()), "CERTIFICATE_UNTRUSTED", "issuer")


def require_leaf(leaf, policy):
    """6.5.4: the purpose that its CAs must allow."""
    seal, usage = policy.get("profile") == "regulated-seal", leaf.key_usage_value
    uses, purposes = {*(usage.native if usage else [])}, leaf.extended_key_usage_value
    wanted = policy.get("sealPurposes", []) if seal else ["code_signing"]
    purpose = next((one for one in wanted if not purposes and seal or purposes and one in purposes.native), None)
    may = "key_usage" in leaf.critical_extensions and uses & (SIGNING if seal else {"digital_signature"})
    may = may and not leaf.ca and not uses & ISSUING and (purpose or seal and not purposes)
    wide = {"any_extended_key_usage", "server_auth"} & {*(purposes.native if purposes else [])}
    require(may and not wide, "CERTIFICATE_USAGE", "of the leaf")
    require(not leaf.name_constraints_value, "CERTIFICATE_NAMES", "constraints of a leaf")
    start, most = leaf.not_valid_before, 36 if seal else 39
    month = start.year * 12 + start.month - 1 + most
    end = start.replace(year=month // 12, month=month % 12 + 1, day=1) + timedelta(start.day - 1)
    if not seal and start >= datetime(2026, 3, 1, tzinfo=timezone.utc):
        end = start + timedelta(460)
    require(leaf.not_valid_after < end, "CERTIFICATE_VALIDITY", "a long life")
    policies = [one["policy_identifier"].dotted for one in leaf.certificate_policies_value or []]
    regulated = any(f"{one}.".startswith(f"{above}.") for one in policies for above in policy.get("sealPolicies", []))
    require(regulated or not seal, "CERTIFICATE_POLICY", "no seal")
    return purpose


def require_swiss(leaf, policy):
    """6.7"""
    identifier, seal = policy.get("organizationIdentifier"), policy.get("profile") == "regulated-seal"
    require(identifier or not seal, "SWISS_POLICY", "a seal of nobody")
    asked = [(leaf.subject, "country_name", policy["country"]), (leaf.subject, "organization_identifier", identifier),
             (leaf.subject, "organization_name", policy.get("organization"))]
    if seal:
        asked.append((leaf.issuer, "country_name", policy["country"]))
    for name, kind, text in asked:
        values = [one["value"].chosen for group in name.chosen for one in group if one["type"].native == kind]
        sound = [one.native for one in values] == [text] and (values[0].tag == 19 or kind != "country_name")
        require(text is None or sound, "SWISS_POLICY", kind)
    if identifier:
        digits = [*map(int, re.sub(r"\D", "", identifier))]
        sound = re.fullmatch(r"NTRCH-CHE-\d{3}\.\d{3}\.\d{3}", identifier, re.ASCII)
        sound = sound and (sum(map(int.__mul__, digits, (5, 4, 3, 2, 7, 6, 5, 4, 1)))) % 11 == 0
        require(sound, "SWISS_POLICY", "check digit")


@refusing("REVOCATION_MALFORMED", TypeError)
def read_items(items):
    """6.8.1: lists and OCSP responses."""
    require(len(items) <= 16 and all(len(one.dump()) <= 524_288 for one in items), "LIMIT_EXCEEDED", "revocation data")
    lists = [one.chosen for one in items if one.name != "other"]
    responses = [one.chosen["other_rev_info"] for one in items if one.name == "other"]
    for one in responses:
        parts = [one, *one.response_data["responses"]]
        sound = one["response_status"].native == "successful" and not any(part.critical_extensions for part in parts)
        require(sound and all(part["next_update"].native for part in parts[1:]), "REVOCATION_MALFORMED", "a response")
    for one in lists:
        body, scope, delta = one["tbs_cert_list"], one.issuing_distribution_point_value, one.delta_crl_indicator_value
        indirect = {"certificate_issuer"} if scope and scope["indirect_crl"].native else set()
        sound = body["version"].native == "v2" and body["next_update"].native and one.crl_number_value
        sound = sound and one.critical_extensions <= {"issuing_distribution_point", "delta_crl_indicator"}
        for entry in body["revoked_certificates"]:
            lasting = delta or not entry.crl_reason_value or entry.crl_reason_value.native != "remove_from_crl"
            sound = sound and lasting and (indirect or not entry.issuer_name) and entry.critical_extensions <= indirect
        require(sound, "REVOCATION_MALFORMED", "a list")
    return lists, responses


def speaks_about(one, certificate):
    """RFC 5280 6.3.3 b, of lists by the issuer itself."""
    def names(point):
        return {name.dump() for name in point["distribution_point"].chosen} if point["distribution_point"] else set()

    scope, points = one.issuing_distribution_point_value, certificate.crl_distribution_points_value or []
    if one.issuer.dump() != certificate.issuer.dump() or not scope:
        return one.issuer.dump() == certificate.issuer.dump()
    other = "only_contains_user_certs" if certificate.ca else "only_contains_ca_certs"
    named = not names(scope) or any(names(scope) & names(point) for point in points)
    return named and not scope[other].native and not scope["only_contains_attribute_certs"].native


def entries_about(one, certificate):
    """Since when it is revoked, by reason."""
    issuer, entries = one.issuer, {}
    for entry in one["tbs_cert_list"]["revoked_certificates"]:
        issuer = entry.issuer_name or issuer
        named = issuer.chosen.dump() == certificate.issuer.chosen.dump()
        if named and entry["user_certificate"].native == certificate.serial_number:
            reason, since = entry.crl_reason_value, entry.invalidity_date_value or entry["revocation_date"]
            entries[reason and reason.native] = min(since.native, entry["revocation_date"].native)
    return entries


def lifts(newer, one, certificate, stamped):
    """6.8.6: takes back what is on hold."""
    body, base, number = newer["tbs_cert_list"], newer.delta_crl_indicator_value, one.crl_number_value.native
    scopes = [each.issuing_distribution_point_value for each in (newer, one)]
    same = len({scope and scope.dump() for scope in scopes}) == 1 and newer.crl_number_value.native > number
    in_time = body["this_update"].native <= stamped.now + AHEAD and body["next_update"].native >= stamped.at
    left = [*entries_about(newer, certificate)]
    return same and in_time and (left == ["remove_from_crl"] and base.native <= number if base else not left)


def is_answer(response, issuer, purpose):
    """RFC 6960 4.2.2.2: by the issuer, or by a leaf below it for that alone, about which nobody need be asked."""
    basic, body = response.basic_ocsp_response, response.response_data
    named, algorithm, signature = body["responder_id"], basic["signature_algorithm"], basic["signature"].native
    for one in [issuer, *basic["certs"]]:
        names = {"by_key": one.public_key.sha1, "by_name": one.subject.native}
        if named.chosen.native == names[named.name] and is_signed(one, algorithm, signature, body.dump()):
            uses = one.extended_key_usage_value
            may = uses and "ocsp_signing" in uses.native and one.ocsp_no_check_value is not None and not one.ca
            with suppress(Refused):
                return one is issuer or may and prove_path(one, [], [issuer], body["produced_at"].native, purpose)
    return False


def words_about(certificate, issuer, lists, responses, stamped):
    """Of each item: is it believed, its entries, the times between which it holds, and whether its silence vouches."""
    for one in responses:
        for single in one.response_data["responses"]:
            asked, status = single["cert_id"], single["cert_status"]
            named = [issuer.subject.dump(), bytes(issuer.public_key["public_key"])]
            hashes = [hashlib.new(asked["hash_algorithm"]["algorithm"].native, part).digest() for part in named]
            about = *hashes, certificate.serial_number
            if tuple(asked[name].native for name in ("issuer_name_hash", "issuer_key_hash", "serial_number")) == about:
                said = [status.chosen] if status.name == "revoked" else []
                entries = {each["revocation_reason"].native: each["revocation_time"].native for each in said}
                yield one, is_answer(one, issuer, stamped.purpose), entries, single, status.name != "unknown"
    own = [one for one in lists if speaks_about(one, certificate)]
    signed = [one for one in own
              if is_signed(issuer, one["signature_algorithm"], one.signature, one["tbs_cert_list"].dump())]
    for one in own:
        scope = one.issuing_distribution_point_value
        lifted = any(lifts(each, one, certificate, stamped) for each in signed)
        passing = ["remove_from_crl", *(["certificate_hold"] if lifted else [])]
        entries = {why: date for why, date in entries_about(one, certificate).items() if why not in passing}
        whole = not one.delta_crl_indicator_value and not (scope and scope["only_some_reasons"].native)
        yield one, one in signed, entries, one["tbs_cert_list"], whole


def require_unrevoked(certificate, issuer, data, stamped, demand):
    """6.8: the items that were believed."""
    vouched, wanting, believed, name = not demand["required"], [], [], certificate.subject.human_friendly
    most = timedelta(demand["authorityDaysMax" if certificate.ca or stamped.authority else "leafDaysMax"])
    for item, good, entries, window, whole in words_about(certificate, issuer, *data, stamped):
        if not good:
            wanting.append("REVOCATION_UNTRUSTED")
            continue
        believed.append(item)
        for reason, date in entries.items():
            total = stamped.authority and reason not in HARMLESS
            total = total or demand["keyCompromise"] == "refuse-all" and reason in COMPROMISED
            require(stamped.at < date and not total, "CERTIFICATE_REVOKED", name)
        start, end = window["this_update"].native, window["next_update"].native
        fresh = start <= min(stamped.now + AHEAD, certificate.not_valid_after) and stamped.at <= end <= start + most
        vouched = vouched or whole and fresh
        wanting += ["REVOCATION_STALE"] if whole and not fresh else []
    require(vouched, [*wanting, "REVOCATION_MISSING"][0], name)
    return believed


def prove_stamp(stamped, token, anchors, now):
    """6.6: the path of the authority, and when it has seen these octets."""
    with refusing("TIMESTAMP_MALFORMED", Refused):
        token = Signed(token, "tst_info")
        info = token.content.parsed
        at, kind = info["gen_time"].native, info["message_imprint"]["hash_algorithm"]["algorithm"].native
        known = not any(one["critical"].native for one in info["extensions"])
        require(kind in HASHES and known and not token.unsigned, "TIMESTAMP_MALFORMED", "form")
    with refusing("TIMESTAMP_INVALID", Refused):
        unit, digest = token.prove(bytes(token.content)), info["message_imprint"]["hashed_message"].native
        require(digest == hashlib.new(kind, stamped).digest() and at <= now + AHEAD, "TIMESTAMP_INVALID", str(at))
    with refusing("TIMESTAMP_UNTRUSTED", Refused):
        uses, usage = unit.extended_key_usage_value, unit.key_usage_value
        bits = usage.native if usage else {"digital_signature"}
        sound = uses and uses.native == ["time_stamping"] and "extended_key_usage" in unit.critical_extensions
        sound = sound and not unit.ca and bits & SIGNING and not bits & ISSUING
        require(sound, "CERTIFICATE_USAGE", "no time-stamp unit")
        return prove_path(unit, token.certificates, anchors, at, "time_stamping"), at, token.items


@refusing("CMS_MALFORMED", TypeError, AttributeError)
def require_signature(content, p7s, policy, now):
    """6: the public key of who signed this content."""
    now, data = datetime.fromtimestamp(now, timezone.utc), Signed(p7s, "data")
    leaf = data.prove(content)
    require("signature_time_stamp_token" in data.values, "TIMESTAMP_MISSING")
    require(len(data.unsigned) == 1, "CMS_ATTRIBUTES_INVALID", "unsigned attributes")
    anchors = [[x509.Certificate.load(pem.unarmor(one.encode())[2]) for one in policy[name]]
               for name in ("codeSigningAnchors", "timeStampingAnchors")]
    stamped, token = data.signer["signature"].native, data.values["signature_time_stamp_token"].dump()
    authority, at, items = prove_stamp(stamped, token, anchors[1], now)
    purpose = require_leaf(leaf, policy)
    path, items = prove_path(leaf, data.certificates, anchors[0], at, purpose), read_items(data.items + items)
    demand, believed = DEMAND | policy.get("revocation", {}), []
    for each, as_authority, use in ((path, False, purpose), (authority, True, "time_stamping")):
        for one, issuer in pairwise(each):
            believed += require_unrevoked(one, issuer, items, Stamped(use, at, now, as_authority), demand)
    require(all(one in believed for one in sum(items, [])), "REVOCATION_UNTRUSTED", "data that nobody believed")
    used = [one.dump() for one in path]
    require(all(one.dump() in used for one in data.certificates), "CMS_MALFORMED", "a certificate beside the path")
    require_swiss(leaf, policy)
    return leaf.public_key.dump()


def read_envelope(one):
    """12.1: its type, its payload, its signatures and what they are over."""
    code, form = "ATTESTATION_MALFORMED", {"payloadType": ".+", "payload": TEXT, "signatures": [{"sig": TEXT}]}
    require(fits(one, form) and 1 <= len(one["signatures"]) <= 16, code, "an envelope")
    texts = [one["payload"], *(each["sig"] for each in one["signatures"])]
    payload, *signatures = [unbase64(text.replace("-", "+").replace("_", "/"), code) for text in texts]
    kind = one["payloadType"].encode()
    return one["payloadType"], payload, signatures, b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def require_rebuilds(envelopes, name, digest, demand):
    """7.20, 7.21: of the release of this name, whose `signed` has this digest."""
    form = {"predicateType": "https://slsa.dev/verification_summary/v1", "subject": [{"digest": {"sha256": HASH}}],
            "predicate": {"resourceUri": name, "verificationResult": "PASSED|FAILED", "verifiedLevels": [TEXT]}}
    passed, keys = set(), [load_pem_public_key(one.encode()) for one in demand["keys"]]
    for kind, payload, signatures, content in map(read_envelope, envelopes):
        hows = [() if isinstance(key, Ed25519PublicKey) else (ec.ECDSA(SHA256()),) for key in keys]
        signers = {i for i, how in enumerate(hows) if any(verifies(keys[i], one, content, how) for one in signatures)}
        said = None
        with suppress(Refused):
            said = parse_json(payload) if signers and kind == "application/vnd.in-toto+json" else None
        if fits(said, form) and digest in [one["digest"]["sha256"] for one in said["subject"]]:
            require(said["predicate"]["verificationResult"] == "PASSED", "REBUILD_FAILED", name)
            passed |= signers if {*said["predicate"]["verifiedLevels"]} & LEVELS else set()
    require(len(passed) >= demand["threshold"], "REBUILD_QUORUM", name)


def require_evidence(manifest, feed, policy, now, read):
    """7.6 to 7.8, 7.20 and 7.21, with what read(path, most) finds beside a manifest."""
    release, p7s = manifest.signed["version"], read(f"evidence/{feed}/{manifest.signed['version']}.p7s", 524_288)
    require(p7s, "EVIDENCE_MISSING", f"release {release}")
    require(require_signature(manifest.data, p7s, policy, now) in manifest.signers, "SIGNER_KEY_MISMATCH")
    second = "postQuantum" in manifest.signed["x-rulemint"] or policy.get("postQuantum") == "required"
    require(not second, "CLIENT_TOO_OLD", "a second signature (6.10)")
    if demand := policy.get("rebuilders"):
        listed = parse_json(read(f"evidence/{feed}/{release}.verdicts.json", 2_097_152) or b'{"verdicts": []}')
        require(fits(listed, {"verdicts": [{}]}), "ATTESTATION_MALFORMED", "the list of verdicts")
        digest = sha256(canonical(manifest.signed)).hex()
        require_rebuilds(listed["verdicts"], f"rulemint:{feed}/{release}", digest, demand)
