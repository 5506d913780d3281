/**
 * Files for the engines. `export` is a symbolic link to a folder `.export-<id>` beside it; a new folder is filled and
 * flushed, then a new link is renamed over the old one. An engine that reads during that sees one folder or the other.
 */
import { randomUUID } from "node:crypto";
import { lstat, open, readdir, readlink, rename, rm, rmdir, symlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { UsageError, VerificationError, quote } from "../../core/errors.js";
import type { ExportedFile } from "../../core/rules/model.js";
import type { EndpointExports } from "../../ports/endpoint-store.js";
import { makeFolderDurably, storeError, syncFolder, systemCode } from "../durable-files.js";

const gatherBytes = 256 * 1024;

export class FilesystemExports implements EndpointExports {
  readonly #own: string;

  constructor(own: string) {
    this.#own = own;
  }

  async replace(
    folder: string | undefined,
    files: Iterable<ExportedFile> | AsyncIterable<ExportedFile>,
  ): Promise<{ files: number; bytes: number }> {
    const link = folder === undefined ? this.#own : resolve(folder);
    const content = join(dirname(link), `${prefix(link)}${randomUUID()}`);
    await makeFolderDurably(dirname(link));
    await makeRoom(link);
    try {
      const written = await writeFiles(content, files);
      const fresh = `${content}.link`;
      await symlink(basename(content), fresh);
      await rename(fresh, link);
      await syncFolder(dirname(link));
      await removeOthers(link);
      return written;
    } catch (cause) {
      await Promise.allSettled([
        rm(content, { recursive: true, force: true }),
        rm(`${content}.link`, { force: true }),
      ]);
      throw storeError(cause, `exporting to ${quote(link)}`);
    }
  }

  /** Removes what an interrupted export left behind. Only while nobody else exports. */
  async sweep(): Promise<void> {
    await removeOthers(this.#own);
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
  let [count, bytes] = [0, 0];
  for await (const file of files) {
    const path = join(folder, safePath(file.path));
    if (!folders.has(dirname(path))) await makeFolderDurably(dirname(path));
    folders.add(dirname(path));
    bytes += await writeFile(path, file.chunks);
    count++;
  }
  for (const made of folders) await syncFolder(made);
  return { files: count, bytes };
}

async function writeFile(path: string, chunks: Iterable<Uint8Array>): Promise<number> {
  const handle = await open(path, "wx", 0o644);
  try {
    let [gathered, waiting, bytes]: [Uint8Array[], number, number] = [[], 0, 0];
    for (const chunk of chunks) {
      gathered.push(chunk);
      waiting += chunk.length;
      bytes += chunk.length;
      if (waiting < gatherBytes) continue;
      await handle.writeFile(Buffer.concat(gathered));
      [gathered, waiting] = [[], 0];
    }
    await handle.writeFile(Buffer.concat(gathered));
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

async function removeOthers(link: string): Promise<void> {
  let used: string | undefined;
  try {
    used = await readlink(link);
  } catch (cause) {
    // No export yet, or a folder that is not ours.
    if (systemCode(cause) !== "ENOENT" && systemCode(cause) !== "EINVAL") throw cause;
  }
  const own = (name: string) => name.startsWith(prefix(link)) && /-[0-9a-f-]{36}(\.link)?$/.test(name);
  for (const name of (await readdir(dirname(link))).filter(own)) {
    if (name !== used) await rm(join(dirname(link), name), { recursive: true, force: true });
  }
}
