"""Who stands behind a manifest, and since when: docs/SPEC.md sections 6, 12.1 and 12.4."""
import hashlib
import re
from collections import namedtuple
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from operator import mul

from asn1crypto import cms, parser, pem, tsp, x509
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key
from OpenSSL import crypto

from trust import (
    HASH, HASHES, TEXT, Refused, canonical, fits, parse_json, refusing, require, sha256, unbase64, verifies)

KNOWN = {"basic_constraints", "key_usage", "extended_key_usage", "name_constraints", "certificate_policies",
         "policy_mappings", "policy_constraints", "inhibit_any_policy", "crl_distribution_points"}
CONSTRAINTS = {"name_constraints", "policy_constraints", "inhibit_any_policy"}
REFUSALS = {"CERTIFICATE_EXPIRED": (9, 10), "CERTIFICATE_EXTENSION": (34,), "CERTIFICATE_USAGE": (26, 32),
            "CERTIFICATE_PATH": (24, 25, 79), "CERTIFICATE_POLICY": (42, 43), "CERTIFICATE_NAMES": range(47, 55)}
HARMLESS = {"unspecified", "affiliation_changed", "superseded", "cessation_of_operation"}
COMPROMISED = {"key_compromise", "ca_compromise", "aa_compromise"}
DEMAND = {"required": True, "leafDaysMax": 10, "authorityDaysMax": 366, "keyCompromise": "from-its-date"}  # 6.8.2
LONG = datetime(2026, 2, 28, 23, 59, 59, tzinfo=timezone.utc)  # 6.5.4: who begins later lives for 460 days
AHEAD, LEVELS = timedelta(seconds=300), {"RULEMINT_REBUILT", "RULEMINT_REBUILT_BY_REFERENCE"}
SIGNING, ISSUING = {"digital_signature", "non_repudiation"}, {"key_cert_sign", "crl_sign"}
Stamped = namedtuple("Stamped", "purpose at now authority")


def said(one, extension):
    """What an extension says; nothing where it is absent."""
    value = getattr(one, f"{extension}_value")
    return value.native if value else []


def dumps(values):
    return [one.dump() for one in values]


def named(certificate):
    return certificate.issuer.chosen.dump(), certificate.serial_number


def hash_by(algorithm, content):
    return hashlib.new(algorithm["algorithm"].native, content).digest()


def require_der(data, depth=32):
    """6.1: every length in its one form."""
    while data:
        kind, constructed, tag, head, content, _ = parser.parse(data)
        require(depth and parser.emit(kind, constructed, tag, content) == head + content, "CMS_MALFORMED", "not DER")
        require_der(content if constructed else b"", depth - 1)
        data = data[len(head + content):]


@refusing("CERTIFICATE_WEAK")
def is_signed(certificate, algorithm, signature, content, digest=None):
    """6.4.2, 6.4.3: by this certificate's key."""
    key, name = load_der_public_key(certificate.public_key.dump()), algorithm.signature_algo
    require(name != "ecdsa" or not algorithm["parameters"].dump(), "CMS_ALGORITHM", "parameters")
    return verifies(key, signature, content, name, digest or algorithm.hash_algo)


