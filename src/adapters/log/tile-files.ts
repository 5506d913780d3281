/**
 * Tiles as files below a folder that any web server can serve. A file appears whole and is never changed: the same place in a
 * growing log always has the same bytes. Many are written side by side, and each folder is flushed once.
 */
import { readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { OperationError, quote } from "../../core/errors.js";
import { tilePath, tileWidth } from "../../core/log/tiles.js";
import type { Tile } from "../../core/log/growing-tree.js";
import {
  discardTemporary,
  makeFolderDurably,
  openTemporary,
  storeError,
  sweepTemporaries,
  syncFolder,
  systemCode,
  writeFileDurably,
} from "../durable-files.js";

const atOnce = 16;

/** Where the world reads a log. What was written is durable when a call returns. @throws OperationError STORE_FULL, STORE_FAILED */
export interface TilePlace {
  /** Clears away what a crash left. */
  prepare(): Promise<void>;
  /** A tile, a bundle or the checkpoint. */
  read(name: string): Promise<Uint8Array | undefined>;
  write(tiles: readonly Tile[]): Promise<void>;
  /** Partial tiles of places that are full now may go. */
  removePartials(tiles: readonly Tile[]): Promise<void>;
  /** The checkpoint. */
  replace(name: string, note: Uint8Array): Promise<void>;
}

export class TileFiles implements TilePlace {
  readonly #folder: string;
  /** Folders that this process has cleared of what a crash left. */
  readonly #swept = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async prepare(): Promise<void> {
    await makeFolderDurably(this.#folder);
    await sweepTemporaries(this.#folder, 0);
  }

  replace(name: string, note: Uint8Array): Promise<void> {
    return writeFileDurably(join(this.#folder, name), note);
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    try {
      return new Uint8Array(await readFile(join(this.#folder, name)));
    } catch (cause) {
      if (systemCode(cause) === "ENOENT" || systemCode(cause) === "ENOTDIR") return undefined;
      throw storeError(cause, `reading ${quote(name)} of the log`);
    }
  }

  /** All of them are durable when it returns. @throws OperationError STORE_FULL, STORE_FAILED */
  async write(tiles: readonly Tile[]): Promise<void> {
    const paths = tiles.map((tile) => join(this.#folder, tilePath(tile)));
    const folders = new Set(paths.map((path) => dirname(path)));
    for (const folder of folders) await this.#prepare(folder);
    for (let at = 0; at < tiles.length; at += atOnce) {
      const some = tiles.slice(at, at + atOnce);
      await allOf(some.map((tile, i) => place(paths[at + i] as string, tile.bytes)));
    }
    for (const folder of folders) await syncFolder(folder);
  }

  /** Partial tiles of places that are full now. Whoever still wants one finds its hashes in the full one. */
  async removePartials(tiles: readonly Tile[]): Promise<void> {
    for (const tile of tiles.filter(({ width }) => width === tileWidth)) {
      await rm(join(this.#folder, `${tilePath(tile)}.p`), { recursive: true, force: true });
    }
  }

  async #prepare(folder: string): Promise<void> {
    if (this.#swept.has(folder)) return;
    await makeFolderDurably(folder);
    await sweepTemporaries(folder, 0);
    this.#swept.add(folder);
  }
}

async function place(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = await openTemporary(dirname(path));
  try {
    await temporary.handle.writeFile(bytes);
    await temporary.handle.sync();
    await temporary.handle.close();
    await rename(temporary.path, path);
  } catch (cause) {
    await discardTemporary(temporary);
    throw storeError(cause, `writing ${quote(path)}`);
  }
}

/** Waits for every one, then throws the first error: nothing is left under way behind the caller's back. */
async function allOf(work: readonly Promise<void>[]): Promise<void> {
  const settled = await Promise.allSettled(work);
  const failed = settled.find((one) => one.status === "rejected");
  if (failed === undefined) return;
  throw failed.reason instanceof OperationError
    ? failed.reason
    : storeError(failed.reason, "writing tiles of the log");
}
