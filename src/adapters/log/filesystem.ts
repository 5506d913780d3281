/**
 * A log in two places: `files` is what the world reads (tiles, bundles, checkpoint), `state` is a folder of ours alone (journal, lock, the
 * newest checkpoint that was signed).
 *
 * An entry is durable once the journal is flushed, and only then acknowledged. Tiles follow: full ones now and then, partial
 * ones when a checkpoint is wanted. Only then does the journal begin anew. What is read at the start is compared with what was
 * signed before: a log that could contradict itself is not opened.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { equalBytes } from "../../core/encoding/bytes.js";
import type { DigestFactory } from "../../core/encoding/stream.js";
import { OperationError, VerificationError, quote } from "../../core/errors.js";
import { type TreeHead, parseCheckpoint } from "../../core/log/checkpoint.js";
import { entryBytesMax, formatBundle } from "../../core/log/entries.js";
import type { GrowingTree, Tile } from "../../core/log/growing-tree.js";
import { treeRoot } from "../../core/log/make-proof.js";
import { parseNote } from "../../core/log/note.js";
import { tileReader, treeFromFullTiles } from "../../core/log/read-log.js";
import { checkpointName, partialTiles, tileNodes, tilePath, tileWidth } from "../../core/log/tiles.js";
import type { LogHead, LogStore } from "../../ports/log-store.js";
import {
  makeFolderDurably,
  storeError,
  sweepTemporaries,
  systemCode,
  writeFileDurably,
} from "../durable-files.js";
import { type Unlock, acquireFileLock } from "../file-lock.js";
import { Journal } from "./journal.js";
import { TileFiles, type TilePlace } from "./tile-files.js";

export interface LogFolders {
  /** What the world reads: a folder, for example `public/log`, or where else tiles are kept. */
  readonly files: string | TilePlace;
  /** What nobody else reads. */
  readonly state: string;
  readonly digest: DigestFactory;
}

const journalName = "journal";
/** Of one batch. */
const batchMax = { entries: 4096, bytes: 4 * 1024 * 1024 };
/** Full bundles that wait in memory until they are written as files. */
const waitingBundlesMax = 64;

/** @throws OperationError STATE_LOCKED when another process writes this log; LOG_CORRUPT, STORE_FULL, STORE_FAILED */
export async function openFilesystemLog({ files, state, digest }: LogFolders): Promise<LogStore> {
  await makeFolderDurably(state);
  const tiles = typeof files === "string" ? new TileFiles(files) : files;
  const unlock = await acquireFileLock(join(state, "lock"), { tries: 1 });
  let open: Journal | undefined;
  try {
    await sweepTemporaries(state, 0);
    await tiles.prepare();
    const readTile = tileReader((name) => tiles.read(name));
    const found = await Journal.open(join(state, journalName));
    open = found?.journal;
    if (found === undefined && (await tiles.read(tilePath({ level: 0, index: 0, width: tileWidth })))) {
      throw new OperationError(
        "LOG_CORRUPT",
        `expected a journal in ${quote(state)} beside the log's tiles, got none`,
      );
    }
    const first = found?.first ?? 0;
    const tree = await treeFromFullTiles(first, readTile, digest);
    const journal = open ?? (await Journal.create(join(state, journalName), 0, []));
    open = journal;
    const log = new FilesystemLog({ state, tiles, tree, journal, unlock });
    log.replay(found?.entries ?? []);
    await log.requireSigned();
    return log;
  } catch (cause) {
    await open?.close();
    await unlock();
    throw cause;
  }
}

interface Parts {
  readonly state: string;
  readonly tiles: TilePlace;
  readonly tree: GrowingTree;
  readonly journal: Journal;
  readonly unlock: Unlock;
}

interface Waiting {
  readonly entries: readonly Uint8Array[];
  readonly done: (index: number) => void;
  readonly failed: (error: unknown) => void;
}

class FilesystemLog implements LogStore {
  readonly #parts: Omit<Parts, "journal">;
  #journal: Journal;
  /** Entries behind the last full bundle. */
  #partial: Uint8Array[] = [];
  /** Full tiles and bundles that are not files yet. */
  #unwritten: Tile[] = [];
  #waiting: Waiting[] = [];
  /** A turn is under way, or due, for those that wait. */
  #awake = false;
  #turn: Promise<void> = Promise.resolve();
  #over: OperationError | undefined;

  constructor({ journal, ...parts }: Parts) {
    this.#parts = parts;
    this.#journal = journal;
  }

  replay(entries: readonly Uint8Array[]): void {
    for (const entry of entries) this.#grow(entry);
  }

  get size(): number {
    return this.#parts.tree.size;
  }

  readonly read = (name: string): Promise<Uint8Array | undefined> => this.#parts.tiles.read(name);

  async append(entries: readonly Uint8Array[]): Promise<number> {
    requireFits(entries);
    return new Promise((done, failed) => {
      this.#waiting.push({ entries, done, failed });
      this.#wake();
    });
  }

