/** The files that no rule may match: regular files below the configured folders, none too large, as many as the budget allows. */
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { OperationError } from "../../core/errors.js";
import type { CleanFile } from "../../ports/release-gates.js";
import { systemCode } from "../durable-files.js";

export interface CleanOptions {
  readonly folders: readonly string[];
  readonly bytesMax: number;
  readonly fileBytesMax: number;
}

interface Found {
  readonly path: string;
  readonly bytes: number;
  readonly mark: string;
}

/** In order of their paths, so that the same budget takes the same files; of those that `takes` takes. */
export async function listClean(
  { folders, bytesMax, fileBytesMax }: CleanOptions,
  takes: (path: string) => boolean = () => true,
): Promise<Found[]> {
  const found: Found[] = [];
  let left = bytesMax;
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await entriesOf(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) await walk(path);
      if (!entry.isFile() || !takes(path)) continue;
      const facts = await stat(path).catch(() => undefined);
      if (facts === undefined || facts.size === 0 || facts.size > fileBytesMax || facts.size > left) continue;
      left -= facts.size;
      found.push({ path, bytes: facts.size, mark: `${facts.size} ${facts.mtimeMs} ${facts.ino}` });
    }
  };
  for (const folder of folders) await walk(folder);
  return found;
}

async function entriesOf(folder: string) {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "EACCES" || code === "ENOTDIR") return [];
    throw error;
  }
}

/** Digests of clean files, made once for each state of a file. */
export class CleanDigests {
  readonly #known = new Map<string, { readonly mark: string; readonly digests: readonly string[] }>();
  readonly #read: (path: string) => Promise<Uint8Array>;

  constructor(read: (path: string) => Promise<Uint8Array> = (path) => readFile(path)) {
    this.#read = read;
  }

  /** @throws OperationError STORE_FAILED when there are files and not one can be read */
  async *of(options: CleanOptions): AsyncGenerator<CleanFile> {
    const listed = await listClean(options);
    let readable = 0;
    for (const { path, mark } of listed) {
      let known = this.#known.get(path);
      if (known?.mark !== mark) {
        const bytes = await this.#read(path).catch(() => undefined);
        if (bytes === undefined) continue;
        const digests = ["md5", "sha1", "sha256"].map((name) => createHash(name).update(bytes).digest("hex"));
        known = { mark, digests };
        this.#known.set(path, known);
      }
      readable++;
      yield { path, digests: known.digests };
    }
    if (listed.length === 0 || readable > 0) return;
    throw new OperationError(
      "STORE_FAILED",
      `expected to read one of ${listed.length} clean files, got none`,
    );
  }
}
