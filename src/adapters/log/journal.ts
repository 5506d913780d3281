/**
 * The entries of a log that are not in full bundles yet, in one file that grows by whole batches:
 *
 *   octets 0..7     "rmjournl"
 *   octets 8..15    index of its first entry, a multiple of 256, u64be
 *   then batches    length of the body u32be, count u32be, body (entries after their lengths, u16be),
 *                   SHA-256 over the index of the batch's first entry (u64be), its count (u32be) and its body
 *
 * A batch is written and flushed before the next begins. So after a crash only the last one can be torn, and it was never
 * acknowledged: it is cut off. A batch that is torn with more behind it than one batch can hold is damage, and refused.
 */
import { createHash } from "node:crypto";
import { type FileHandle, open, readFile } from "node:fs/promises";
import { OperationError, quote } from "../../core/errors.js";
import { formatBundle, parseBundle } from "../../core/log/entries.js";
import { concatBytes, equalBytes, utf8Bytes } from "../../core/encoding/bytes.js";
import { dirname } from "node:path";
import { discardTemporary, openTemporary, replaceFile, storeError, systemCode } from "../durable-files.js";

const magic = utf8Bytes("rmjournl");
const headerBytes = 16;
/** Of a body: 4096 entries of the largest size would be more, so callers bound the bytes too. */
export const batchBytesMax = 16 * 1024 * 1024;

export interface OpenJournal {
  readonly journal: Journal;
  readonly first: number;
  readonly entries: readonly Uint8Array[];
}

export class Journal {
  readonly #path: string;
  #handle: FileHandle;
  #length: number;

  private constructor(path: string, handle: FileHandle, length: number) {
    this.#path = path;
    this.#handle = handle;
    this.#length = length;
  }

  get bytes(): number {
    return this.#length;
  }

  /** Undefined when there is none. @throws OperationError LOG_CORRUPT, STORE_FAILED */
  static async open(path: string): Promise<OpenJournal | undefined> {
    try {
      const bytes = new Uint8Array(await readFile(path));
      const { first, entries, length } = parseJournal(bytes, path);
      const handle = await open(path, "r+");
      if (length < bytes.length) {
        await handle.truncate(length);
        await handle.datasync();
      }
      return { journal: new Journal(path, handle, length), first, entries };
    } catch (cause) {
      if (systemCode(cause) === "ENOENT") return undefined;
      throw storeError(cause, `reading ${quote(path)}`);
    }
  }

  /** A new journal that takes the place of one at the same path, in one instant. @throws OperationError STORE_FULL, STORE_FAILED */
  static async create(path: string, first: number, entries: readonly Uint8Array[]): Promise<Journal> {
    const bytes = concatBytes(magic, u64(first), ...(entries.length > 0 ? [batch(first, entries)] : []));
    const temporary = await openTemporary(dirname(path));
    try {
      await temporary.handle.writeFile(bytes);
      await replaceFile(temporary, path);
      return new Journal(path, await open(path, "r+"), bytes.length);
    } catch (cause) {
      await discardTemporary(temporary);
      throw storeError(cause, `writing ${quote(path)}`);
    }
  }

  /**
   * SPEC §11.8.2: durable when it returns. @throws OperationError STORE_FULL when nothing was written and the journal is as it was;
   * STORE_FAILED when it is not known what the disk holds: open it again
   */
  async append(first: number, entries: readonly Uint8Array[]): Promise<void> {
    const bytes = batch(first, entries);
    try {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await this.#handle.write(bytes, at, bytes.length - at, this.#length + at);
        at += bytesWritten;
      }
    } catch (cause) {
      await this.#cutBack();
      throw storeError(cause, `writing ${quote(this.#path)}`);
    }
    try {
      await this.#handle.datasync();
    } catch (cause) {
      // What a failed flush left on the disk, nobody can tell: never STORE_FULL, which says that nothing happened.
      throw new OperationError("STORE_FAILED", `expected success in flushing ${quote(this.#path)}`, {
        cause,
      });
    }
    this.#length += bytes.length;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #cutBack(): Promise<void> {
    try {
      await this.#handle.truncate(this.#length);
      await this.#handle.datasync();
    } catch (cause) {
      throw new OperationError("STORE_FAILED", `expected success in cutting back ${quote(this.#path)}`, {
        cause,
      });
    }
  }
}

function batch(first: number, entries: readonly Uint8Array[]): Uint8Array {
  const body = formatBundle(entries);
  return concatBytes(u32(body.length), u32(entries.length), body, checksum(first, entries.length, body));
}

function checksum(first: number, count: number, body: Uint8Array): Uint8Array {
  return createHash("sha256").update(u64(first)).update(u32(count)).update(body).digest();
}

function parseJournal(
  bytes: Uint8Array,
  path: string,
): { first: number; entries: Uint8Array[]; length: number } {
  if (bytes.length < headerBytes || !equalBytes(bytes.subarray(0, 8), magic)) {
    throw new OperationError("LOG_CORRUPT", `expected a journal at ${quote(path)}, got other bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = Number(view.getBigUint64(8));
  const entries: Uint8Array[] = [];
  let at = headerBytes;
  while (at + 8 <= bytes.length) {
    const [length, count] = [view.getUint32(at), view.getUint32(at + 4)];
    const end = at + 8 + length;
    if (end + 32 > bytes.length) break;
    const body = bytes.subarray(at + 8, end);
    const expected = checksum(first + entries.length, count, body);
    if (!equalBytes(bytes.subarray(end, end + 32), expected)) break;
    for (const entry of parseBundle(body, count)) entries.push(entry);
    at = end + 32;
  }
  if (bytes.length - at > batchBytesMax + 1024) {
    throw new OperationError("LOG_CORRUPT", `expected whole batches in ${quote(path)}, got damage at ${at}`);
  }
  return { first, entries, length: at };
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}
