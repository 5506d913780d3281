/**
 * GET over http and https. SPEC §8.3.1: every answer is bounded in bytes, in silence and in time; nothing is decompressed but gzip where
 * the caller asked for it, no cookie is kept, and a redirect is followed only within its origin.
 */
import { createGunzip } from "node:zlib";
import { type Readable, pipeline } from "node:stream";
import { setImmediate } from "node:timers/promises";
import type { Dispatcher } from "undici";
import { OperationError, RulemintError, VerificationError, quote } from "../../core/errors.js";
import { hintForTLS } from "../../core/hints.js";
import type { FetchAnswer, FetchOptions, Fetcher } from "../../ports/fetcher.js";
import { arriving } from "./arriving.js";
import { type ConnectionOptions, type Connections, connectionsMax, openConnections } from "./connections.js";
import { Pace } from "./pace.js";

export interface HTTPFetcherOptions extends ConnectionOptions {
  /** No byte for this long: give up. */
  readonly silenceMs?: number;
  /** Slower than this from start to end: give up. Bounds the time of every transfer together with its size. */
  readonly bytesPerSecondMin?: number;
  /** Of all transfers together. */
  readonly bytesPerSecondMax?: number;
  readonly redirectsMax?: number;
  readonly userAgent?: string;
}

interface Settings {
  readonly silenceMs: number;
  readonly bytesPerSecondMin: number;
  readonly redirectsMax: number;
  readonly userAgent: string;
  readonly connections: Connections;
  readonly pace: Pace;
}

export function openHTTPFetcher(options: HTTPFetcherOptions = {}): Fetcher & { close(): Promise<void> } {
  const {
    silenceMs = 30_000,
    bytesPerSecondMin = 1024,
    bytesPerSecondMax = Number.POSITIVE_INFINITY,
  } = options;
  const connections = openConnections(options, silenceMs);
  const settings: Settings = {
    silenceMs,
    // Who is told to go slow is not given up for being slow, with as many connections as there may be.
    bytesPerSecondMin: Math.min(bytesPerSecondMin, bytesPerSecondMax / (4 * connectionsMax)),
    redirectsMax: options.redirectsMax ?? 3,
    userAgent: options.userAgent ?? "rulemint",
    connections,
    pace: new Pace(options.bytesPerSecondMax),
  };
  return {
    get: (url, wanted) => new Transfer(settings, wanted).start(parseURL(url), settings.redirectsMax),
    close: () => connections.close(),
  };
}

type Answer = Dispatcher.ResponseData;

class Transfer {
  readonly #settings: Settings;
  readonly #wanted: FetchOptions;
  readonly #started = performance.now();

  constructor(settings: Settings, wanted: FetchOptions) {
    this.#settings = settings;
    this.#wanted = wanted;
  }