class Signed:
    """6.2: one signer's data of this kind."""

    @refusing("CMS_MALFORMED", TypeError)
    def __init__(self, data, kind):
        require(len(data) <= 524_288, "LIMIT_EXCEEDED", "a signature")
        require_der(data)
        signed = cms.ContentInfo.load(data, strict=True)["content"]
        (self.signer,), (announced,) = signed["signer_infos"], signed["digest_algorithms"]
        inside, digest, self.kind = signed["encap_content_info"], self.signer["digest_algorithm"], kind
        self.content, self.hash, self.items = inside["content"], digest["algorithm"].native, [*signed["crls"]]
        self.attributes, self.unsigned = self.signer["signed_attrs"], self.signer["unsigned_attrs"]
        require((kind == "data") == (self.content.native is None), "CMS_CONTENT_EMBEDDED")
        version = "v5" if any(one.name == "other" for one in self.items) else "v1" if kind == "data" else "v3"
        versions = signed["version"].native, self.signer["version"].native, inside["content_type"].native
        ordered = dumps(self.items) == sorted({*dumps(self.items)})
        require(versions == (version, "v1", kind) and ordered, "CMS_MALFORMED", "version, type or revocation data")
        self.certificates = [one.chosen for one in signed["certificates"]]
        require(len(self.certificates) <= 8, "LIMIT_EXCEEDED", "certificates")
        known = self.hash in (["sha256"] if kind == "data" else HASHES)
        require(known and announced.dump() == digest.dump(), "CMS_ALGORITHM", self.hash)
        require(self.attributes, "CMS_SIGNED_ATTRIBUTES_MISSING")
        both = [*self.attributes, *self.unsigned]
        self.values = {one["type"].native: one["values"][0] for one in both}
        sound = len(self.values) == len(both) and all(len(one["values"]) == 1 for one in both)
        require(sound and dumps(self.attributes) == sorted(dumps(self.attributes)), "CMS_ATTRIBUTES_INVALID")

    @refusing("CMS_ATTRIBUTES_INVALID", TypeError)
    def prove(self, content):
        """6.3: the certificate whose key signed this content."""
        values, signer, algorithm = self.values, self.signer, self.signer["signature_algorithm"]
        sid = signer["sid"].chosen["issuer"].dump(), signer["sid"].chosen["serial_number"].native
        found = [one for one in self.certificates if named(one) == sid]
        require(len(found) == 1, "CMS_SIGNER_NOT_FOUND", "one certificate")
        require(values["content_type"].native == self.kind, "CMS_ATTRIBUTES_INVALID", "content type")
        require(values["message_digest"].native == hashlib.new(self.hash, content).digest(), "CMS_DIGEST_MISMATCH")
        told = values["signing_certificate_v2"]["certs"][0]
        other = told["issuer_serial"] if told["issuer_serial"].native else None
        same = not other or (other["issuer"][0].chosen.chosen.dump(), other["serial_number"].native) == sid
        same = same and told["cert_hash"].native == hash_by(told["hash_algorithm"], found[0].dump())
        require(same, "CMS_CERTIFICATE_MISMATCH", "another certificate")
        told, time = values.get("cms_algorithm_protection", signer), values.get("signing_time")
        same = algorithm["algorithm"].native == "rsassa_pkcs1v15" or algorithm.hash_algo == self.hash
        same = same and told["digest_algorithm"].native == signer["digest_algorithm"].native
        require(same and told["signature_algorithm"].native == algorithm.native, "CMS_ALGORITHM", "another algorithm")
        require(not time or (time.name == "utc_time") == (time.native.year < 2050), "CMS_ATTRIBUTES_INVALID")
        signed = b"\x31" + self.attributes.dump()[1:]
        require(is_signed(found[0], algorithm, signer["signature"].native, signed, self.hash), "CMS_SIGNATURE_INVALID")
        return found[0]


def openssl(certificate):
    return crypto.load_certificate(crypto.FILETYPE_ASN1, certificate.dump())


@refusing("CERTIFICATE_MALFORMED", TypeError, crypto.Error)
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
    except crypto.X509StoreContextError as cause:
        codes = [code for code, numbers in REFUSALS.items() if cause.errors[0] in numbers]
        raise Refused([*codes, "CERTIFICATE_UNTRUSTED"][0], str(cause)) from cause
    path = [x509.Certificate.load(crypto.dump_certificate(crypto.FILETYPE_ASN1, one)) for one in chain]
    require(2 <= len(path) <= 4, "CERTIFICATE_UNTRUSTED", "length of the path")
    for one, issuer in pairwise([*path, None]):
        require_sound(one, issuer)
        may = one is path[0] or purpose in (said(one, "extended_key_usage") or [purpose])
        require(may, "CERTIFICATE_USAGE", "a CA for another purpose")
    return path


