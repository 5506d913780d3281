/**
 * An endpoint's state as a folder:
 *
 *   root.json, config.json, state.json, *.json, evidence.p7s    small files, replaced by rename
 *   database, previous                                          whole databases
 *   work/                                                       downloads and databases in the making
 *   export -> .export-<id>/                                     what the engines read
 *   boots/                                                      how often engines were started
 *   lock                                                        names the process that is at work
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { quote } from "../../core/errors.js";
import type { EndpointFiles, EndpointStore } from "../../ports/endpoint-store.js";
import {
  makeFolderDurably,
  storeError,
  sweepTemporaries,
  syncFolder,
  systemCode,
  writeFileDurably,
} from "../durable-files.js";
import { acquireFileLock } from "../file-lock.js";
import { FilesystemBoots } from "./boots.js";
import { FilesystemDatabases } from "./databases.js";
import { FilesystemExports } from "./exports.js";
import { plainName, removeFile } from "./names.js";
import { FilesystemScratch } from "./scratch.js";

/** Creates the folder where it is missing. @throws OperationError STORE_FULL, STORE_FAILED */
export async function openFilesystemEndpointStore(folder: string): Promise<EndpointStore> {
  const work = join(folder, "work");
  await makeFolderDurably(work);
  const exports = new FilesystemExports(join(folder, "export"));
  return {
    files: new FilesystemFiles(folder),
    scratch: new FilesystemScratch(work),
    databases: new FilesystemDatabases(folder, work),
    exports,
    boots: new FilesystemBoots(join(folder, "boots")),
    lock: async () => {
      const unlock = await acquireFileLock(join(folder, "lock"), { tries: 1 });
      try {
        // Nobody else is at work here, so whatever is temporary belongs to the dead.
        await sweepTemporaries(folder, 0);
        await sweepTemporaries(folder, 3_600_000, lockFreePrefix);
        await sweepLocks(folder);
        await exports.sweep();
      } catch (cause) {
        await unlock();
        throw storeError(cause, `clearing ${quote(folder)}`);
      }
      return unlock;
    },
  };
}

/** Files of those who ask for no lock: the daemon's word of itself, and what became of reports. */
const lockFree: ReadonlySet<string> = new Set(["watch.json", "reports-sent.json"]);
const lockFreePrefix = ".free-";

/** Who died while asking for the lock left a file. One that is young may belong to somebody who is asking right now. */
async function sweepLocks(folder: string): Promise<void> {
  const oldest = Date.now() - 3_600_000;
  for (const name of (await readdir(folder)).filter((name) => name.startsWith("lock."))) {
    const facts = await stat(join(folder, name)).catch((cause: unknown) => {
      if (systemCode(cause) === "ENOENT") return undefined;
      throw cause;
    });
    if (facts !== undefined && facts.mtimeMs < oldest) await removeFile(join(folder, name));
  }
}

class FilesystemFiles implements EndpointFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    const path = this.#path(name);
    try {
      return new Uint8Array(await readFile(path));
    } catch (cause) {
      if (systemCode(cause) === "ENOENT") return undefined;
      throw storeError(cause, `reading ${quote(path)}`);
    }
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    await writeFileDurably(this.#path(name), bytes, {
      // It may hold a proxy's password.
      ...(name === "config.json" && { mode: 0o600 }),
      // Whoever holds the lock must not take it for something that a dead process left.
      ...(lockFree.has(name) && { prefix: lockFreePrefix }),
    });
  }

  async remove(name: string): Promise<void> {
    const path = this.#path(name);
    try {
      if (await removeFile(path)) await syncFolder(this.#folder);
    } catch (cause) {
      throw storeError(cause, `removing ${quote(path)}`);
    }
  }

  #path(name: string): string {
    return join(this.#folder, plainName(name));
  }
}
