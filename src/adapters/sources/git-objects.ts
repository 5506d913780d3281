/** The blobs of a git repository, of all its history, through git itself. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { OperationError, quote } from "../../core/errors.js";
import { limits } from "../../core/limits.js";

const run = promisify(execFile);
/** Enough for ten million objects. */
const listBytesMax = 1024 * 1024 * 1024;

export interface Blob {
  readonly id: string;
  readonly length: number;
}

/** Nothing where there is no repository. @throws OperationError STORE_FAILED when git is absent or fails */
export async function listBlobs(folder: string): Promise<Blob[]> {
  if (!existsSync(join(folder, ".git")) && !existsSync(join(folder, "HEAD"))) return [];
  const format = "--batch-check=%(objectname) %(objecttype) %(objectsize)";
  const text = await git(folder, ["cat-file", "--batch-all-objects", "--unordered", format], listBytesMax);
  return text
    .toString("latin1")
    .split("\n")
    .map((line) => line.split(" "))
    .flatMap(([id = "", kind, length]) => (kind === "blob" ? [{ id, length: Number(length) }] : []));
}

export async function readBlob(folder: string, id: string): Promise<Uint8Array> {
  return new Uint8Array(await git(folder, ["cat-file", "blob", id], limits.databaseBytesMax));
}

/** A repository's own configuration names programs; none of them is run here. */
async function git(folder: string, words: readonly string[], maxBuffer: number): Promise<Buffer> {
  const safe = ["-c", "core.fsmonitor=false", "-c", "protocol.allow=never", "-c", "safe.directory=*"];
  const env = { ...process.env, GIT_NO_LAZY_FETCH: "1", GIT_OPTIONAL_LOCKS: "0" };
  try {
    const ran = await run("git", [...safe, "-C", folder, ...words], { maxBuffer, env, encoding: "buffer" });
    return ran.stdout;
  } catch (cause) {
    throw new OperationError("STORE_FAILED", `expected git to read ${quote(folder)}`, { cause });
  }
}
