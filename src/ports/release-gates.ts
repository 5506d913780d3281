import type { ExportedFile, RuleKind } from "../core/rules/model.js";

/** What one engine says of a release, in the files that an endpoint would load. */
export interface EngineTrial {
  /** Name and version; null where nothing of the kind is installed here. */
  readonly engine: string | null;
  /** Why the files do not load; empty when they do. Each names its rule where the engine does. */
  readonly refusals: readonly TrialFinding[];
  readonly loadSeconds: number;
  /** Rules that had to match a sample and did not. */
  readonly missed: readonly TrialFinding[];
  readonly samples: number;
  readonly sampleSeconds: number;
  /** Rules that matched a clean file; without a rule, why the scan proves nothing. */
  readonly hits: readonly TrialFinding[];
  /** Those that were looked at. */
  readonly cleanFiles: number;
  readonly cleanSeconds: number;
}

export interface TrialFinding {
  readonly rule: string | null;
  readonly message: string;
}

export interface TrialInput {
  readonly kind: RuleKind;
  readonly files: Iterable<ExportedFile>;
  /** Whether a file of this path and SHA-256 differs from what the last release had; only such files are held against clean files. */
  readonly isChanged: (path: string, sha256: string) => boolean;
  /** Rules whose samples are not asked about. */
  readonly without: ReadonlySet<string>;
}

/** A clean file's digests, hexadecimal. */
export interface CleanFile {
  readonly path: string;
  readonly digests: readonly string[];
}

/**
 * Tries a release where it cannot do harm. Rules are hostile until they are approved and may be wrong afterwards: every run has a time limit
 * and a folder of its own, and an engine that dies is a refusal, not an error.
 *
 * @throws OperationError STORE_FULL, STORE_FAILED
 */
export interface ReleaseGates {
  tryKind(input: TrialInput): Promise<EngineTrial>;
  /** Seconds that the engine takes to load the files, now; null where it is not installed or does not load them. */
  loadSeconds(input: Pick<TrialInput, "kind" | "files">): Promise<number | null>;
  /** Ids of rules that the operator's samples ask for. */
  wantedRules(kind: RuleKind): Promise<readonly string[]>;
  cleanFiles(): AsyncIterable<CleanFile>;
}