  async start(url: URL, redirects: number): Promise<FetchAnswer> {
    this.#wanted.signal?.throwIfAborted();
    const answer = await this.#request(url);
    // Whoever waits for the body hears of its errors; nobody else is hurt by them.
    answer.body.on("error", () => undefined);
    const location = headerOf(answer, "location");
    const { statusCode: status } = answer;
    if (status >= 300 && status < 400 && status !== 304 && location !== undefined) {
      answer.body.destroy();
      return this.start(this.#redirected(url, location, redirects), redirects - 1);
    }
    try {
      this.#check(url, answer);
    } catch (error) {
      answer.body.destroy();
      throw error;
    }
    const isPacked = headerOf(answer, "content-encoding") === "gzip";
    const plain = this.#limited(url, answer, arriving(answer.body));
    return { status, etag: headerOf(answer, "etag"), body: isPacked ? this.#unpacked(url, plain) : plain };
  }

  async #request(url: URL): Promise<Answer> {
    const { etag, rangeStart, rangeEnd, gzip, signal } = this.#wanted;
    const headers: Record<string, string> = {
      "user-agent": this.#settings.userAgent,
      "accept-encoding": gzip ? "gzip" : "identity",
      ...(etag === undefined ? {} : { "if-none-match": etag }),
      ...(rangeStart === undefined ? {} : { range: `bytes=${rangeStart}-${lastOf(rangeEnd)}` }),
    };
    const path = `${url.pathname}${url.search}`;
    const request = { method: "GET", origin: url.origin, path, headers, ...(signal && { signal }) } as const;
    const { connections } = this.#settings;
    try {
      // RFC 9112 §9.3.1: a server may close a kept connection just as the next request goes out on it; then the others may be closed as well.
      return await connections
        .for(url)
        .request(request)
        .catch((cause: unknown) => {
          if (!isClosed(cause)) throw cause;
          return connections.fresh(url).request({ ...request, reset: true });
        });
    } catch (cause) {
      throw this.#errorOf(url, cause);
    }
  }

  #redirected(url: URL, location: string, redirects: number): URL {
    const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
    // SPEC §8.3.2
    if (next === undefined || next.origin !== url.origin || redirects === 0) {
      const expected = "a file, or a redirect within its origin";
      throw this.#failed(url, expected, `a redirect to ${quote(location)}`, { hint: redirectHint });
    }
    return next;
  }

  #check(url: URL, answer: Answer): void {
    const { etag, rangeStart, rangeEnd, gzip } = this.#wanted;
    const { statusCode: status } = answer;
    const bytesMax = this.#bytesMax(status);
    if (status === 404 || status === 403 || status === 410) {
      throw new OperationError("FETCH_NOT_FOUND", `expected ${quote(url.href)}, got HTTP ${status}`);
    }
    const expected =
      status === 200 ||
      (status === 304 && etag !== undefined) ||
      (status === 206 && rangeStart !== undefined);
    if (!expected) {
      const retryAfter = headerOf(answer, "retry-after");
      throw this.#failed(url, "a file", `HTTP ${status}`, {
        status,
        ...(retryAfter !== undefined && { retryAfter }),
      });
    }
    const encoding = headerOf(answer, "content-encoding") ?? "identity";
    // SPEC §8.3.2: what is verified is the file as it is; a packed copy could also be a bomb.
    if (encoding !== "identity" && !(gzip && encoding === "gzip" && status === 200)) {
      throw this.#failed(url, "the file as it is", `content-encoding ${quote(encoding)}`);
    }
    const part = headerOf(answer, "content-range") ?? "";
    if (status === 206 && !isAskedFor(part, this.#wanted)) {
      throw this.#failed(url, `bytes ${rangeStart}-${lastOf(rangeEnd)}`, `content-range ${quote(part)}`);
    }
    const length = Number(headerOf(answer, "content-length") ?? 0);
    if (status !== 304 && length > bytesMax) throw tooLarge(url, bytesMax);
  }

  /** Of the body. */
  #bytesMax(status: number): number {
    const { bytesMax, rangeStart = 0, rangeEnd = rangeStart + bytesMax } = this.#wanted;
    return status === 206 ? Math.min(bytesMax, rangeEnd - rangeStart) : bytesMax;
  }

  /** What comes over the network, bounded and paced. */
  async *#limited(
    url: URL,
    { body, statusCode }: Answer,
    chunks: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array> {
    const { onBytes, signal } = this.#wanted;
    const bytesMax = this.#bytesMax(statusCode);
    const { silenceMs, bytesPerSecondMin, pace } = this.#settings;
    let bytes = 0;
    const deadlineMs = silenceMs + (bytesMax / bytesPerSecondMin) * 1000;
    const tooSlow = this.#failed(url, "a faster transfer", "too few bytes a second");
    const left = Math.min(deadlineMs - (performance.now() - this.#started), 2 ** 31 - 1);
    const slow = setTimeout(() => body.destroy(tooSlow), left);
    try {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        if (bytes > bytesMax) throw tooLarge(url, bytesMax);
        onBytes?.(chunk.length);
        await pace.spend(chunk.length, signal);
        yield chunk;
      }
      // Then the connection is free again, and the next request need not open another.
      await setImmediate();
    } catch (cause) {
      throw this.#errorOf(url, cause);
    } finally {
      clearTimeout(slow);
      // A reader that stops early must not leave the connection to whoever comes next.
      if (!body.readableEnded) body.destroy();
    }
  }

  async *#unpacked(url: URL, packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { bytesMax } = this.#wanted;
    const gunzip: Readable = pipeline(packed, createGunzip({ chunkSize: 16 * 1024 }), () => undefined);
    let bytes = 0;
    try {
      for await (const chunk of gunzip as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > bytesMax) throw tooLarge(url, bytesMax);
        yield new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
      }
    } catch (cause) {
      throw this.#errorOf(url, cause);
    } finally {
      gunzip.destroy();
    }
  }

  /** Says what the network said; what the caller's signal said passes through. */
  #errorOf(url: URL, cause: unknown): unknown {
    const { signal } = this.#wanted;
    if (signal?.aborted) return signal.reason;
    if (cause instanceof RulemintError) return cause;
    const message = `expected ${this.#named(url)}, got ${quote(saidBy(cause))}`;
    const hint = hintForTLS(saidBy(cause));
    const details = { ...this.#details(url), ...(hint !== undefined && { hint }) };
    return new OperationError("FETCH_FAILED", message, { cause, details });
  }

  #failed(url: URL, expected: string, got: string, details: Record<string, unknown> = {}): OperationError {
    const message = `expected ${expected} at ${this.#named(url)}, got ${got}`;
    return new OperationError("FETCH_FAILED", message, { details: { ...this.#details(url), ...details } });
  }

  #details(url: URL): Record<string, unknown> {
    return this.#settings.connections.proxyOf(url) === undefined ? {} : { hint: proxyHint };
  }

  /** With the proxy, which may be the one that failed. */
  #named(url: URL): string {
    const proxy = this.#settings.connections.proxyOf(url);
    return proxy === undefined ? quote(url.href) : `${quote(url.href)} through the proxy ${quote(proxy)}`;
  }
}

