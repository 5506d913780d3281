/** Downloads and databases in the making, in a folder of their own. */
import { type FileHandle, open, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { quote } from "../../core/errors.js";
import type { EndpointScratch, ScratchFile } from "../../ports/endpoint-store.js";
import type { OpenObject } from "../../ports/object-store.js";
import { storeError } from "../durable-files.js";
import { plainName } from "./names.js";
import { openFile } from "../open-file.js";

/** Small writes are gathered: a codec's blocks and a server's packets are smaller than what a disk likes. */
const gatherBytes = 256 * 1024;

export class FilesystemScratch implements EndpointScratch {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async open(name: string): Promise<OpenObject | undefined> {
    return openFile(this.#path(name));
  }

  async append(name: string): Promise<ScratchFile> {
    const path = this.#path(name);
    try {
      return new GrowingFile(await open(path, "a", 0o644), path);
    } catch (cause) {
      throw storeError(cause, `writing ${quote(path)}`);
    }
  }

  async prune(keep: (name: string) => boolean): Promise<void> {
    try {
      const doomed = (await readdir(this.#folder)).filter((name) => !keep(name));
      for (const name of doomed) await unlink(join(this.#folder, name));
    } catch (cause) {
      throw storeError(cause, `clearing ${quote(this.#folder)}`);
    }
  }

  #path(name: string): string {
    return join(this.#folder, plainName(name));
  }
}

class GrowingFile implements ScratchFile {
  readonly #handle: FileHandle;
  readonly #path: string;
  /** The caller may reuse its array, so what waits is a copy. */
  readonly #gathered = new Uint8Array(gatherBytes);
  #waiting = 0;

  constructor(handle: FileHandle, path: string) {
    this.#handle = handle;
    this.#path = path;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#waiting + bytes.length > gatherBytes) await this.#flush();
    if (bytes.length > gatherBytes) return this.#append(bytes);
    this.#gathered.set(bytes, this.#waiting);
    this.#waiting += bytes.length;
  }

  async close(): Promise<void> {
    try {
      await this.#flush();
      await this.#handle.datasync();
    } catch (cause) {
      throw storeError(cause, `writing ${quote(this.#path)}`);
    } finally {
      await this.#handle.close();
    }
  }

  async #flush(): Promise<void> {
    const whole = this.#gathered.subarray(0, this.#waiting);
    this.#waiting = 0;
    await this.#append(whole);
  }

  async #append(bytes: Uint8Array): Promise<void> {
    let written = 0;
    try {
      while (written < bytes.length) {
        written += (await this.#handle.write(bytes, written)).bytesWritten;
      }
    } catch (cause) {
      throw storeError(cause, `writing ${quote(this.#path)}`);
    }
  }
}
