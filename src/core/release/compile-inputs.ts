/** What a compilation is given: the sources, threads that parse, and what was remembered from earlier ones. */
import type { Sha256Hex } from "../brands.js";
import type { ByteSource, DigestFactory } from "../encoding/stream.js";
import type { DatabaseSummary } from "../format/model.js";
import type { BlockSink } from "../format/outbox.js";
import type { RuleKind } from "../rules/model.js";
import type { RebuildInputs } from "./rebuild.js";
import type { RunPart } from "./run.js";

interface OpenSource extends ByteSource {
  close(): Promise<void>;
}

/** The compile cache port, as core sees it: anything may be gone. */
export interface CompileMemory {
  open(key: string): Promise<OpenSource | undefined>;
  put(key: string, bytes: Uint8Array): Promise<void>;
}

/** The database store port, as core sees it. */
export interface DatabaseShelf {
  open(sha256: Sha256Hex): Promise<OpenSource | undefined>;
  put(write: (sink: BlockSink) => Promise<DatabaseSummary>, base?: Sha256Hex): Promise<DatabaseSummary>;
}

export interface CompileInputs extends RebuildInputs {
  /** `makeRun` for each part, perhaps on several threads; a parser that failed gives a run that says so. */
  runs(kind: RuleKind, parts: readonly RunPart[]): Promise<Uint8Array[]>;
  readonly memory: CompileMemory;
  readonly databases: DatabaseShelf;
  readonly digest: DigestFactory;
  readonly compilerSha256: Sha256Hex;
  /** A database of an earlier release, from which unchanged parts are taken. */
  readonly base?: Sha256Hex;
}
