/** Whole small files of the public tree, over the fetcher. */
import { concatBytes } from "../core/encoding/bytes.js";
import { RulemintError } from "../core/errors.js";
import type { Fetcher } from "../ports/fetcher.js";

/** Reads below one address. */
export class PublicFiles {
  readonly #fetcher: Fetcher;
  readonly #base: string;

  constructor(fetcher: Fetcher, baseURL: string) {
    this.#fetcher = fetcher;
    this.#base = baseURL.replace(/\/+$/, "");
  }

  /** @throws OperationError FETCH_NOT_FOUND, FETCH_FAILED; VerificationError FETCH_TOO_LARGE */
  async read(path: string, bytesMax: number): Promise<Uint8Array<ArrayBuffer>> {
    const answer = await this.#fetcher.get(`${this.#base}/${path}`, { bytesMax });
    const parts: Uint8Array[] = [];
    for await (const part of answer.body) parts.push(part);
    return concatBytes(...parts);
  }

  /** Undefined when the server says that there is no such file. */
  async find(path: string, bytesMax: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      return await this.read(path, bytesMax);
    } catch (error) {
      if (error instanceof RulemintError && error.code === "FETCH_NOT_FOUND") return undefined;
      throw error;
    }
  }
}
