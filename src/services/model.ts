/** The documents that the service keeps. Times are `YYYY-MM-DDTHH:MM:SS.sssZ`, ids sort by creation. */
import type { FeedName, ReleaseNumber, Sha256Hex } from "../core/brands.js";
import type { PackFacts } from "../core/format/model.js";
import type { Finding, RuleKind } from "../core/rules/model.js";

/** Who may do what at the desk. */
export const roles = ["analyst", "reviewer", "release-manager", "overseer", "auditor"] as const;
export type Role = (typeof roles)[number];

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
}

export interface FileFacts {
  /** Relative to the ruleset, without its name. */
  readonly path: string;
  readonly sha256: Sha256Hex;
  readonly bytes: number;
}

/** Collection `rulesets`, id = name. */
export interface RulesetRecord {
  readonly name: string;
  readonly kind: RuleKind;
  /** The approved submission whose files are the ruleset's head. */
  readonly head: string | null;
}

/** Collection `submissions`, id = `s-` and twelve digits. */
export interface SubmissionRecord {
  readonly id: string;
  readonly ruleset: string;
  readonly kind: RuleKind;
  readonly author: string;
  readonly message: string;
  readonly createdAt: string;
  /** `refused`: lint found errors, nothing but the findings will ever come of it. */
  readonly state: "open" | "approved" | "rejected" | "refused";
  /** SHA-256 over the canonical JSON of ruleset, kind and files: what an approval binds. */
  readonly digest: Sha256Hex;
  readonly files: readonly FileFacts[];
  readonly rules: number;
  readonly findings: readonly Finding[];
  /** Author's choice: rules with errors are left out, each with its finding, and the rest is taken. */
  readonly leaveOutInvalid: boolean;
  readonly decision: { readonly by: string; readonly at: string; readonly reason: string } | null;
}

/** Collection `feeds`, id = name. */
export interface FeedRecord {
  readonly name: FeedName;
  /** Names of rulesets, or "*" for every ruleset. */
  readonly rulesets: readonly string[] | "*";
  readonly newest: number;
  readonly published: number;
}

/** What a release was made from, frozen at build: also what the overseer asks for. */
export interface ReleaseSources {
  readonly schema: 1;
  readonly revisions: readonly {
    readonly ruleset: string;
    readonly kind: RuleKind;
    readonly submission: string;
    readonly digest: Sha256Hex;
    readonly author: string;
    readonly approvedBy: string;
    readonly approvedAt: string;
    readonly leaveOutInvalid: boolean;
    readonly files: readonly FileFacts[];
  }[];
}

/** A pack, and where its detached CMS is. */
export interface ReleasePack extends PackFacts {
  /** Object that holds the `.p7s`; null until sealed. */
  readonly cmsSha256: Sha256Hex | null;
}

export const releaseStates = ["queued", "built", "signed", "assayed", "sealed", "published", "failed"] as const;
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
  readonly sources: ReleaseSources;
  readonly database: { readonly sha256: Sha256Hex; readonly bytes: number } | null;
  readonly packs: readonly ReleasePack[];
  /** Object that holds the manifest file as it stands (one signature, then two). */
  readonly manifestSha256: Sha256Hex | null;
  /** Object that holds the CMS over the final manifest file. */
  readonly manifestCmsSha256: Sha256Hex | null;
  readonly verdicts: readonly {
    readonly by: string;
    readonly at: string;
    readonly result: "PASSED" | "FAILED";
    readonly explanation: string;
  }[];
  /** Why the next step has not happened yet, for people: `TSA_UNAVAILABLE: …`. Null while nothing is wrong. */
  readonly waitingFor: string | null;
  readonly publishedAt: string | null;
}
