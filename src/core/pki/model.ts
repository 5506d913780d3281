/** What a signature policy asks for, and what a verified CMS signature proves. */
import type { Sha256Hex } from "../brands.js";
import type { Certificate } from "./certificate.js";

/** Which certificates and which shape of signer a customer accepts. */
export interface SignaturePolicy {
  readonly schema: 1;
  /** PEM. Pinned apart: an anchor for one purpose is worth nothing for the other. */
  readonly codeSigningAnchors: readonly string[];
  readonly timeStampingAnchors: readonly string[];
  /** Subject country of the signer, exactly one, PrintableString. */
  readonly country: "CH";
  /** Subject organizationName, byte for byte, when given. */
  readonly organization?: string;
  /** `NTRCH-CHE-123.456.789`, when given. */
  readonly organizationIdentifier?: string;
  /** What the signer's certificate is; `code-signing` when absent. A seal needs an organizationIdentifier. */
  readonly profile?: "code-signing" | "regulated-seal";
  /** Of a seal: how its issuer's policies for regulated certificates begin, whole arcs: `2.16.756.1.89`. */
  readonly sealPolicies?: readonly string[];
  /** Of a seal: extended key usages of which it has one, or it has none at all. */
  readonly sealPurposes?: readonly string[];
  /** Without it, `defaultRevocationPolicy`. */
  readonly revocation?: RevocationPolicy;
  /** Experimental: whether a release needs the second signature. Absent: when its manifest announces one. */
  readonly postQuantum?: "required" | "when-announced";
  /** PEM: the ML-DSA-65 keys that may make it. */
  readonly postQuantumKeys?: readonly string[];
  /** Whose rebuilds a release needs, on top of the feed's threshold. Absent: nobody's. */
  readonly rebuilders?: { readonly threshold: number; readonly keys: readonly string[] };
  /** SPEC §5.5.6: the tlog-policy of a log that a release must be in. */
  readonly log?: { readonly policy: string; readonly cosignatureHoursMax?: number } | "not-required-unsafe";
}

/** SPEC §6.8: what must be known about revocation. */
export interface RevocationPolicy {
  /** Without evidence for every certificate of both paths, nothing is accepted. Evidence against one always counts. */
  readonly required: boolean;
  /** The longest time between thisUpdate and nextUpdate of what vouches for the signer's leaf, and for all others. */
  readonly leafDaysMax: number;
  readonly authorityDaysMax: number;
  /** What a compromised signing key has signed: nothing counts any more, or what was stamped before it was compromised does. */
  readonly keyCompromise: "from-its-date" | "refuse-all";
}

/** One line of a verdict, for people and for `--json`. */
export interface NamedCheck {
  readonly name: string;
  /** SPEC or RFC clause that asks for it. */
  readonly clause: string;
  readonly evidence: string;
}

export interface SignerIdentity {
  readonly subject: string;
  readonly issuer: string;
  /** Hexadecimal. */
  readonly serial: string;
  /** `YYYY-MM-DDTHH:MM:SSZ` */
  readonly notBefore: string;
  readonly notAfter: string;
  readonly certificateSha256: Sha256Hex;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
}

/** What a verified CMS signature proves. */
export interface ProvenSignature {
  readonly signer: SignerIdentity;
  readonly timestamp: { readonly time: Date; readonly authority: SignerIdentity; readonly serial: string };
  readonly checks: readonly NamedCheck[];
  /** Revocation data, as they travel, whose signature was found to be good: an endpoint keeps the newest. */
  readonly revocationItems: readonly Uint8Array[];
  /** The signer's, then the authority's; leaf first, anchor last. */
  readonly paths: readonly (readonly Certificate[])[];
}
