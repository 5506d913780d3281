/** The documents that the service keeps. Times are `YYYY-MM-DDTHH:MM:SS.sssZ`, ids sort by creation. */
import type { FeedName, ReleaseNumber, Sha256Hex } from "../core/brands.js";
import type { PackFacts } from "../core/format/model.js";
import type {
  CompilerFacts,
  DatabaseFacts,
  FileFacts,
  LeftOutRule,
  ReleaseSources,
} from "../core/release/model.js";
import type { Finding, RuleKind } from "../core/rules/model.js";
import type { EngineRanges } from "../core/trust/engine-ranges.js";

export type { CompilerFacts, DatabaseFacts, FileFacts, LeftOutRule, ReleaseSources };

/** Who may do what at the desk. A monitor reads measurements and nothing else. */
export const roles = [
  "analyst",
  "reviewer",
  "release-manager",
  "overseer",
  "rebuilder",
  "auditor",
  "monitor",
] as const;
export type Role = (typeof roles)[number];
/** Those who may read what is at the desk. */
export const deskRoles = roles.filter((role) => role !== "monitor");

/** The person or machine behind a request. */
export interface Identity {
  readonly name: string;
  readonly roles: readonly Role[];
}

/** Collection `tokens`, id = SHA-256 of the token in hexadecimal. */
export interface TokenRecord {
  readonly identity: Identity;
  readonly createdAt: string;
  readonly revokedAt: string | null;
  /** What it is for. Absent in records of earlier versions, like all that follow. */
  readonly label?: string;
  /** Null: never. */
  readonly expiresAt?: string | null;
  /** Digest of the token that it was made with, and with which it ends; null for those of `init`. */
  readonly parent?: string | null;
}

/** Collection `rulesets`, id = name; made by the first approval, which settles the kind. */
export interface RulesetRecord {
  readonly name: string;
  readonly kind: RuleKind;
  /** The approved submission whose files are the ruleset's head. */
  readonly head: string | null;
  /** Of the head, or of the last one before it that said. */
  readonly licence?: string | null;
  readonly source?: string | null;
}

/** Somebody's yes to exactly the digest of the submission. */
export interface Approval {
  readonly by: string;
  readonly at: string;
  readonly reason: string;
  /** Given outside the ruleset's rules of review, because there was no time for them. */
  readonly emergency: boolean;
}

/** Collection `ruleset-revisions`, id = ruleset, `/` and submission: everything that was ever a head. */
export interface RulesetRevision {
  readonly submission: string;
  /** The head before it. */
  readonly previous: string | null;
}

/** Collection `quarantine`, id = ruleset, `/` and SHA-256 of the rule's id: what is left out until it is lifted. */
export interface QuarantineRecord {
  readonly ruleset: string;
  readonly rule: string;
  readonly by: string;
  readonly at: string;
  readonly reason: string;
  /** The submission that left it out first. */
  readonly submission: string;
}

/** Collection `comments`, id = submission, `/` and four digits. */
export interface CommentRecord {
  readonly submission: string;
  readonly by: string;
  readonly at: string;
  readonly text: string;
  readonly path: string | null;
  readonly line: number | null;
}

/**
 * A `draft` is for its author and whoever is asked; it becomes `open`, when nothing is wrong with it. `refused`: lint found errors, nothing
 * but the findings will ever come of it. `withdrawn`: by its author, or because another one took its place.
 */
export const submissionStates = ["draft", "open", "approved", "rejected", "refused", "withdrawn"] as const;
export type SubmissionState = (typeof submissionStates)[number];

/** Collection `submissions`, id = `s-` and twelve digits. */
export interface SubmissionRecord {
  readonly id: string;
  readonly ruleset: string;
  readonly kind: RuleKind;
  readonly author: string;
  readonly message: string;
  readonly createdAt: string;
  readonly state: SubmissionState;
  /** SHA-256 over the canonical JSON of what would be compiled: what an approval binds. */
  readonly digest: Sha256Hex;
  readonly files: readonly FileFacts[];
  readonly rules: number;
  readonly findings: readonly Finding[];
  /** Author's choice: rules with errors are left out, each with its finding, and the rest is taken. */
  readonly leaveOutInvalid: boolean;
  /** Rules that only an engine refuses: our parser took them, so the compiler is told which to drop. */
  readonly leftOut: readonly LeftOutRule[];
  readonly decision: { readonly by: string; readonly at: string; readonly reason: string } | null;
  /** The ruleset's head when it was made. Absent in records of earlier versions, like all that follow. */
  readonly base?: string | null;
  /** Made of the head's files and some changes: it is worth nothing on another head. */
  readonly patch?: boolean;
  /** Under what terms, and from where the rules were taken: kept with whatever becomes of them. */
  readonly licence?: string | null;
  readonly source?: string | null;
  /** Object with the ids of its rules, for the lint of other rulesets; null for indicators. */
  readonly idsSha256?: Sha256Hex | null;
  /** Those that do not decide yet, and those that did. */
  readonly approvals?: readonly Approval[];
}

/** Collection `feeds`, id = name. */
export interface FeedRecord {
  readonly name: FeedName;
  /** Names of rulesets, or "*" for every ruleset. */
  readonly rulesets: readonly string[] | "*";
  readonly newest: number;
  readonly published: number;
}

