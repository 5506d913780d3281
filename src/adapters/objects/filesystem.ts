/**
 * Objects as files: `<root>/a/<sha256>`, read-only. Sixteen folders hold millions, and are few enough that objects which arrive together
 * share their flushes.
 *
 * Bytes are digested while they are written under a temporary name in `<root>/incoming`; only a flushed,
 * complete file is ever renamed to its digest. A file found under its digest is trusted to hold it: whoever
 * may write to this folder may break the service, never a release, because packs and databases are compared
 * with signed digests.
 */
import { createHash } from "node:crypto";
import { type FileHandle, open, readdir, rename, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Sha256Hex, sha256Hex } from "../../core/brands.js";
import { OperationError, quote } from "../../core/errors.js";
import type { ObjectStore, OpenObject } from "../../ports/object-store.js";
import {
  type TemporaryFile,
  discardTemporary,
  makeFolderDurably,
  openTemporary,
  replaceFile,
  storeError,
  sweepTemporaries,
  syncFolder,
  systemCode,
} from "../durable-files.js";

/** Up to here an object is held in memory until its digest is known: it may be there already. */
const heldBytesMax = 256 * 1024;
const readOnly = 0o444;
const folders = [..."0123456789abcdef"];

/**
 * Creates the folder where it is missing and removes what old crashes left.
 * @throws OperationError STORE_FULL, STORE_FAILED
 */
export async function openFilesystemObjects(root: string): Promise<ObjectStore> {
  const incoming = join(root, "incoming");
  await Promise.all([incoming, ...folders.map((name) => join(root, name))].map(makeFolderDurably));
  await sweepTemporaries(incoming);
  await moveFromTwoLevels(root);
  return new FilesystemObjects(root, incoming);
}

class FilesystemObjects implements ObjectStore {
  readonly #root: string;
  readonly #incoming: string;

  constructor(root: string, incoming: string) {
    this.#root = root;
    this.#incoming = incoming;
  }

  async put(
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<{ sha256: Sha256Hex; bytes: number }> {
    const digest = createHash("sha256");
    const held: Uint8Array[] = [];
    let temporary: TemporaryFile | undefined;
    let bytes = 0;
    try {
      for await (const chunk of chunks) {
        digest.update(chunk);
        bytes += chunk.length;
        if (temporary === undefined && bytes <= heldBytesMax) {
          // A copy: the caller may use its array again.
          held.push(chunk.slice());
          continue;
        }
        temporary ??= await this.#begin(held.splice(0));
        await writeAll(temporary.handle, chunk);
      }
      const sha256 = sha256Hex(digest.digest("hex"));
      const [folder, path] = this.#place(sha256);
      if (temporary === undefined && (await isPlaced(path, bytes))) {
        // Whoever placed it may have died before flushing the folder.
        await syncFolder(folder);
        return { sha256, bytes };
      }
      temporary ??= await this.#begin(held);
      // What may stand there already is the same.
      await replaceFile(temporary, path);
      return { sha256, bytes };
    } catch (cause) {
      if (temporary !== undefined) await discardTemporary(temporary);
      // What the caller's stream throws is the caller's and passes through; the file system's errors have names.
      throw systemCode(cause) === undefined ? cause : storeError(cause, "storing an object");
    }
  }

  async #begin(held: readonly Uint8Array[]): Promise<TemporaryFile> {
    const temporary = await openTemporary(this.#incoming, undefined, readOnly);
    try {
      for (const chunk of held) await writeAll(temporary.handle, chunk);
      return temporary;
    } catch (cause) {
      await discardTemporary(temporary);
      throw cause;
    }
  }

  async open(sha256: Sha256Hex): Promise<OpenObject | undefined> {
    let handle: FileHandle;
    try {
      handle = await open(this.#place(sha256)[1], "r");
    } catch (cause) {
      if (systemCode(cause) === "ENOENT") return undefined;
      throw storeError(cause, `opening object ${sha256}`);
    }
    try {
      return new FileObject(handle, (await handle.stat()).size, sha256);
    } catch (cause) {
      await handle.close();
      throw storeError(cause, `opening object ${sha256}`);
    }
  }

  /** The folder, and the path. */
  #place(sha256: Sha256Hex): [string, string] {
    const name = sha256Hex(sha256);
    const folder = join(this.#root, name.slice(0, 1));
    return [folder, join(folder, name)];
  }
}

class FileObject implements OpenObject {
  readonly #handle: FileHandle;
  readonly #name: string;
  readonly length: number;

  constructor(handle: FileHandle, length: number, name: string) {
    this.#handle = handle;
    this.length = length;
    this.#name = name;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.#read(bytes.subarray(filled), offset + filled);
      if (bytesRead === 0) {
        throw new OperationError(
          "STORE_FAILED",
          `expected ${length} bytes at ${offset} of object ${quote(this.#name)}, got ${filled}`,
        );
      }
      filled += bytesRead;
    }
    return bytes;
  }

  async #read(into: Uint8Array, position: number): Promise<{ bytesRead: number }> {
    try {
      return await this.#handle.read(into, 0, into.length, position);
    } catch (cause) {
      throw storeError(cause, `reading object ${this.#name}`);
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Earlier builds kept objects in `ab/cd/`. Safe to be killed in, and to run again. */
async function moveFromTwoLevels(root: string): Promise<void> {
  try {
    const old = (await readdir(root))
      .filter((name) => /^[0-9a-f]{2}$/.test(name))
      .map((name) => join(root, name));
    for (const outer of old) {
      for (const inner of (await readdir(outer)).map((name) => join(outer, name))) {
        for (const name of await readdir(inner))
          await rename(join(inner, name), join(root, name.slice(0, 1), name));
        await rmdir(inner);
      }
      await rmdir(outer);
    }
    if (old.length > 0) for (const name of folders) await syncFolder(join(root, name));
  } catch (cause) {
    throw storeError(cause, "moving the objects of an earlier build");
  }
}

/** The object is there, whole. */
async function isPlaced(path: string, bytes: number): Promise<boolean> {
  try {
    return (await stat(path)).size === bytes;
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return false;
    throw cause;
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    written += (await handle.write(bytes, written)).bytesWritten;
  }
}
