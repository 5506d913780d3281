/** Whole small files of the public tree. */
import { concatBytes } from "../core/encoding/bytes.js";
import { RulemintError } from "../core/errors.js";
import type { FetchOptions, Fetcher } from "../ports/fetcher.js";

/** The public tree at one address, read until the caller's signal says stop. */
export class PublicTreeReader {
  readonly #fetcher: Fetcher;
  readonly #base: string;
  readonly #signal: AbortSignal | undefined;

  constructor(fetcher: Fetcher, url: string, signal?: AbortSignal) {
    this.#fetcher = fetcher;
    this.#base = url.replace(/\/+$/, "");
    this.#signal = signal;
  }

  /** @throws OperationError FETCH_NOT_FOUND, FETCH_FAILED; what the body throws comes from the body */
  open(path: string, options: FetchOptions) {
    return this.#fetcher.get(`${this.#base}/${path}`, { ...options, signal: this.#signal });
  }

  /** @throws OperationError FETCH_NOT_FOUND, FETCH_FAILED; VerificationError FETCH_TOO_LARGE */
  async read(path: string, bytesMax: number): Promise<Uint8Array<ArrayBuffer>> {
    return wholeBody((await this.open(path, { bytesMax })).body);
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

  throwIfAborted(): void {
    this.#signal?.throwIfAborted();
  }
}

export async function wholeBody(body: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return concatBytes(...parts);
}
