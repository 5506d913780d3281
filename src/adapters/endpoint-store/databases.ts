/**
 * The database in use and the one before it. `previous` is made as a second name of the file in use, and only then does
 * the new file take over the name `database`: one rename, so there is a database at every instant.
 */
import { randomUUID } from "node:crypto";
import { copyFile, link, rename } from "node:fs/promises";
import { join } from "node:path";
import { quote } from "../../core/errors.js";
import type { EndpointDatabases } from "../../ports/endpoint-store.js";
import type { OpenObject } from "../../ports/object-store.js";
import { storeError, syncFolder, systemCode } from "../durable-files.js";
import { plainName, removeFile } from "./names.js";
import { openFile } from "../open-file.js";

export class FilesystemDatabases implements EndpointDatabases {
  readonly #folder: string;
  readonly #work: string;

  constructor(folder: string, work: string) {
    this.#folder = folder;
    this.#work = work;
  }

  async open(which: "database" | "previous"): Promise<OpenObject | undefined> {
    return openFile(join(this.#folder, which));
  }

  async install(scratch: string, keep: boolean): Promise<void> {
    const database = join(this.#folder, "database");
    try {
      if (keep) await this.#keepAsPrevious(database);
      await rename(join(this.#work, plainName(scratch)), database);
    } catch (cause) {
      throw storeError(cause, `putting ${quote(database)} into use`);
    }
    await syncFolder(this.#folder);
    await syncFolder(this.#work);
  }

  async restore(): Promise<void> {
    const database = join(this.#folder, "database");
    try {
      await rename(join(this.#folder, "previous"), database);
    } catch (cause) {
      throw storeError(cause, `putting ${quote(database)} back`);
    }
    await syncFolder(this.#folder);
  }

  async #keepAsPrevious(database: string): Promise<void> {
    const second = join(this.#folder, `.tmp-${randomUUID()}`);
    try {
      await link(database, second);
    } catch (cause) {
      const code = systemCode(cause);
      if (code === "ENOENT") return;
      // A file system without second names gets a second copy.
      if (code !== "EPERM" && code !== "ENOTSUP" && code !== "ENOSYS") throw cause;
      await copyFile(database, second);
    }
    await rename(second, join(this.#folder, "previous"));
    // POSIX rename does nothing when both names are one file already; then the second name is still there.
    await removeFile(second);
    await syncFolder(this.#folder);
  }
}
