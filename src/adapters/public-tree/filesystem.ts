/**
 * The public tree as a folder that any web server can serve.
 *
 * Immutable files are linked into place, so nothing is ever overwritten; a head is compared and renamed over
 * under a lock that processes of one machine share. Temporary names start with a dot, which no public path
 * does.
 */
import type { Stats } from "node:fs";
import { type FileHandle, open, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { equalBytes } from "../../core/encoding/bytes.js";
import { type ByteSource, memorySource } from "../../core/encoding/stream.js";
import { OperationError, quote } from "../../core/errors.js";
import type { OpenPublicFile, PublicTree } from "../../ports/public-tree.js";
import {
  discardTemporary,
  makeFolderDurably,
  openTemporary,
  placeNewFile,
  storeError,
  systemCode,
  writeFileDurably,
} from "../durable-files.js";
import { acquireFileLock } from "../file-lock.js";
import { checkPublicPath } from "./paths.js";

const copyBytes = 1024 * 1024;

/** Creates the folder where it is missing. @throws OperationError STORE_FULL, STORE_FAILED */
export async function openFilesystemTree(root: string): Promise<PublicTree> {
  await makeFolderDurably(root);
  return new FilesystemTree(root);
}

class FilesystemTree implements PublicTree {
  readonly #root: string;
  /** One head at a time in this process; the file lock keeps other processes out. */
  #swapping: Promise<unknown> = Promise.resolve();

  constructor(root: string) {
    this.#root = root;
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    try {
      return new Uint8Array(await readFile(this.#full(path)));
    } catch (cause) {
      if (systemCode(cause) === "ENOENT" || systemCode(cause) === "ENOTDIR") return undefined;
      throw storeError(cause, `reading ${quote(path)}`);
    }
  }

  async open(path: string): Promise<OpenPublicFile | undefined> {
    let handle: FileHandle;
    try {
      handle = await open(this.#full(path), "r");
    } catch (cause) {
      if (["ENOENT", "ENOTDIR", "EISDIR"].includes(systemCode(cause) ?? "")) return undefined;
      throw storeError(cause, `opening ${quote(path)}`);
    }
    try {
      const facts = await handle.stat();
      if (facts.isFile()) return new PublicFile(handle, path, facts);
      await handle.close();
      return undefined;
    } catch (cause) {
      await handle.close();
      throw storeError(cause, `opening ${quote(path)}`);
    }
  }

  async putImmutable(path: string, content: Uint8Array | ByteSource): Promise<void> {
    const full = this.#full(path);
    const source = content instanceof Uint8Array ? memorySource(content) : content;
    await makeFolderDurably(dirname(full));
    const temporary = await openTemporary(dirname(full));
    let placed: boolean;
    try {
      for (let offset = 0; offset < source.length; offset += copyBytes) {
        const chunk = await source.read(offset, Math.min(copyBytes, source.length - offset));
        // Without a position: the handle keeps its own, and writeFile loops until all is written.
        await temporary.handle.writeFile(chunk);
      }
      placed = await placeNewFile(temporary, full);
    } catch (cause) {
      await discardTemporary(temporary);
      throw storeError(cause, `writing ${quote(path)}`);
    }
    if (!placed) await this.#compare(path, source);
  }

  swapHead(path: string, expected: Uint8Array | undefined, next: Uint8Array): Promise<void> {
    const turn = this.#swapping.then(() => this.#swap(path, expected, next));
    this.#swapping = turn.catch(() => undefined);
    return turn;
  }

  async #swap(path: string, expected: Uint8Array | undefined, next: Uint8Array): Promise<void> {
    const full = this.#full(path);
    await makeFolderDurably(dirname(full));
    const unlock = await acquireFileLock(join(this.#root, ".head.lock"));
    try {
      const found = await this.read(path);
      const same = expected === undefined ? found === undefined : found && equalBytes(found, expected);
      if (!same) {
        throw new OperationError("RECORD_CONFLICT", `expected the known head at ${quote(path)}, got another`);
      }
      await writeFileDurably(full, next);
    } finally {
      await unlock();
    }
  }

  /** Something stands at the path already: fine when it is the same, byte for byte. */
  async #compare(path: string, source: ByteSource): Promise<void> {
    const found = await this.read(path);
    let same = found?.length === source.length;
    for (let offset = 0; same && offset < source.length; offset += copyBytes) {
      const chunk = await source.read(offset, Math.min(copyBytes, source.length - offset));
      same = found !== undefined && equalBytes(chunk, found.subarray(offset, offset + chunk.length));
    }
    if (!same) {
      throw new OperationError("RECORD_CONFLICT", `expected the same bytes at ${quote(path)}, got others`);
    }
  }

  #full(path: string): string {
    return join(this.#root, checkPublicPath(path));
  }
}

class PublicFile implements OpenPublicFile {
  readonly length: number;
  readonly mark: string;
  readonly #handle: FileHandle;
  readonly #path: string;

  constructor(handle: FileHandle, path: string, { size, ino, mtimeMs }: Stats) {
    this.#handle = handle;
    this.#path = path;
    this.length = size;
    this.mark = `${ino} ${mtimeMs} ${size}`;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length; ) {
      const into = bytes.subarray(filled);
      const { bytesRead } = await this.#handle.read(into, 0, into.length, offset + filled);
      if (bytesRead === 0) {
        throw new OperationError(
          "STORE_FAILED",
          `expected ${length} bytes at ${offset} of ${quote(this.#path)}, got ${filled}`,
        );
      }
      filled += bytesRead;
    }
    return bytes;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
