/**
 * The endpoint's disk. Five small interfaces, for what must never be lost, what may be lost at any time, the databases,
 * what the engines read, and how often they were started. Names are plain file names: lower-case letters, digits, dots and hyphens.
 */
import type { ByteSink } from "../core/encoding/stream.js";
import type { ExportedFile } from "../core/rules/model.js";
import type { OpenObject } from "./object-store.js";

/**
 * Small files, read whole and replaced whole. A write is durable when it returns; a reader, or the next start after a power
 * cut, sees the old bytes or the new ones. @throws OperationError STORE_FULL, STORE_FAILED; the old bytes stay
 */
export interface EndpointFiles {
  /** Undefined when there is no such file. */
  read(name: string): Promise<Uint8Array | undefined>;
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Durable. No error when there is no such file. */
  remove(name: string): Promise<void>;
}

/** A file that grows at its end. */
export interface ScratchFile extends ByteSink {
  /** Flushes and closes: what was written survives a power cut. */
  close(): Promise<void>;
}

/** Downloads and databases in the making. Nothing in it is trusted, and any of it may be gone or torn at the next start. */
export interface EndpointScratch {
  open(name: string): Promise<OpenObject | undefined>;
  /** Writes at the end of the file, which is created when it does not exist. @throws OperationError STORE_FULL, STORE_FAILED */
  append(name: string): Promise<ScratchFile>;
  /** Removes every file whose name `keep` does not hold. */
  prune(keep: (name: string) => boolean): Promise<void>;
}

/** The database in use and the one before it. From the first `install` on there is a database at every instant. */
export interface EndpointDatabases {
  open(which: "database" | "previous"): Promise<OpenObject | undefined>;
  /**
   * Turns a closed scratch file into `database`; with `keep`, the one that was in use becomes `previous`. Durable. After a
   * crash either nothing happened, or `previous` is a second name of the database in use, or all of it happened.
   */
  install(scratch: string, keep: boolean): Promise<void>;
  /** Turns `previous` into `database`; then there is no `previous`. Durable. */
  restore(): Promise<void>;
}

/** What engines read. */
export interface EndpointExports {
  /** The endpoint's own, where there is one. */
  readonly folder: string;
  /**
   * Makes `folder` hold exactly these files, all at one instant and durably: an engine sees the old files or the new ones.
   * Undefined is the endpoint's own folder. @throws OperationError STORE_FULL, STORE_FAILED; UsageError USAGE when something
   * that we did not write stands at `folder`. `inspect` sees the whole folder before any engine does; when it throws, all stays as it was
   */
  replace(
    folder: string | undefined,
    files: Iterable<ExportedFile> | AsyncIterable<ExportedFile>,
    inspect?: (folder: string) => Promise<void>,
  ): Promise<{ files: number; bytes: number }>;
  /** Whether what `replace` put there still is. @throws OperationError STORE_FAILED */
  isThere(folder: string): Promise<boolean>;
}

/**
 * How often engines were started. Beside the store's lock: changes exclude each other among all processes, take as long as a small file
 * takes, and are durable when they return. @throws OperationError STORE_FULL, STORE_FAILED, STATE_LOCKED
 */
export interface EndpointBoots {
  read(): Promise<Uint8Array | undefined>;
  /** `next` answers undefined to leave all as it is. */
  change(next: (now: Uint8Array | undefined) => Promise<Uint8Array | undefined>): Promise<void>;
}

export interface EndpointStore {
  readonly files: EndpointFiles;
  readonly scratch: EndpointScratch;
  readonly databases: EndpointDatabases;
  readonly exports: EndpointExports;
  readonly boots: EndpointBoots;
  /**
   * Exclusive among all processes of the machine, freed by the death of its holder. Clears away what a crash left behind.
   * @throws OperationError STATE_LOCKED at once when somebody else holds it
   */
  lock(): Promise<() => Promise<void>>;
}
