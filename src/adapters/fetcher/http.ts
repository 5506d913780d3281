/**
 * GET over http and https. SPEC §8.3.1: every answer is bounded in bytes, in silence and in time; nothing is decompressed, no cookie is
 * kept, and a redirect is followed only within its origin.
 */
import * as http from "node:http";
import * as https from "node:https";
import { finished } from "node:stream";
import { OperationError, RulemintError, VerificationError, quote } from "../../core/errors.js";
import type { FetchAnswer, FetchOptions, Fetcher } from "../../ports/fetcher.js";

export interface HTTPFetcherOptions {
  /** No byte for this long: give up. */
  readonly silenceMs?: number;
  /** Slower than this from start to end: give up. Bounds the time of every transfer together with its size. */
  readonly bytesPerSecondMin?: number;
  readonly redirectsMax?: number;
  readonly userAgent?: string;
}

type Settings = Required<HTTPFetcherOptions>;

export function openHTTPFetcher(options: HTTPFetcherOptions = {}): Fetcher & { close(): Promise<void> } {
  const settings: Settings = {
    silenceMs: 30_000,
    bytesPerSecondMin: 1024,
    redirectsMax: 3,
    userAgent: "rulemint",
    ...options,
  };
  const agents = {
    http: new http.Agent({ keepAlive: true, maxSockets: 4 }),
    https: new https.Agent({ keepAlive: true, maxSockets: 4, minVersion: "TLSv1.2" }),
  };
  return {
    get: (url, wanted) => new Transfer(settings, agents, wanted).start(parseURL(url), settings.redirectsMax),
    close: async () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

class Transfer {
  readonly #settings: Settings;
  readonly #agents: { http: http.Agent; https: https.Agent };
  readonly #wanted: FetchOptions;
  readonly #deadlineMs: number;
  readonly #started = Date.now();

  constructor(settings: Settings, agents: { http: http.Agent; https: https.Agent }, wanted: FetchOptions) {
    this.#settings = settings;
    this.#agents = agents;
    this.#wanted = wanted;
    this.#deadlineMs = settings.silenceMs + (wanted.bytesMax / settings.bytesPerSecondMin) * 1000;
  }

  async start(url: URL, redirects: number): Promise<FetchAnswer> {
    this.#wanted.signal?.throwIfAborted();
    const response = await this.#request(url);
    const status = response.statusCode ?? 0;
    const location = response.headers.location;
    if (status >= 300 && status < 400 && status !== 304 && location !== undefined) {
      response.destroy();
      return this.start(this.#redirected(url, location, redirects), redirects - 1);
    }
    try {
      this.#check(url, status, response);
    } catch (error) {
      response.destroy();
      throw error;
    }
    return { status, etag: response.headers.etag, body: this.#body(url, response, arriving(response)) };
  }

  #request(url: URL): Promise<http.IncomingMessage> {
    const { etag, rangeStart, signal } = this.#wanted;
    const secure = url.protocol === "https:";
    const headers: Record<string, string> = {
      "user-agent": this.#settings.userAgent,
      // What is verified is the file as it is; a packed copy could also be a bomb.
      "accept-encoding": "identity",
      ...(etag === undefined ? {} : { "if-none-match": etag }),
      ...(rangeStart === undefined ? {} : { range: `bytes=${rangeStart}-` }),
    };
    return new Promise((resolve, reject) => {
      const request = (secure ? https : http).get(url, {
        agent: secure ? this.#agents.https : this.#agents.http,
        headers,
        signal,
        timeout: this.#settings.silenceMs,
        // RFC 9112: no lenient reading of what a server sends.
        insecureHTTPParser: false,
      });
      request.on("timeout", () => request.destroy(failed(url, "an answer", "silence")));
      request.on("error", (cause) => reject(this.#named(url, cause)));
      request.on("response", resolve);
    });
  }

  #redirected(url: URL, location: string, redirects: number): URL {
    const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
    // SPEC §8.3.2
    if (next === undefined || next.origin !== url.origin || redirects === 0) {
      throw failed(url, "a file, or a redirect within its origin", `a redirect to ${quote(location)}`);
    }
    return next;
  }

  #check(url: URL, status: number, response: http.IncomingMessage): void {
    const { bytesMax, etag, rangeStart } = this.#wanted;
    if (status === 404 || status === 403 || status === 410) {
      throw new OperationError("FETCH_NOT_FOUND", `expected ${quote(url.href)}, got HTTP ${status}`);
    }
    const expected =
      status === 200 ||
      (status === 304 && etag !== undefined) ||
      (status === 206 && rangeStart !== undefined);
    if (!expected)
      throw failed(url, "a file", `HTTP ${status}`, { status, retryAfter: response.headers["retry-after"] });
    const encoding = response.headers["content-encoding"];
    if (encoding !== undefined && encoding !== "identity") {
      throw failed(url, "the file as it is", `content-encoding ${quote(encoding)}`);
    }
    const range = response.headers["content-range"] ?? "";
    if (status === 206 && !range.startsWith(`bytes ${rangeStart}-`)) {
      throw failed(url, `bytes from ${rangeStart}`, `content-range ${quote(range)}`);
    }
    const length = Number(response.headers["content-length"] ?? 0);
    if (length > bytesMax) throw tooLarge(url, bytesMax);
  }

  async *#body(
    url: URL,
    response: http.IncomingMessage,
    chunks: AsyncIterable<Uint8Array>,
  ): AsyncIterable<Uint8Array> {
    const { bytesMax } = this.#wanted;
    let bytes = 0;
    response.socket?.setTimeout(this.#settings.silenceMs);
    const left = this.#deadlineMs - (Date.now() - this.#started);
    const tooSlow = failed(url, "a faster transfer", "too few bytes a second");
    const slow = setTimeout(() => response.destroy(tooSlow), left);
    try {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        if (bytes > bytesMax) throw tooLarge(url, bytesMax);
        yield chunk;
      }
      if (!response.complete) throw failed(url, "the whole answer", `${bytes} bytes of it`);
    } catch (cause) {
      throw this.#named(url, cause);
    } finally {
      clearTimeout(slow);
      // A reader that stops early must not leave the connection to whoever comes next.
      if (!response.complete) response.destroy();
    }
  }

  /** Names what the network said; what the caller's signal said passes through. */
  #named(url: URL, cause: unknown): unknown {
    const { signal } = this.#wanted;
    if (signal?.aborted) return signal.reason;
    if (cause instanceof RulemintError) return cause;
    const said =
      (cause as { code?: string }).code ?? (cause instanceof Error ? cause.message : String(cause));
    return new OperationError("FETCH_FAILED", `expected ${quote(url.href)}, got ${quote(said)}`, { cause });
  }
}

/** Bytes that wait for a slow reader before the server has to wait too. */
const waitingBytesMax = 256 * 1024;

/**
 * Collects from the moment the answer begins, while the caller may still be opening its file: what arrived before a connection
 * broke counts. Node's own iterator would throw it away with the error.
 */
function arriving(response: http.IncomingMessage): AsyncIterable<Uint8Array> {
  const waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let over: { error: Error | undefined } | undefined;
  let wake = () => {};
  response.on("data", (chunk: Buffer) => {
    waiting.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
    waitingBytes += chunk.length;
    if (waitingBytes > waitingBytesMax) response.pause();
    wake();
  });
  finished(response, (error) => {
    over = { error: error ?? undefined };
    wake();
  });
  async function* iterate(): AsyncGenerator<Uint8Array> {
    for (;;) {
      for (let chunk = waiting.shift(); chunk !== undefined; chunk = waiting.shift()) {
        waitingBytes -= chunk.length;
        yield chunk;
      }
      if (over?.error !== undefined) throw over.error;
      if (over !== undefined) return;
      const more = new Promise<void>((resolve) => {
        wake = resolve;
      });
      response.resume();
      await more;
    }
  }
  return iterate();
}

function parseURL(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new OperationError("FETCH_FAILED", `expected an http or https address, got ${quote(text)}`);
  }
  return url;
}

function failed(
  url: URL,
  expected: string,
  got: string,
  details: Record<string, unknown> = {},
): OperationError {
  const message = `expected ${expected} at ${quote(url.href)}, got ${got}`;
  return new OperationError("FETCH_FAILED", message, { details });
}

function tooLarge(url: URL, bytesMax: number): VerificationError {
  return new VerificationError(
    "FETCH_TOO_LARGE",
    `expected at most ${bytesMax} bytes at ${quote(url.href)}, got more`,
  );
}
