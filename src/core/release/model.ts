/** What a release is made from, in the words that publisher, overseer and auditor share. */
import type { EngineRanges } from "../trust/engine-ranges.js";
import type { FeedName, ReleaseNumber, Sha256Hex } from "../brands.js";
import type { RuleKind } from "../rules/model.js";
import type { PostQuantumAnnouncement } from "../trust/model.js";

export interface FileFacts {
  /** Relative to the ruleset, without its name. */
  readonly path: string;
  readonly sha256: Sha256Hex;
  readonly bytes: number;
}

/** The rule that starts at this line of this file is dropped from the compilation. */
export interface LeftOutRule {
  readonly path: string;
  readonly line: number;
}

/** An approved revision of a ruleset: its content, and who answers for it. */
export interface Revision {
  readonly ruleset: string;
  readonly kind: RuleKind;
  readonly submission: string;
  readonly digest: Sha256Hex;
  readonly author: string;
  readonly approvedBy: string;
  readonly approvedAt: string;
  /** Rules with errors are left out and the rest is taken; otherwise any error stops the compilation. */
  readonly leaveOutInvalid: boolean;
  readonly leftOut: readonly LeftOutRule[];
  readonly files: readonly FileFacts[];
}

/**
 * Frozen when a release is queued; revisions in byte order of their ruleset's name, files in byte order of
 * their path.
 */
export interface ReleaseSources {
  readonly schema: 1;
  readonly revisions: readonly Revision[];
}

export interface CompilerFacts {
  readonly name: string;
  readonly version: string;
  readonly sha256: Sha256Hex;
}

export interface DatabaseFacts {
  readonly sha256: Sha256Hex;
  readonly bytes: number;
  /** Rules that people can name, for each kind that has any. */
  readonly rules: Readonly<Partial<Record<RuleKind, number>>>;
}

/**
 * What of a manifest does not follow from its sources and packs. The overseer takes these from the staged
 * manifest and judges them.
 */
export interface ManifestFrame {
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
  readonly createdAt: Date;
  readonly expires: Date;
  readonly compiler: CompilerFacts;
  readonly minimumClient: string;
  readonly previousManifestSha256: Sha256Hex | null;
  readonly restores: ReleaseNumber | null;
  /** SPEC §16.2.1. */
  readonly blocked?: readonly Sha256Hex[];
  /** SPEC §5.4.10. */
  readonly engines?: EngineRanges | undefined;
  readonly postQuantum?: PostQuantumAnnouncement;
}
