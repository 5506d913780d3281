/** The extensions of each kind of certificate, shaped as the CA/Browser Forum's code-signing requirements (§7.1.2) ask. */
import * as pkijs from "pkijs";
import { utf8Bytes } from "../core/encoding/bytes.js";
import {
  encoded,
  integer,
  namedBits,
  objectID,
  octetString,
  sequence,
  tagged,
  taggedBytes,
  truth,
  type Value,
} from "./asn1.js";

export type CertificateProfile =
  | "root"
  | "issuing-ca"
  | "time-stamping-ca"
  | "seal-ca"
  | "code-signing"
  | "regulated-seal"
  | "time-stamping";

export interface ExtensionFacts {
  readonly profile: CertificateProfile;
  /** Adds emailProtection, which code-signing requirements §7.1.2.3 f allow and ClamAV's verifier asks for. */
  readonly alsoEmail: boolean;
  readonly subjectKeyID: Uint8Array;
  /** Undefined in a root. */
  readonly authorityKeyID: Uint8Array | undefined;
  readonly policyOIDs: readonly string[];
  /** Where the issuer publishes its revocation list and its certificate. */
  readonly crlURL: string | undefined;
  readonly issuerURL: string | undefined;
  /** Where its delta lists are, and who answers about this certificate. */
  readonly deltaURL?: string | undefined;
  readonly ocspURL?: string | undefined;
}

const keyUsage = { digitalSignature: 0, nonRepudiation: 1, keyCertSign: 5, crlSign: 6 };
const codeSigning = "1.3.6.1.5.5.7.3.3";
const emailProtection = "1.3.6.1.5.5.7.3.4";
const timeStamping = "1.3.6.1.5.5.7.3.8";

export function certificateExtensions(facts: ExtensionFacts): pkijs.Extension[] {
  const { profile, authorityKeyID, policyOIDs, crlURL, issuerURL, deltaURL, ocspURL } = facts;
  const isCA = profile === "root" || profile.endsWith("-ca");
  const purpose = purposeOf(profile);
  const purposes = [purpose ?? [], facts.alsoEmail ? emailProtection : []].flat();
  const access = [
    ...(ocspURL === undefined ? [] : [sequence(objectID("1.3.6.1.5.5.7.48.1"), uri(ocspURL))]),
    ...(issuerURL === undefined ? [] : [sequence(objectID("1.3.6.1.5.5.7.48.2"), uri(issuerURL))]),
  ];
  const leafUsage = profile === "regulated-seal" ? keyUsage.nonRepudiation : keyUsage.digitalSignature;
  const usage = isCA ? [keyUsage.keyCertSign, keyUsage.crlSign] : [leafUsage];
  const all = [
    ...(isCA ? [extension("2.5.29.19", true, basicConstraints(profile))] : []),
    extension("2.5.29.15", true, namedBits(usage)),
    // RFC 3161 §2.3: critical in the certificate of a time-stamp authority.
    ...(purpose === undefined
      ? []
      : [extension("2.5.29.37", profile === "time-stamping", sequence(...purposes.map(objectID)))]),
    extension("2.5.29.14", false, octetString(facts.subjectKeyID)),
    ...(authorityKeyID === undefined
      ? []
      : [extension("2.5.29.35", false, sequence(taggedBytes(0, authorityKeyID)))]),
    ...(policyOIDs.length === 0
      ? []
      : [extension("2.5.29.32", false, sequence(...policyOIDs.map((oid) => sequence(objectID(oid)))))]),
    ...(crlURL === undefined ? [] : [extension("2.5.29.31", false, distributionPoint(crlURL))]),
    ...(deltaURL === undefined ? [] : [extension("2.5.29.46", false, distributionPoint(deltaURL))]),
    ...(access.length === 0 ? [] : [extension("1.3.6.1.5.5.7.1.1", false, sequence(...access))]),
  ];
  return all;
}

const uri = (url: string): Value => taggedBytes(6, utf8Bytes(url));
export const distributionPoint = (url: string): Value => sequence(sequence(tagged(0, tagged(0, uri(url)))));

/** A CA for one purpose says so: RFC 5280 §4.2.1.12 as a constraint on everything below it. Seals have no purpose of that kind. */
function purposeOf(profile: CertificateProfile): string | undefined {
  if (profile === "root" || profile === "seal-ca" || profile === "regulated-seal") return undefined;
  return profile === "issuing-ca" || profile === "code-signing" ? codeSigning : timeStamping;
}

/** Issuing CAs sign leaves only. */
function basicConstraints(profile: CertificateProfile): Value {
  return profile === "root" ? sequence(truth()) : sequence(truth(), integer(0));
}

export function extension(extnID: string, critical: boolean, value: Value): pkijs.Extension {
  return new pkijs.Extension({ extnID, critical, extnValue: encoded(value).buffer });
}
