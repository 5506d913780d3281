/**
 * Files that are still there after the power went.
 *
 * A file is written under a temporary name in the folder where it will live, flushed, renamed (or linked,
 * where nothing may be overwritten) and its folder flushed. A reader sees the old file or the new one, never
 * a part. Temporary names start with `.tmp-`; what a crash leaves under them may be swept at any later start.
 */
import { randomUUID } from "node:crypto";
import { type FileHandle, link, mkdir, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { OperationError, RulemintError, quote } from "../core/errors.js";
import { flushShared } from "./shared-flush.js";

const temporaryPrefix = ".tmp-";

/** The error's `code`, as Node gives it: `ENOENT`, `EEXIST` … */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : undefined;
}

/** What mends it, where that is another thing than what every STORE_FAILED asks for. */
const hints: Readonly<Record<string, string>> = {
  EROFS:
    "the file system is read-only, as Linux makes it after an error of the disk: see dmesg, mend the disk, then mount -o remount,rw; what is here stays",
  EACCES:
    "run this as the user that the folder belongs to, or give the folder to this one; what is here stays",
  EIO: "the disk fails: see dmesg and smartctl, and replace it; what can still be read stays",
};

/** Names what the file system said: a full disk or quota is STORE_FULL, all else STORE_FAILED. */
export function storeError(cause: unknown, doing: string): RulemintError {
  if (cause instanceof RulemintError) return cause;
  const code = systemCode(cause);
  const full = code === "ENOSPC" || code === "EDQUOT";
  const said = code ?? (cause instanceof Error ? cause.message : String(cause));
  const hint = hints[said];
  return new OperationError(
    full ? "STORE_FULL" : "STORE_FAILED",
    full ? `expected room for ${doing}, got ${said}` : `expected success in ${doing}, got ${quote(said)}`,
    { cause, ...(hint !== undefined && { details: { hint } }) },
  );
}

/** Makes the folder's entries durable. @throws OperationError STORE_FULL, STORE_FAILED */
export function syncFolder(path: string): Promise<void> {
  return flushShared(path, () => flushFolder(path));
}

async function flushFolder(path: string): Promise<void> {
  try {
    const handle = await open(path, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw storeError(cause, `flushing folder ${quote(path)}`);
  }
}

/** Folders whose entries above are known to be flushed, by this process. */
const flushed = new Set<string>();

/**
 * Creates the folder and its parents; each new entry is durable.
 * @throws OperationError STORE_FULL, STORE_FAILED
 */
export async function makeFolderDurably(folder: string): Promise<void> {
  const path = resolve(folder);
  try {
    const first = await mkdir(path, { recursive: true });
    if (first === undefined && flushed.has(path)) return;
    // Where the folder stood already, whoever made it may have been killed before flushing: two levels above suffice
    // for every layout here. Otherwise every folder from the first new one's parent down gained an entry.
    const top = first === undefined ? dirname(dirname(path)) : dirname(resolve(first));
    for (let above = dirname(path); above.length >= top.length; above = dirname(above)) {
      await syncFolder(above);
      if (above === dirname(above)) break;
    }
    flushed.add(path);
  } catch (cause) {
    throw storeError(cause, `creating folder ${quote(path)}`);
  }
}

/**
 * A new file beside its destination. Nobody sees it until one of the two `publish` functions has returned.
 */
export interface TemporaryFile {
  readonly handle: FileHandle;
  readonly path: string;
}

/** @throws OperationError STORE_FULL, STORE_FAILED */
export async function openTemporary(
  folder: string,
  prefix = temporaryPrefix,
  mode = 0o644,
): Promise<TemporaryFile> {
  const path = join(folder, `${prefix}${randomUUID()}`);
  try {
    return { handle: await open(path, "wx", mode), path };
  } catch (cause) {
    throw storeError(cause, `creating a file in ${quote(folder)}`);
  }
}

/** Flushes, closes and renames over whatever stands at `path`. */
export async function replaceFile(temporary: TemporaryFile, path: string): Promise<void> {
  await temporary.handle.sync();
  await temporary.handle.close();
  await rename(temporary.path, path);
  await syncFolder(dirname(path));
}

/** Flushes, closes and links at `path`. False, and nothing changed, when something stands there already. */
export async function placeNewFile(temporary: TemporaryFile, path: string): Promise<boolean> {
  await temporary.handle.sync();
  await temporary.handle.close();
  try {
    await link(temporary.path, path);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    await unlink(temporary.path);
    // Whoever placed it may have died before flushing the folder.
    await syncFolder(dirname(path));
    return false;
  }
  await unlink(temporary.path);
  await syncFolder(dirname(path));
  return true;
}

/**
 * Closes and removes a temporary file after a failure. Safe at any stage; the first error is the one that
 * counts.
 */
export async function discardTemporary(temporary: TemporaryFile): Promise<void> {
  await Promise.allSettled([temporary.handle.close(), unlink(temporary.path)]);
}

/** Replaces or creates one file. The folder must exist. @throws OperationError STORE_FULL, STORE_FAILED */
export async function writeFileDurably(
  path: string,
  bytes: Uint8Array,
  options: { mode?: number; prefix?: string } = {},
): Promise<void> {
  const temporary = await openTemporary(dirname(path), options.prefix);
  try {
    if (options.mode !== undefined) await temporary.handle.chmod(options.mode);
    await temporary.handle.writeFile(bytes);
    await replaceFile(temporary, path);
  } catch (cause) {
    await discardTemporary(temporary);
    throw storeError(cause, `writing ${quote(path)}`);
  }
}

/** Removes temporary files that no living writer can still be using: older than `ageMs`. */
export async function sweepTemporaries(
  folder: string,
  ageMs = 24 * 3_600_000,
  prefix = temporaryPrefix,
): Promise<void> {
  const names = await readdir(folder);
  const oldest = Date.now() - ageMs;
  for (const name of names.filter((name) => name.startsWith(prefix))) {
    const path = join(folder, name);
    try {
      if ((await stat(path)).mtimeMs < oldest) await unlink(path);
    } catch (cause) {
      // Another process swept it first.
      if (systemCode(cause) !== "ENOENT") throw storeError(cause, `sweeping ${quote(path)}`);
    }
  }
}
