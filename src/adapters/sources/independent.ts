/**
 * Sources that do not come from the publisher: folders, and git repositories with everything that was ever committed. A file is looked up
 * by its length, then by its SHA-256; names and places mean nothing. What came in since is seen when a file is missing.
 */
import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { UsageError, quote } from "../../core/errors.js";
import { storeError, systemCode } from "../durable-files.js";
import { listBlobs, readBlob } from "./git-objects.js";
import type { IndependentSources } from "./own-copies.js";

/** Something of a known length that can be read. */
type Candidate = () => Promise<Uint8Array | undefined>;
type Index = Map<number, Candidate[]>;

/** @throws UsageError USAGE for a place that is no folder */
export async function openIndependentSources(places: readonly string[]): Promise<IndependentSources> {
  const folders = places.map((place) => resolve(place));
  let index = await indexOf(folders);
  let again: Promise<Index> | undefined;
  return {
    places,
    async find(sha256, bytes) {
      const found = await matching(index, sha256, bytes);
      if (found !== undefined) return found;
      // Many files that are missing together cause one look.
      again ??= indexOf(folders).finally(() => {
        again = undefined;
      });
      index = await again;
      return matching(index, sha256, bytes);
    },
  };
}

async function matching(index: Index, sha256: string, length: number): Promise<Uint8Array | undefined> {
  for (const read of index.get(length) ?? []) {
    const bytes = await read();
    if (bytes && createHash("sha256").update(bytes).digest("hex") === sha256) return bytes;
  }
  return undefined;
}

async function indexOf(folders: readonly string[]): Promise<Index> {
  const index: Index = new Map();
  const add = (length: number, read: Candidate): void => {
    const alike = index.get(length);
    if (alike === undefined) index.set(length, [read]);
    else alike.push(read);
  };
  for (const folder of folders) {
    await addFiles(folder, add);
    for (const { id, length } of await listBlobs(folder)) add(length, () => readBlob(folder, id));
  }
  return index;
}

async function addFiles(folder: string, add: (length: number, read: Candidate) => void): Promise<void> {
  let entries: Awaited<ReturnType<typeof entriesOf>>;
  try {
    entries = await entriesOf(folder);
  } catch (cause) {
    throw new UsageError("USAGE", `expected a folder of sources at ${quote(folder)}`, { cause });
  }
  for (const path of entries) {
    try {
      add((await stat(path)).size, async () => new Uint8Array(await readFile(path)));
    } catch (cause) {
      // Gone since it was listed: a checkout that is being brought up to date.
      if (systemCode(cause) !== "ENOENT") throw storeError(cause, `reading ${quote(path)}`);
    }
  }
}

async function entriesOf(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isFile()) found.push(path);
    else if (entry.isDirectory() && entry.name !== ".git") found.push(...(await entriesOf(path)));
  }
  return found;
}