def require_sound(one, issuer):
    """6.4.3, 6.5.1, 6.5.3, 6.5.6: of a certificate below its issuer, or of an anchor."""
    body, key = one["tbs_certificate"], one.public_key
    told = {each["extn_id"].native: each["extn_value"].parsed.native for each in body["extensions"]}
    sound = body["version"].native == "v3" and not body["issuer_unique_id"] and len(told) == len(body["extensions"])
    sound = sound and (one.serial_number > 0 or not issuer) and any(told.get("name_constraints", {"": 1}).values())
    for each in one.subject_alt_name_value or []:
        sound = sound and (each.name != "dns_name" or re.fullmatch(r"[\w-]+(\.[\w-]+)*", each.native, re.ASCII))
    require(sound, "CERTIFICATE_MALFORMED", "version, extensions, serial number or names")
    ignored = one.critical_extensions - KNOWN, CONSTRAINTS & told.keys() - one.critical_extensions
    require(not any(ignored), "CERTIFICATE_EXTENSION", str(ignored))
    strong = key.curve[1] in ("secp256r1", "secp384r1") if key.algorithm == "ec" else 3072 <= key.bit_size <= 8192
    require(strong and (not issuer or one.hash_algo in HASHES), "CERTIFICATE_WEAK", "key or hash")
    below = issuer and (issuer.key_identifier, issuer.subject.dump())
    require(not below or (one.authority_key_identifier, one.issuer.dump()) == below, "CERTIFICATE_UNTRUSTED", "issuer")


