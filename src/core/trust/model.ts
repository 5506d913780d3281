/** Typed views of what a verified publication says. */
import type { EngineRanges } from "./engine-ranges.js";
import type { FeedName, ReleaseNumber, Sha256Hex } from "../brands.js";
import type { PackFacts } from "../format/model.js";
import type { ProvenEntry } from "../log/verify-checkpoint.js";
import type { NamedCheck, ProvenSignature } from "../pki/model.js";
import type { RuleKind } from "../rules/model.js";

export type { NamedCheck, ProvenSignature, SignaturePolicy, SignerIdentity } from "../pki/model.js";

/** A TUF public key (TUF 1.0.34 §4.2). `public`: PEM SubjectPublicKeyInfo for ecdsa and rsa, 64 hex digits for ed25519. */
export interface TUFKey {
  readonly keytype: "ed25519" | "ecdsa" | "rsa";
  readonly scheme: "ed25519" | "ecdsa-sha2-nistp256" | "rsassa-pss-sha256";
  readonly keyval: { readonly public: string };
}

/** The signed `x-rulemint` block of a manifest. */
export interface ManifestBlock {
  readonly schema: 1;
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
  /** `YYYY-MM-DDTHH:MM:SSZ` */
  readonly createdAt: string;
  readonly database: {
    readonly sha256: Sha256Hex;
    readonly bytes: number;
    readonly rules: Readonly<Partial<Record<RuleKind, number>>>;
  };
  /** Digest of the canonical source list: every revision and every file in it. */
  readonly sourceTreeSha256: Sha256Hex;
  readonly compiler: { readonly name: string; readonly version: string; readonly sha256: Sha256Hex };
  /** SHA-256 of the previous manifest file, bytes as served; null for release 1. */
  readonly previousManifestSha256: Sha256Hex | null;
  readonly minimumClient: string;
  /** Digest of the canonical list of approvals: who approved which submission. */
  readonly approvalsSha256: Sha256Hex;
  /** Set when the release was made to restore older content. */
  readonly restores?: ReleaseNumber;
  /** SPEC §16.2.1: databases that no endpoint is to use any more; newest last. */
  readonly blocked?: readonly Sha256Hex[];
  /** SPEC §5.4.10: what the engines have to be that load this release. */
  readonly engines?: EngineRanges;
  /** Experimental: set when the evidence holds a second signature, and by which key. */
  readonly postQuantum?: PostQuantumAnnouncement;
}

export interface PostQuantumAnnouncement {
  readonly scheme: "ml-dsa-65";
  /** Of the key's SubjectPublicKeyInfo. */
  readonly keySha256: Sha256Hex;
}

/** A parsed manifest: the TUF targets metadata of a feed's role. */
export interface Manifest {
  readonly version: ReleaseNumber;
  readonly expires: string;
  readonly block: ManifestBlock;
  readonly packs: readonly PackFacts[];
}

/** Everything about a release that has been proven; nothing in it is taken on trust. */
export interface ProvenRelease {
  readonly feed: FeedName;
  readonly manifest: Manifest;
  readonly manifestSha256: Sha256Hex;
  /** Key ids that signed the manifest and count toward the threshold. */
  readonly signedBy: readonly string[];
  readonly signature: ProvenSignature;
  /** Where it stands in the log, when the policy asks for one. */
  readonly log?: ProvenEntry;
  readonly checks: readonly NamedCheck[];
}
