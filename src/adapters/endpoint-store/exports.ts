/**
 * Files for the engines. `export` is a symbolic link to a folder `.export-<id>` beside it; a new folder is filled as `.export-<id>.new`,
 * flushed and named, then a new link is renamed over the old one. An engine that reads during that sees one folder or the other; the one
 * that it has begun to read stays for an hour.
 */
import { randomUUID } from "node:crypto";
import { lstat, open, readdir, readlink, rename, rm, rmdir, stat, symlink, utimes } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { UsageError, VerificationError, quote } from "../../core/errors.js";
import type { ExportedFile } from "../../core/rules/model.js";
import type { EndpointExports } from "../../ports/endpoint-store.js";
import { makeFolderDurably, storeError, syncFolder, systemCode } from "../durable-files.js";

const gatherBytes = 256 * 1024;
/** For how long an engine may go on reading an export that another has replaced. */
const spareMs = 3_600_000;

export class FilesystemExports implements EndpointExports {
  readonly #own: string;

  get folder(): string {
    return this.#own;
  }

  constructor(own: string) {
    this.#own = own;
  }

  async replace(
    folder: string | undefined,
    files: Iterable<ExportedFile> | AsyncIterable<ExportedFile>,
    inspect?: (folder: string) => Promise<void>,
  ): Promise<{ files: number; bytes: number }> {
    const link = folder === undefined ? this.#own : resolve(folder);
    const content = join(dirname(link), `${prefix(link)}${randomUUID()}`);
    await makeFolderDurably(dirname(link));
    await makeRoom(link);
    try {
      const written = await writeFiles(`${content}.new`, files);
      await inspected(`${content}.new`, inspect);
      await rename(`${content}.new`, content);
      // Before anything leads there: a disk may keep the link and forget the name that it points to.
      await syncFolder(dirname(link));
      const fresh = `${content}.link`;
      await symlink(basename(content), fresh);
      await leaveToReaders(link);
      await rename(fresh, link);
      await syncFolder(dirname(link));
      await removeOthers(link, spareMs);
      return written;
    } catch (cause) {
      await Promise.allSettled([
        rm(`${content}.new`, { recursive: true, force: true }),
        rm(`${content}.link`, { force: true }),
      ]);
      if (cause instanceof Inspection) throw cause.cause;
      const error = storeError(cause, `exporting to ${quote(link)}`);
      // The room that old exports take may be what the next attempt lacks.
      await removeOthers(link, error.code === "STORE_FULL" ? 0 : spareMs);
      throw error;
    }
  }

  async isThere(folder: string): Promise<boolean> {
    const link = resolve(folder);
    try {
      return (await readlink(link)).startsWith(prefix(link)) && (await stat(link)).isDirectory();
    } catch (cause) {
      if (systemCode(cause) === "ENOENT" || systemCode(cause) === "EINVAL") return false;
      throw storeError(cause, `looking at ${quote(link)}`);
    }
  }

  /** Removes what an interrupted export left behind. Only while nobody else exports. */
  async sweep(): Promise<void> {
    await removeOthers(this.#own, spareMs);
  }
}

/** Somebody else's judgement, not the disk's. */
class Inspection extends Error {}

async function inspected(folder: string, inspect?: (folder: string) => Promise<void>): Promise<void> {
  try {
    await inspect?.(folder);
  } catch (cause) {
    throw new Inspection("inspected", { cause });
  }
}

const prefix = (link: string) => `.${basename(link)}-`;

/** A link of ours or an empty folder may go; anything else was put there by somebody who wants it. */
async function makeRoom(link: string): Promise<void> {
  try {
    const found = await lstat(link);
    if (found.isSymbolicLink() && (await readlink(link)).startsWith(prefix(link))) return;
    if (found.isDirectory()) return await rmdir(link);
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return;
    if (systemCode(cause) !== "ENOTEMPTY" && systemCode(cause) !== "EEXIST") {
      throw storeError(cause, `making room for ${quote(link)}`);
    }
  }
  throw new UsageError("USAGE", `expected nothing, an empty folder or an earlier export at ${quote(link)}`);
}

async function writeFiles(
  folder: string,
  files: Iterable<ExportedFile> | AsyncIterable<ExportedFile>,
): Promise<{ files: number; bytes: number }> {
  const folders = new Set<string>([folder]);
  await makeFolderDurably(folder);
  const gathered = new Uint8Array(gatherBytes);
  let [count, bytes] = [0, 0];
  for await (const file of files) {
    const path = join(folder, safePath(file.path));
    if (!folders.has(dirname(path))) await makeFolderDurably(dirname(path));
    folders.add(dirname(path));
    bytes += await writeFile(path, file.chunks, gathered);
    count++;
  }
  for (const made of folders) await syncFolder(made);
  return { files: count, bytes };
}

/** Through `gathered`, so that a chunk's place may be used again, and the disk gets large pieces. */
async function writeFile(path: string, chunks: Iterable<Uint8Array>, gathered: Uint8Array): Promise<number> {
  const handle = await open(path, "wx", 0o644);
  try {
    let [waiting, bytes] = [0, 0];
    for (const chunk of chunks) {
      bytes += chunk.length;
      if (waiting + chunk.length > gathered.length) {
        await handle.writeFile(gathered.subarray(0, waiting));
        waiting = 0;
      }
      if (chunk.length > gathered.length) await handle.writeFile(chunk);
      else {
        gathered.set(chunk, waiting);
        waiting += chunk.length;
      }
    }
    await handle.writeFile(gathered.subarray(0, waiting));
    await handle.datasync();
    return bytes;
  } finally {
    await handle.close();
  }
}

/** Paths are made from rules, and rules from what people submitted: none leads out of the folder. */
function safePath(path: string): string {
  const parts = path.split("/");
  if (
    parts.some(
      (part) => part === "" || part === "." || part === ".." || part.includes("\\") || part.includes("\0"),
    )
  ) {
    throw new VerificationError("PATH_UNSAFE", `expected a path inside the export, got ${quote(path)}`);
  }
  return path;
}

/** From now on the hour counts. */
async function leaveToReaders(link: string): Promise<void> {
  const used = await usedBy(link);
  const now = new Date();
  try {
    if (used !== undefined) await utimes(join(dirname(link), used), now, now);
  } catch (cause) {
    // A link to nowhere has no readers.
    if (systemCode(cause) !== "ENOENT") throw cause;
  }
}

/** All but the export in use and those replaced less than `spareMs` ago; what is half made goes at once. */
async function removeOthers(link: string, spareMs: number): Promise<void> {
  const used = await usedBy(link);
  const own = (name: string) =>
    name.startsWith(prefix(link)) && /-[0-9a-f-]{36}(\.link|\.new)?$/.test(name) && name !== used;
  for (const name of (await readdir(dirname(link))).filter(own)) {
    const path = join(dirname(link), name);
    const isWhole = !/\.(link|new)$/.test(name);
    const age = isWhole ? Date.now() - (await stat(path)).mtimeMs : Number.POSITIVE_INFINITY;
    // A time in the future is that of a clock that was wrong.
    if (age >= spareMs || age < -spareMs) await rm(path, { recursive: true, force: true });
  }
}

/** Undefined without an export yet, and for a folder that is not ours. */
async function usedBy(link: string): Promise<string | undefined> {
  try {
    return await readlink(link);
  } catch (cause) {
    if (systemCode(cause) === "ENOENT" || systemCode(cause) === "EINVAL") return undefined;
    throw cause;
  }
}