def require_leaf(leaf, policy):
    """6.5.4: the purpose that its CAs must allow."""
    seal, uses, start = policy.get("profile") == "regulated-seal", {*said(leaf, "key_usage")}, leaf.not_valid_before
    purposes, wanted = said(leaf, "extended_key_usage"), policy.get("sealPurposes", []) if seal else ["code_signing"]
    purpose = next((one for one in wanted if one in purposes or seal and not purposes), None)
    may = "key_usage" in leaf.critical_extensions and uses & (SIGNING if seal else {"digital_signature"})
    may = may and not leaf.ca and not uses & ISSUING and (purpose or seal and not purposes)
    require(may and not {"any_extended_key_usage", "server_auth"} & {*purposes}, "CERTIFICATE_USAGE", "of the leaf")
    require(not leaf.name_constraints_value, "CERTIFICATE_NAMES", "constraints of a leaf")
    month = start.year * 12 + start.month - 1 + (36 if seal else 39)
    end = start.replace(year=month // 12, month=month % 12 + 1, day=1) + timedelta(start.day - 1)
    end = end if seal or start <= LONG else start + timedelta(460)
    require(leaf.not_valid_after < end, "CERTIFICATE_VALIDITY", "a long life")
    policies = [one["policy_identifier"].dotted for one in leaf.certificate_policies_value or []]
    regulated = any(f"{one}.".startswith(f"{above}.") for one in policies for above in policy.get("sealPolicies", []))
    require(regulated or not seal, "CERTIFICATE_POLICY", "no seal")
    return purpose


def require_swiss(leaf, policy):
    """6.7"""
    identifier, seal = policy.get("organizationIdentifier"), policy.get("profile") == "regulated-seal"
    require(identifier or not seal, "SWISS_POLICY", "a seal of nobody")
    for name, kind, text in [(leaf.subject, "country_name", policy["country"]),
                             (leaf.issuer, "country_name", policy["country"] if seal else None),
                             (leaf.subject, "organization_identifier", identifier),
                             (leaf.subject, "organization_name", policy.get("organization"))]:
        values = [one["value"].chosen for group in name.chosen for one in group if one["type"].native == kind]
        sound = [one.native for one in values] == [text] and (values[0].tag == 19 or kind != "country_name")
        require(text is None or sound, "SWISS_POLICY", kind)
    total = sum(map(mul, map(int, re.findall("[0-9]", identifier or "")), (5, 4, 3, 2, 7, 6, 5, 4, 1)))
    sound = not identifier or re.fullmatch(r"NTRCH-CHE-\d{3}\.\d{3}\.\d{3}", identifier, re.ASCII)
    require(sound and total % 11 == 0, "SWISS_POLICY", "check digit")


@refusing("REVOCATION_MALFORMED", TypeError)
def read_items(items):
    """6.8.1: lists and OCSP responses."""
    require(len(items) <= 16 and all(len(one) <= 524_288 for one in dumps(items)), "LIMIT_EXCEEDED", "revocation data")
    lists = [one.chosen for one in items if one.name != "other"]
    responses = [one.chosen["other_rev_info"] for one in items if one.name == "other"]
    for one in responses:
        answers = one.response_data["responses"]
        sound = one["response_status"].native == "successful" and all(each["next_update"].native for each in answers)
        require(sound and not any(part.critical_extensions for part in [one, *answers]), "REVOCATION_MALFORMED")
    for one in lists:
        body, scope = one["tbs_cert_list"], said(one, "issuing_distribution_point")
        indirect = {"certificate_issuer"} if scope and scope["indirect_crl"] else set()
        sound = body["version"].native == "v2" and body["next_update"].native and one.crl_number_value
        sound = sound and one.critical_extensions <= {"issuing_distribution_point", "delta_crl_indicator"}
        for entry in body["revoked_certificates"]:
            sound = sound and (one.delta_crl_indicator_value or said(entry, "crl_reason") != "remove_from_crl")
            sound = sound and (indirect or not entry.issuer_name) and entry.critical_extensions <= indirect
        require(sound, "REVOCATION_MALFORMED", "a list")
    return lists, responses


def speaks_about(one, certificate):
    """RFC 5280 6.3.3 b, of lists by the issuer itself."""
    def names(point):
        return {*dumps(point["distribution_point"].chosen)} if point["distribution_point"] else set()

    scope, points = one.issuing_distribution_point_value, certificate.crl_distribution_points_value or []
    others = "only_contains_user_certs" if certificate.ca else "only_contains_ca_certs", "only_contains_attribute_certs"
    about = not scope or not names(scope) or any(names(scope) & names(point) for point in points)
    about = about and not (scope and any(scope[other].native for other in others))
    return about and one.issuer.dump() == certificate.issuer.dump()


def entries_about(one, certificate):
    """Since when it is revoked, by reason."""
    issuer, entries = one.issuer, {}
    for entry in one["tbs_cert_list"]["revoked_certificates"]:
        issuer = entry.issuer_name or issuer
        if (issuer.chosen.dump(), entry["user_certificate"].native) == named(certificate):
            since = entry["revocation_date"].native
            entries[said(entry, "crl_reason") or None] = min(since, said(entry, "invalidity_date") or since)
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
    responder, algorithm, signature = body["responder_id"], basic["signature_algorithm"], basic["signature"].native
    for one in [issuer, *basic["certs"]]:
        names = {"by_key": one.public_key.sha1, "by_name": one.subject.native}
        if responder.chosen.native == names[responder.name] and is_signed(one, algorithm, signature, body.dump()):
            may = "ocsp_signing" in said(one, "extended_key_usage") and one.ocsp_no_check_value and not one.ca
            with suppress(Refused):
                return one is issuer or may and prove_path(one, [], [issuer], body["produced_at"].native, purpose)
    return False


def words_about(certificate, issuer, lists, responses, stamped):
    """Of each item: is it believed, its entries, the times between which it holds, and whether its silence vouches."""
    parts = [issuer.subject.dump(), bytes(issuer.public_key["public_key"])]
    for one, single in [(one, single) for one in responses for single in one.response_data["responses"]]:
        asked, status = single["cert_id"], single["cert_status"]
        hashes = [hash_by(asked["hash_algorithm"], part) for part in parts]
        if [*asked.native.values()][1:] == [*hashes, certificate.serial_number]:
            revoked = [status.chosen] if status.name == "revoked" else []
            entries = {each["revocation_reason"].native: each["revocation_time"].native for each in revoked}
            yield one, is_answer(one, issuer, stamped.purpose), entries, single, status.name != "unknown"
    own = [(one, one["tbs_cert_list"]) for one in lists if speaks_about(one, certificate)]
    signed = [one for one, body in own if is_signed(issuer, one["signature_algorithm"], one.signature, body.dump())]
    for one, body in own:
        scope, freed = said(one, "issuing_distribution_point"), ["remove_from_crl"]
        freed += ["certificate_hold" for each in signed if lifts(each, one, certificate, stamped)]
        entries = {why: date for why, date in entries_about(one, certificate).items() if why not in freed}
        whole = not one.delta_crl_indicator_value and not (scope and scope["only_some_reasons"])
        yield one, one in signed, entries, body, whole


def require_unrevoked(certificate, issuer, data, stamped, demand):
    """6.8: the items that were believed."""
    vouched, wanting, believed, name = not demand["required"], [], [], certificate.subject.human_friendly
    most = timedelta(demand["authorityDaysMax" if certificate.ca or stamped.authority else "leafDaysMax"])
    for item, good, entries, window, whole in words_about(certificate, issuer, *data, stamped):
        for reason, date in entries.items() if good else []:
            grave = stamped.authority and reason not in HARMLESS
            grave = grave or demand["keyCompromise"] == "refuse-all" and reason in COMPROMISED
            require(stamped.at < date and not grave, "CERTIFICATE_REVOKED", name)
        start, end = window["this_update"].native, window["next_update"].native
        fresh = start <= min(stamped.now + AHEAD, certificate.not_valid_after) and stamped.at <= end <= start + most
        vouched, believed = vouched or good and whole and fresh, believed + [item] * bool(good)
        wanting += ["REVOCATION_UNTRUSTED"] if not good else ["REVOCATION_STALE"] if whole and not fresh else []
    require(vouched, [*wanting, "REVOCATION_MISSING"][0], name)
    return believed
def prove_stamp(stamped, token, anchors, now):
    """6.6: the path of the authority, and when it has seen these octets."""
    with refusing("TIMESTAMP_MALFORMED", Refused):
        token = Signed(token, "tst_info")
        info = token.content.parsed
        at, imprint = info["gen_time"].native, info["message_imprint"]
        known = imprint["hash_algorithm"]["algorithm"].native in HASHES and not token.unsigned
        require(known and not any(one["critical"].native for one in info["extensions"]), "TIMESTAMP_MALFORMED", "form")
    with refusing("TIMESTAMP_INVALID", Refused):
        unit, same = token.prove(bytes(token.content)), hash_by(imprint["hash_algorithm"], stamped)
        require(same == imprint["hashed_message"].native and at <= now + AHEAD, "TIMESTAMP_INVALID", str(at))
    with refusing("TIMESTAMP_UNTRUSTED", Refused):
        uses = {*said(unit, "key_usage")} if unit.key_usage_value else SIGNING
        sound = said(unit, "extended_key_usage") == ["time_stamping"] and uses & SIGNING and not uses & ISSUING
        require(sound and not unit.ca and "extended_key_usage" in unit.critical_extensions, "CERTIFICATE_USAGE")
        return prove_path(unit, token.certificates, anchors, at, "time_stamping"), at, token.items


@refusing("CMS_MALFORMED", TypeError, AttributeError)
def require_signature(content, p7s, policy, now):
    """6: the public key of who signed this content."""
    now, data = datetime.fromtimestamp(now, timezone.utc), Signed(p7s, "data")
    leaf, token = data.prove(content), data.values.get("signature_time_stamp_token")
    require(token, "TIMESTAMP_MISSING")
    require(len(data.unsigned) == 1, "CMS_ATTRIBUTES_INVALID", "unsigned attributes")
    anchors = [[x509.Certificate.load(pem.unarmor(one.encode())[2]) for one in policy[name]]
               for name in ("codeSigningAnchors", "timeStampingAnchors")]
    authority, at, items = prove_stamp(data.signer["signature"].native, token.dump(), anchors[1], now)
    purpose = require_leaf(leaf, policy)
    path, items = prove_path(leaf, data.certificates, anchors[0], at, purpose), read_items(data.items + items)
    demand, believed = DEMAND | policy.get("revocation", {}), []
    for each, as_authority, use in ((path, False, purpose), (authority, True, "time_stamping")):
        for one, issuer in pairwise(each):
            believed += require_unrevoked(one, issuer, items, Stamped(use, at, now, as_authority), demand)
    require(all(one in believed for one in sum(items, [])), "REVOCATION_UNTRUSTED", "data that nobody believed")
    require({*dumps(data.certificates)} <= {*dumps(path)}, "CMS_MALFORMED", "a certificate beside the path")
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
        names = ["ecdsa" if hasattr(key, "curve") else "eddsa" for key in keys]
        signers = {i for i, key in enumerate(keys) if any(verifies(key, one, content, names[i]) for one in signatures)}
        told = None
        with suppress(Refused):
            told = signers and kind == "application/vnd.in-toto+json" and parse_json(payload)
        if fits(told, form) and digest in [one["digest"]["sha256"] for one in told["subject"]]:
            require(told["predicate"]["verificationResult"] == "PASSED", "REBUILD_FAILED", name)
            passed |= signers if {*told["predicate"]["verifiedLevels"]} & LEVELS else set()
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
