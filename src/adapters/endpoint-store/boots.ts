/** `boots/counts.json`, with a lock of its own: an engine that starts must not wait for an update, nor lose its count to one. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { quote } from "../../core/errors.js";
import type { EndpointBoots } from "../../ports/endpoint-store.js";
import {
  makeFolderDurably,
  storeError,
  sweepTemporaries,
  systemCode,
  writeFileDurably,
} from "../durable-files.js";
import { acquireFileLock } from "../file-lock.js";

export class FilesystemBoots implements EndpointBoots {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(): Promise<Uint8Array | undefined> {
    try {
      return new Uint8Array(await readFile(this.#path));
    } catch (cause) {
      if (systemCode(cause) === "ENOENT") return undefined;
      throw storeError(cause, `reading ${quote(this.#path)}`);
    }
  }

  async change(next: (now: Uint8Array | undefined) => Promise<Uint8Array | undefined>): Promise<void> {
    await makeFolderDurably(this.#folder);
    const unlock = await acquireFileLock(join(this.#folder, "lock"));
    try {
      await sweepTemporaries(this.#folder, 0);
      const bytes = await next(await this.read());
      if (bytes !== undefined) await writeFileDurably(this.#path, bytes);
    } finally {
      await unlock();
    }
  }

  get #path(): string {
    return join(this.#folder, "counts.json");
  }
}
