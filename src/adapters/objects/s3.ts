/**
 * Objects in a bucket: `objects/<sha256>`, written whole by one request each, so a reader sees all of an object or none.
 *
 * Bytes are digested while they are collected: in memory, and past that in a nameless file of this machine. Content names the key, so it does
 * not matter which of two writers comes last, and no conditional write is needed. A read of the whole object is compared with its name.
 */
import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { type Sha256Hex, sha256Hex } from "../../core/brands.js";
import { type ByteSource, memorySource } from "../../core/encoding/stream.js";
import { OperationError } from "../../core/errors.js";
import type { ObjectStore, OpenObject } from "../../ports/object-store.js";
import { makeFolderDurably, storeError, systemCode } from "../durable-files.js";
import type { S3Object, S3Store } from "../s3-store.js";

const heldBytesMax = 4 * 1024 * 1024;
/** Read at once; small objects come with the first request, and readers of large ones go from block to block. */
const windowBytes = 512 * 1024;

/** @throws OperationError STORE_FULL, STORE_FAILED */
export async function openS3Objects(store: S3Store, spoolFolder: string): Promise<ObjectStore> {
  await makeFolderDurably(spoolFolder);
  await store.requireBucket();
  return new S3Objects(store, spoolFolder);
}

class S3Objects implements ObjectStore {
  readonly #store: S3Store;
  readonly #spoolFolder: string;

  constructor(store: S3Store, spoolFolder: string) {
    this.#store = store;
    this.#spoolFolder = spoolFolder;
  }

  async put(
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<{ sha256: Sha256Hex; bytes: number }> {
    const spool = new Spool(this.#spoolFolder);
    const digest = createHash("sha256");
    try {
      for await (const chunk of chunks) {
        digest.update(chunk);
        await spool.write(chunk);
      }
      const sha256 = sha256Hex(digest.digest("hex"));
      const source = spool.source();
      const there = await this.#store.head(keyOf(sha256));
      if (there?.length !== source.length) await this.#store.put(keyOf(sha256), source);
      return { sha256, bytes: source.length };
    } catch (cause) {
      // What the caller's stream throws is the caller's and passes through; the file system's errors have names.
      throw systemCode(cause) === undefined ? cause : storeError(cause, "storing an object");
    } finally {
      await spool.close();
    }
  }

  async open(sha256: Sha256Hex): Promise<OpenObject | undefined> {
    const key = keyOf(sha256);
    const first = await this.#store.get(key, { offset: 0, length: windowBytes });
    return first && new S3OpenObject(this.#store, sha256, first);
  }
}

function keyOf(sha256: Sha256Hex): string {
  return `objects/${sha256Hex(sha256)}`;
}

class S3OpenObject implements OpenObject {
  readonly length: number;
  readonly #store: S3Store;
  readonly #name: Sha256Hex;
  #window: { readonly offset: number; readonly bytes: Uint8Array };

  constructor(store: S3Store, name: Sha256Hex, first: S3Object) {
    this.#store = store;
    this.#name = name;
    this.#window = { offset: 0, bytes: first.bytes };
    this.length = first.length;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    if (offset + length > this.length)
      throw this.#wrong(`${length} bytes at ${offset}`, `${this.length} in all`);
    if (length === 0) return new Uint8Array();
    const bytes = this.#held(offset, length) ?? (await this.#fetch(offset, length));
    if (length === this.length && createHash("sha256").update(bytes).digest("hex") !== this.#name) {
      throw this.#wrong("the bytes that it is named by", "others");
    }
    return bytes;
  }

  async close(): Promise<void> {
    this.#window = { offset: 0, bytes: new Uint8Array() };
  }

  #held(offset: number, length: number): Uint8Array | undefined {
    const from = offset - this.#window.offset;
    if (from < 0 || from + length > this.#window.bytes.length) return undefined;
    return this.#window.bytes.slice(from, from + length);
  }

  async #fetch(offset: number, length: number): Promise<Uint8Array> {
    const found = await this.#store.get(keyOf(this.#name), { offset, length: Math.max(length, windowBytes) });
    if (found?.length !== this.length)
      throw this.#wrong(`${this.length} bytes`, found ? String(found.length) : "none any more");
    this.#window = { offset, bytes: found.bytes };
    return found.bytes.slice(0, length);
  }

  #wrong(expected: string, got: string): OperationError {
    return new OperationError("STORE_FAILED", `expected ${expected} of object ${this.#name}, got ${got}`);
  }
}

/** Bytes until their digest is known. The file has lost its name before anything is in it: no crash leaves it behind. */
class Spool {
  readonly #folder: string;
  readonly #held: Uint8Array[] = [];
  #handle: FileHandle | undefined;
  #bytes = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#bytes += chunk.length;
    if (this.#handle === undefined && this.#bytes <= heldBytesMax) {
      // A copy: the caller may use its array again.
      this.#held.push(chunk.slice());
      return;
    }
    this.#handle ??= await this.#begin();
    await this.#handle.writeFile(chunk);
  }

  source(): ByteSource {
    const handle = this.#handle;
    if (handle === undefined) return memorySource(new Uint8Array(Buffer.concat(this.#held)));
    const read = async (offset: number, length: number) => {
      const bytes = new Uint8Array(length);
      const { bytesRead } = await handle.read(bytes, 0, length, offset);
      if (bytesRead === length) return bytes;
      throw new OperationError("STORE_FAILED", `expected ${length} bytes of a spool file, got ${bytesRead}`);
    };
    return { length: this.#bytes, read };
  }

  async close(): Promise<void> {
    await this.#handle?.close();
  }

  async #begin(): Promise<FileHandle> {
    const path = join(this.#folder, `.tmp-${randomUUID()}`);
    const handle = await open(path, "wx+", 0o600);
    this.#handle = handle;
    await unlink(path);
    for (const chunk of this.#held.splice(0)) await handle.writeFile(chunk);
    return handle;
  }
}