const redirectHint =
  "use the address that it leads to, if it is the publisher's; a network's log-in page redirects too: log in and try again";

const proxyHint =
  "check the proxy, its name and its password (client configure --proxy), then the address and the network";

/** The system's or the library's code, where it says more than the message. A proxy that refuses has no code of its own. */
function saidBy(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { code } = cause as { code?: string };
  return code === undefined || /^UND_ERR_(INVALID_ARG|ABORTED)$/.test(code) ? cause.message : code;
}

/** RFC 9110 §14.1.2: the last byte of a range belongs to it. */
const lastOf = (end: number | undefined): string => (end === undefined ? "" : String(end - 1));

/** RFC 9110 §14.4: the file ends behind the part. Who asked for the rest of a file gets any end. */
function isAskedFor(part: string, { rangeStart, rangeEnd }: FetchOptions): boolean {
  const [, first, last, length] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(part) ?? [];
  const isPlace = Number(first) === rangeStart && Number(first) <= Number(last);
  const isEnd = rangeEnd === undefined || lastOf(rangeEnd) === last;
  return isPlace && isEnd && (length === "*" || Number(last) < Number(length));
}

/** The connection ended before any answer. */
function isClosed(cause: unknown): boolean {
  return /^(UND_ERR_SOCKET|ECONNRESET|EPIPE)$/.test((cause as { code?: string }).code ?? "");
}

function headerOf({ headers }: Answer, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}

function parseURL(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new OperationError("FETCH_FAILED", `expected an http or https address, got ${quote(text)}`);
  }
  return url;
}

function tooLarge(url: URL, bytesMax: number): VerificationError {
  return new VerificationError(
    "FETCH_TOO_LARGE",
    `expected at most ${bytesMax} bytes at ${quote(url.href)}, got more`,
  );
}
