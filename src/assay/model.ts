/** What an overseer works with, and what comes of it. */
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import type { DigestFactory } from "../core/encoding/stream.js";
import type { Codec } from "../core/format/codec.js";
import type { CompilerFacts } from "../core/release/model.js";
import type { CompilerPath } from "../core/trust/attest/verdict.js";
import type { Clock } from "../ports/clock.js";
import type { CompileCache } from "../ports/compile-cache.js";
import type { DatabaseStore } from "../ports/database-store.js";
import type { Fetcher } from "../ports/fetcher.js";
import type { Records } from "../ports/records.js";
import type { RuleWorkers } from "../ports/rule-workers.js";
import type { Signer } from "../ports/signer.js";
import type { SourceArchive } from "../ports/source-archive.js";
import type { StagedReleases } from "../ports/staged-releases.js";
import type { AheadMemory } from "./work-ahead.js";

export interface AssayContext {
  readonly desk: SourceArchive & StagedReleases;
  /** Where the publisher's public tree is, and the root that this overseer pinned. */
  readonly fetcher: Fetcher;
  readonly url: string;
  readonly root: Uint8Array;
  /** The overseer's own: databases it has built, packs it has checked, verdicts it has given. */
  readonly databases: DatabaseStore;
  readonly cache: CompileCache;
  readonly records: Records;
  readonly signer: Signer;
  /** Whose key it is: the overseer's signs the manifest too, any other rebuilder's verdicts alone. */
  readonly party: "overseer" | "rebuilder";
  readonly codec: Codec;
  readonly workers: RuleWorkers;
  readonly digest: DigestFactory;
  readonly compiler: CompilerFacts;
  /** Which implementations judge; at least one. */
  readonly compilers: readonly CompilerPath[];
  readonly clock: Clock;
  /** What was made before the manifest came; absent where nobody works ahead. */
  readonly ahead?: AheadMemory;
  /** One line a step, for whoever watches. */
  readonly onProgress: (line: string) => void;
}

export interface AssayVerdict {
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
  readonly result: "PASSED" | "FAILED";
  /** With FAILED: the first difference, in a sentence. */
  readonly explanation: string;
  /** Of the manifest's canonical signed part, and of the database that it names; null when it could not be read. */
  readonly manifestSha256: string | null;
  readonly databaseSha256: string | null;
  /** One line for each thing that was compared. */
  readonly checks: readonly string[];
}
