/**
 * The compile cache as files in one folder, two levels deep. A file is written under a temporary name and renamed; nothing is flushed,
 * because all of it can be made again. When the folder has grown too large the files that were used longest ago go.
 */
import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, stat, unlink, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { CompileCache } from "../../ports/compile-cache.js";
import type { OpenObject } from "../../ports/object-store.js";
import { storeError, sweepTemporaries, systemCode } from "../durable-files.js";
import { openFile } from "../open-file.js";

export interface CompileCacheOptions {
  readonly bytesMax?: number;
}

const defaultBytesMax = 16 * 2 ** 30;
/** Used again after this long, a file counts as used now. */
const freshMs = 3_600_000;
const keyPattern = /^[a-z0-9-]{1,120}$/;

/** Creates the folder, and clears away what is too much. @throws OperationError STORE_FULL, STORE_FAILED */
export async function openCompileCache(
  folder: string,
  { bytesMax = defaultBytesMax }: CompileCacheOptions = {},
): Promise<CompileCache> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await sweepTemporaries(folder);
    await shrink(folder, bytesMax);
  } catch (cause) {
    throw storeError(cause, "opening the compile cache");
  }
  return new FilesystemCache(folder);
}

class FilesystemCache implements CompileCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async open(key: string): Promise<OpenObject | undefined> {
    const path = this.#path(key);
    const file = await openFile(path);
    const now = Date.now();
    if (file !== undefined && now - file.modifiedMs > freshMs) {
      // Somebody may have cleared it away since.
      await utimes(path, now / 1000, now / 1000).catch(() => undefined);
    }
    return file;
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    const path = this.#path(key);
    const temporary = join(this.#folder, `.tmp-${randomUUID()}`);
    try {
      const handle = await open(temporary, "wx", 0o600);
      try {
        await handle.writeFile(bytes);
      } finally {
        await handle.close();
      }
      await this.#place(temporary, path);
    } catch (cause) {
      await unlink(temporary).catch(() => undefined);
      throw storeError(cause, `writing ${key} into the compile cache`);
    }
  }

  /** The folder is there for all but the first few. */
  async #place(temporary: string, path: string): Promise<void> {
    try {
      await rename(temporary, path);
    } catch (cause) {
      if (systemCode(cause) !== "ENOENT") throw cause;
      await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
      await rename(temporary, path);
    }
  }

  #path(key: string): string {
    if (!keyPattern.test(key)) throw new Error(`a cache key ${JSON.stringify(key)}`);
    return join(this.#folder, key.slice(-2), key);
  }
}

/** Removes what was used longest ago until the rest fits. */
async function shrink(folder: string, bytesMax: number): Promise<void> {
  const files: { path: string; bytes: number; used: number }[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const { size, mtimeMs } = await stat(path);
    files.push({ path, bytes: size, used: mtimeMs });
  }
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  files.sort((a, b) => a.used - b.used);
  for (const file of files) {
    if (bytes <= bytesMax) return;
    await unlink(file.path);
    bytes -= file.bytes;
  }
}
