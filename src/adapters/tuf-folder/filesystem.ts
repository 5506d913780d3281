/**
 * A folder of TUF metadata files, `root.json` and one `<role>.json` each, as other clients of the field keep them; and files of
 * targets by encoded names. Replaced whole and durably.
 */
import { readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { UsageError, quote } from "../../core/errors.js";
import type { EndpointFiles } from "../../ports/endpoint-store.js";
import { makeFolderDurably, storeError, syncFolder, systemCode, writeFileDurably } from "../durable-files.js";
import { acquireFileLock } from "../file-lock.js";

export interface TUFFolder {
  readonly files: EndpointFiles;
  /** @throws OperationError STATE_LOCKED when another process is at work here */
  lock(): Promise<() => Promise<void>>;
}

/** Creates the folder where it is missing. @throws OperationError STORE_FULL, STORE_FAILED */
export async function openTUFFolder(folder: string): Promise<TUFFolder> {
  await makeFolderDurably(folder);
  const path = (name: string) => join(folder, encodedName(name));
  const files: EndpointFiles = {
    read: async (name) => {
      try {
        return new Uint8Array(await readFile(path(name)));
      } catch (cause) {
        if (systemCode(cause) === "ENOENT") return undefined;
        throw storeError(cause, `reading ${quote(name)}`);
      }
    },
    write: (name, bytes) => writeFileDurably(path(name), bytes),
    remove: async (name) => {
      try {
        await unlink(path(name));
        await syncFolder(folder);
      } catch (cause) {
        if (systemCode(cause) !== "ENOENT") throw storeError(cause, `removing ${quote(name)}`);
      }
    },
  };
  return { files, lock: () => acquireFileLock(join(folder, "lock"), { tries: 1 }) };
}

/** Names arrive encoded; this is the last door before the disk. @throws UsageError USAGE */
function encodedName(name: string): string {
  if (!/^[A-Za-z0-9%._~-]{1,240}$/.test(name) || /^\.{1,2}$/.test(name)) {
    throw new UsageError("USAGE", `expected an encoded file name, got ${quote(name)}`);
  }
  return name;
}