/** Collection `rebuilds`, id = that of the release, `/` and four digits, in the order in which verdicts came. */
export interface RebuildRecord {
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
  readonly by: string;
  readonly at: string;
  readonly result: "PASSED" | "FAILED";
  readonly explanation: string;
  /** Of the rebuilder's public key, and of the manifest's signed part. */
  readonly keySha256: Sha256Hex;
  readonly signedSha256: Sha256Hex;
  /** Object that holds the signed verdict. */
  readonly envelopeSha256: Sha256Hex;
  /** Of the source map that it names. */
  readonly sourceMapSha256?: Sha256Hex;
}

/** What a gate said about a compiled release. */
export interface GateResult {
  readonly gate: string;
  /** `WAIVED`: it failed, and whoever ordered the release had said that it may. */
  readonly result: "PASSED" | "FAILED" | "WAIVED";
  readonly detail: string;
  readonly seconds: number;
  /** Rules that made it fail. */
  readonly rules: readonly string[];
}

/** A pack, and where its detached CMS is. */
export interface ReleasePack extends PackFacts {
  /** Object that holds the `.p7s`; null until sealed. */
  readonly cmsSha256: Sha256Hex | null;
}

/**
 * queued → built (database and packs are there) → signed (manifest, publisher's signature) → assayed
 * (overseer's too) → sealed (CMS and time-stamps) → logged (in the public log, cosigned by witnesses) → published. A failed release was never public; its number is
 * taken again only when no manifest was signed under it.
 */
export const releaseStates = [
  "queued",
  "built",
  "signed",
  "assayed",
  "sealed",
  "logged",
  "published",
  "failed",
] as const;
export type ReleaseState = (typeof releaseStates)[number];

/** Collection `releases`, id = `<feed>/` and the release number in ten digits. */
export interface ReleaseRecord {
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
  readonly state: ReleaseState;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly reason: string;
  /** Set when this release restores the content of an older one. */
  readonly restores: ReleaseNumber | null;
  /** Databases that this release recalls (SPEC §16.2.1). */
  readonly blocks?: readonly Sha256Hex[];
  /** The newest published release when this one was queued: the one before it in the chain of manifests. */
  readonly previous: ReleaseNumber | null;
  /** Object that holds the `ReleaseSources` as canonical JSON: what the overseer asks for. */
  readonly sourcesSha256: Sha256Hex;
  /** Digest of the part of the sources that determines the database. */
  readonly sourceTreeSha256: Sha256Hex;
  /** What compiled it; null until built. A release with the same sources and compiler reuses the database. */
  readonly compiler: CompilerFacts | null;
  readonly database: DatabaseFacts | null;
  readonly packs: readonly ReleasePack[];
  /** Object that holds the manifest file as it stands (one signature, then two). */
  readonly manifestSha256: Sha256Hex | null;
  /** What its manifest asks of the engines that load it; absent: nothing. */
  readonly engines?: EngineRanges;
  /** Object that holds the builder's provenance, in its envelope. */
  readonly provenanceSha256?: Sha256Hex;
  /** Object that holds the CMS over the final manifest file. */
  readonly manifestCmsSha256: Sha256Hex | null;
  /** Object that holds the second signature over the same file, when the manifest announces one. */
  readonly manifestMldsaSha256?: Sha256Hex;
  /** Object that holds the signatures over the files that ClamAV loads, when they were made. */
  readonly clamavSignaturesSha256?: Sha256Hex;
  /** Object that holds the evidence document, from `logged` on. */
  readonly evidenceSha256?: Sha256Hex;
  /** Entries of the log under the checkpoint that the evidence shows. */
  readonly logTreeSize?: number;
  /** What the gates said; absent until they ran, and in records of earlier versions. */
  readonly gates?: readonly GateResult[];
  /** Gates that whoever ordered the release said may fail. */
  readonly waived?: readonly string[];
  readonly verdicts: readonly {
    readonly by: string;
    readonly at: string;
    readonly result: "PASSED" | "FAILED";
    readonly explanation: string;
  }[];
  /**
   * Who asked for publication; a release that waits for an HSM or a time-stamp goes on by itself from here.
   */
  readonly publication: { readonly by: string; readonly at: string } | null;
  /**
   * Why the next step has not happened yet, for people: `TSA_UNAVAILABLE: …`. Null while nothing is wrong.
   */
  readonly waitingFor: string | null;
  /** When the scheduler tries again, and how often it has. Null: not before a person asks (a wrong PIN). */
  readonly retry: { readonly at: string; readonly attempts: number } | null;
  readonly publishedAt: string | null;
}

/**
 * Collection `publication`, id = `current`: what the public tree's head says, and what is being written to
 * the tree.
 */
export interface PublicationRecord extends PublishedState {
  /** Decided and not yet known to be in the tree. It is written again, the same, until it is. */
  readonly pending: PendingPublication | null;
}

export interface PublishedState {
  readonly rootVersion: number;
  /** Metadata files and the objects that hold them. Null only before the first publication. */
  readonly snapshot: MetadataObject | null;
  readonly timestamp: MetadataObject | null;
  /** The newest file of every role that a snapshot lists: `targets` and the feeds. */
  readonly files: readonly PublishedFile[];
}

export interface MetadataObject {
  readonly version: number;
  readonly sha256: Sha256Hex;
}

export interface PublishedFile extends MetadataObject {
  readonly role: string;
}

export interface PendingPublication extends PublishedState {
  /** Immutable files in the order in which they are written, the snapshot last. */
  readonly writes: readonly TreeWrite[];
}

export interface TreeWrite {
  readonly path: string;
  readonly sha256: Sha256Hex;
}
