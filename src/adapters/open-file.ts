/** A file, open for reading at random. */
import { readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { OperationError, quote } from "../core/errors.js";
import type { OpenObject } from "../ports/object-store.js";
import { storeError, systemCode } from "./durable-files.js";

export interface OpenFile extends OpenObject {
  /** When it was written last, by the clock of the file system. */
  readonly modifiedMs: number;
}

/** Undefined when there is no such file. It stays readable when another file takes its name. */
export async function openFile(path: string): Promise<OpenFile | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, "r");
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return undefined;
    throw storeError(cause, `opening ${quote(path)}`);
  }
  try {
    const { size, mtimeMs } = await handle.stat();
    return {
      length: size,
      modifiedMs: mtimeMs,
      read: (offset, length, into) => readExactly(handle, path, offset, placeFor(length, into)),
      readNow: (offset, length, into) => readExactlyNow(handle, path, offset, placeFor(length, into)),
      close: () => handle.close(),
    };
  } catch (cause) {
    await handle.close();
    throw storeError(cause, `opening ${quote(path)}`);
  }
}

const placeFor = (length: number, into?: Uint8Array): Uint8Array =>
  into === undefined ? new Uint8Array(length) : into.subarray(0, length);

async function readExactly(
  handle: FileHandle,
  path: string,
  offset: number,
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const { length } = bytes;
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle
      .read(bytes, filled, length - filled, offset + filled)
      .catch((cause: unknown) => Promise.reject(storeError(cause, `reading ${quote(path)}`)));
    if (bytesRead === 0) throw tooShort(path, offset, length, filled);
    filled += bytesRead;
  }
  return bytes;
}

function readExactlyNow(handle: FileHandle, path: string, offset: number, bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  let filled = 0;
  while (filled < length) {
    let read: number;
    try {
      read = readSync(handle.fd, bytes, filled, length - filled, offset + filled);
    } catch (cause) {
      throw storeError(cause, `reading ${quote(path)}`);
    }
    if (read === 0) throw tooShort(path, offset, length, filled);
    filled += read;
  }
  return bytes;
}

function tooShort(path: string, offset: number, length: number, got: number): OperationError {
  return new OperationError(
    "STORE_FAILED",
    `expected ${length} bytes at ${offset} of ${quote(path)}, got ${got}`,
  );
}
