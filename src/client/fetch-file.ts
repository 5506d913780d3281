/** The public tree over the network: whole small files, and bodies for whoever writes them away. */
import { byteString, concatBytes } from "../core/encoding/bytes.js";
import { RulemintError, VerificationError, quote } from "../core/errors.js";
import { timestampPath } from "../core/release/tree-paths.js";
import type { FetchAnswer, FetchOptions, Fetcher } from "../ports/fetcher.js";
import { Mirrors } from "./mirrors.js";

/** The public tree at its addresses, read until the caller's signal says stop. */
export class PublicTreeReader {
  readonly #fetcher: Fetcher;
  readonly #mirrors: Mirrors;
  readonly #signal: AbortSignal | undefined;
  readonly #onBytes: ((bytes: number) => void) | undefined;
  readonly #first: string | undefined;

  /** `onBytes` hears of every byte of a body; `first` is the server that is asked before the others. */
  constructor(
    fetcher: Fetcher,
    at: string | Mirrors,
    signal?: AbortSignal,
    onBytes?: (bytes: number) => void,
    first?: string,
  ) {
    this.#fetcher = fetcher;
    this.#mirrors = typeof at === "string" ? new Mirrors([at], [], new Date(0)) : at;
    this.#signal = signal;
    this.#onBytes = onBytes;
    this.#first = first;
  }

  /** One server after the other, until `work` is content with one. @throws what `work` throws; OperationError FETCH_DEFERRED */
  eachMirror<T>(path: string, work: (url: string) => Promise<T>): Promise<T> {
    return this.#mirrors.each(path, work, this.#first);
  }

  /** The same tree, but files that belong together come from one server if it has them all. */
  startingAt(url: string): PublicTreeReader {
    return new PublicTreeReader(this.#fetcher, this.#mirrors, this.#signal, this.#onBytes, url);
  }

  /** At one server. @throws OperationError FETCH_NOT_FOUND, FETCH_FAILED; what the body throws comes from the body */
  open(url: string, path: string, options: FetchOptions): Promise<FetchAnswer> {
    const told = (bytes: number) => {
      options.onBytes?.(bytes);
      this.#onBytes?.(bytes);
    };
    const signals = [this.#signal, options.signal].filter((one) => one !== undefined);
    const signal = signals.length > 1 ? AbortSignal.any(signals) : signals[0];
    return this.#fetcher.get(`${url}/${path}`, { ...options, onBytes: told, signal });
  }

  /** As long as `accept` refuses what a server has, the next one is asked. @throws what `accept` throws; OperationError FETCH_* */
  accepted<T>(
    path: string,
    bytesMax: number,
    accept: (bytes: Uint8Array<ArrayBuffer>) => Promise<T>,
  ): Promise<T> {
    // The head is small, and a server that packs it answers with more headers than it saves.
    const gzip = path.endsWith(".json") && path !== timestampPath;
    return this.eachMirror(path, async (url) =>
      metadataFrom(url, path, await wholeBody((await this.open(url, path, { bytesMax, gzip })).body), accept),
    );
  }

  /** @throws OperationError FETCH_NOT_FOUND, FETCH_FAILED; VerificationError FETCH_TOO_LARGE */
  read(path: string, bytesMax: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.accepted(path, bytesMax, async (bytes) => bytes);
  }

  /** Undefined when a server says that there is no such file, and none has it. */
  find(path: string, bytesMax: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return ifThere(this.read(path, bytesMax));
  }

  throwIfAborted(): void {
    this.#signal?.throwIfAborted();
  }
}

const foreignHint =
  "check the address; a proxy, or a network's log-in page, may have answered in the publisher's place";

/** What is no metadata at all was mostly not written by a publisher, and whoever reads of it wants to know where it came from. */
export async function metadataFrom<T, Bytes extends Uint8Array>(
  url: string,
  path: string,
  bytes: Bytes,
  accept: (bytes: Bytes) => Promise<T>,
): Promise<T> {
  try {
    return await accept(bytes);
  } catch (error) {
    if (!(error instanceof VerificationError) || !path.startsWith("metadata/")) throw error;
    if (byteString(bytes).includes('"signatures"')) throw error;
    const { code, message, details } = error;
    throw new VerificationError(code, `${message}, from ${quote(`${url}/${path}`)}`, {
      cause: error,
      details: { ...details, hint: foreignHint },
    });
  }
}

/** Undefined when no server has it. */
export async function ifThere<T>(attempt: Promise<T>): Promise<T | undefined> {
  try {
    return await attempt;
  } catch (error) {
    if (error instanceof RulemintError && error.code === "FETCH_NOT_FOUND") return undefined;
    throw error;
  }
}

export async function wholeBody(body: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return concatBytes(...parts);
}