  settle(): Promise<TreeHead> {
    return this.#inTurn(async () => {
      await this.#writeFull();
      const { tree, tiles } = this.#parts;
      const size = tree.size;
      const bundle = partialTiles(size).find(({ level }) => level === "entries");
      const edge = tree.partials();
      await tiles.write(
        bundle === undefined ? edge : [{ ...bundle, bytes: formatBundle(this.#partial) }, ...edge],
      );
      return tree.head();
    });
  }

  async readHead(head: LogHead): Promise<Uint8Array | undefined> {
    const { tiles, state } = this.#parts;
    if (head === "checkpoint") return tiles.read(checkpointName);
    try {
      return new Uint8Array(await readFile(join(state, head)));
    } catch (cause) {
      if (systemCode(cause) === "ENOENT") return undefined;
      throw storeError(cause, `reading the head ${head}`);
    }
  }

  writeHead(head: LogHead, note: Uint8Array): Promise<void> {
    const { tiles, state } = this.#parts;
    return this.#inTurn(() =>
      head === "checkpoint" ? tiles.replace(checkpointName, note) : writeFileDurably(join(state, head), note),
    );
  }

  async close(): Promise<void> {
    if (this.#over === closed) return;
    do await this.#turn;
    while (this.#awake);
    this.#over = closed;
    await this.#journal.close();
    await this.#parts.unlock();
  }

  /** SPEC §11.8.2: what our key has signed must be the beginning of what is here. @throws OperationError LOG_CORRUPT */
  async requireSigned(): Promise<void> {
    const bytes = await this.readHead("signed");
    if (bytes === undefined) return;
    const signed = parseCheckpoint(parseNote(bytes).text);
    const { size } = this.#parts.tree;
    if (signed.size > size) throw corrupt(`${signed.size} entries, as were signed`, String(size));
    // Entries that the journal brought back are not in tiles yet.
    await this.settle();
    const root = await treeRoot(signed.size, tileNodes(size, tileReader(this.read)));
    if (!equalBytes(root, signed.root))
      throw corrupt(`the root that was signed at ${signed.size}`, "another");
  }

  /**
   * One turn for all that wait, and one batch a turn: however fast others append, nobody queues behind every one of them, and whoever
   * wants a checkpoint gets it.
   */
  #wake(): void {
    if (this.#awake || this.#waiting.length === 0) return;
    this.#awake = true;
    this.#inTurn(() => this.#appendBatch(this.#takeBatch()))
      .catch((error) => {
        // Those of the batch know already. A log that is over takes nothing any more.
        if (this.#over !== undefined) for (const { failed } of this.#waiting.splice(0)) failed(error);
      })
      .finally(() => {
        this.#awake = false;
        this.#wake();
      });
  }

  async #appendBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      if (this.#unwritten.length > waitingBundlesMax * 2) await this.#writeFull();
      const first = this.#parts.tree.size;
      const entries = batch.flatMap((one) => one.entries);
      await this.#journal.append(first, entries);
      let index = first;
      for (const entry of entries) this.#grow(entry);
      for (const { done, entries } of batch) {
        done(index);
        index += entries.length;
      }
    } catch (error) {
      for (const { failed } of batch) failed(error);
      throw error;
    }
  }

  /** One caller's entries are never parted. */
  #takeBatch(): Waiting[] {
    let [entries, bytes, taken] = [0, 0, 0];
    for (const one of this.#waiting) {
      entries += one.entries.length;
      bytes += one.entries.reduce((sum, entry) => sum + entry.length, 0);
      if (taken > 0 && (entries > batchMax.entries || bytes > batchMax.bytes)) break;
      taken++;
    }
    return this.#waiting.splice(0, taken);
  }

  #grow(entry: Uint8Array): void {
    const { tree } = this.#parts;
    this.#partial.push(entry);
    this.#unwritten.push(...tree.append(entry));
    if (this.#partial.length < tileWidth) return;
    const index = tree.size / tileWidth - 1;
    this.#unwritten.push({ level: "entries", index, width: tileWidth, bytes: formatBundle(this.#partial) });
    this.#partial = [];
  }

  /** Full tiles become files; then the journal begins anew behind them. */
  async #writeFull(): Promise<void> {
    if (this.#unwritten.length === 0) return;
    const { tiles, tree, state } = this.#parts;
    await tiles.write(this.#unwritten);
    const next = await Journal.create(
      join(state, journalName),
      tree.size - this.#partial.length,
      this.#partial,
    );
    const [before, written] = [this.#journal, this.#unwritten];
    this.#journal = next;
    this.#unwritten = [];
    await before.close();
    await tiles.removePartials(written);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      if (this.#over !== undefined) throw this.#over;
      try {
        return await work();
      } catch (error) {
        if (error instanceof OperationError && error.code === "STORE_FAILED") this.#over = error;
        throw error;
      }
    });
    this.#turn = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }
}

/** @throws VerificationError LOG_ENTRY_TOO_LARGE */
function requireFits(entries: readonly Uint8Array[]): void {
  const longest = Math.max(...entries.map(({ length }) => length), -1);
  const bytes = entries.reduce((sum, { length }) => sum + 2 + length, 0);
  if (longest >= 0 && longest <= entryBytesMax && bytes <= batchMax.bytes) return;
  const limits = `of at most ${entryBytesMax} bytes, and ${batchMax.bytes} together`;
  throw new VerificationError(
    "LOG_ENTRY_TOO_LARGE",
    `expected entries ${limits}, got ${entries.length} of ${bytes}`,
  );
}

const closed = new OperationError("STORE_FAILED", "expected an open log, got a closed one");

function corrupt(expected: string, got: string): OperationError {
  return new OperationError("LOG_CORRUPT", `expected ${expected}, got ${got}`);
}
