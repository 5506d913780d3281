/**
 * Time-stamp authorities over HTTP (RFC 3161 §3.4), asked in the order given. An address that is down, refuses, answers for
 * something else or replays an old answer counts as failed, and its reason is kept for the one error at the end.
 */
import { randomBytes as systemRandomBytes } from "node:crypto";
import { concatBytes } from "../../core/encoding/bytes.js";
import { OperationError, quote, RulemintError } from "../../core/errors.js";
import { limits } from "../../core/limits.js";
import {
  formatTimestampQuery,
  nonceBytes,
  parseTimestampResponse,
} from "../../core/pki/timestamp-exchange.js";
import type { TimestampAuthority } from "../../ports/timestamp-authority.js";

export interface TimestampAuthorityOptions {
  readonly urls: readonly string[];
  /** For each address: connection, answer and all of its bytes. */
  readonly timeoutMs: number;
  readonly fetch?: typeof globalThis.fetch;
  readonly randomBytes?: (length: number) => Uint8Array;
}

export function openTimestampAuthority(options: TimestampAuthorityOptions): TimestampAuthority {
  const randomBytes = options.randomBytes ?? systemRandomBytes;
  return {
    stamp: async (sha256) => {
      const reasons: Record<string, string> = {};
      for (const url of options.urls) {
        try {
          const nonce = Uint8Array.from(randomBytes(nonceBytes));
          const answer = await ask(url, formatTimestampQuery(sha256, nonce), options);
          return await parseTimestampResponse(answer, { sha256, nonce });
        } catch (cause) {
          reasons[url] = reason(cause);
        }
      }
      const list = Object.entries(reasons).map(([url, why]) => `${url}: ${why}`);
      const got = list.length === 0 ? "no address" : list.join("; ");
      throw new OperationError("TSA_UNAVAILABLE", `expected a time-stamp from one authority, got ${got}`, {
        details: { reasons },
      });
    },
  };
}

async function ask(
  url: string,
  query: Uint8Array<ArrayBuffer>,
  options: TimestampAuthorityOptions,
): Promise<Uint8Array> {
  const response = await (options.fetch ?? globalThis.fetch)(url, {
    method: "POST",
    headers: { "content-type": "application/timestamp-query", accept: "application/timestamp-reply" },
    body: query,
    redirect: "error",
    signal: AbortSignal.timeout(options.timeoutMs),
  });
  const type = response.headers.get("content-type") ?? "none";
  if (response.status !== 200) throw unavailable("status 200", `${response.status}`);
  if (type.split(";")[0]?.trim().toLowerCase() !== "application/timestamp-reply") {
    throw unavailable("application/timestamp-reply", quote(type));
  }
  return limitedBody(response);
}

/** All of the body, or an error once it is larger than any answer. */
async function limitedBody(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += part.length;
    if (length > limits.cmsBytesMax) throw unavailable(`at most ${limits.cmsBytesMax} bytes`, "more");
    parts.push(part);
  }
  return concatBytes(...parts);
}

function unavailable(expected: string, got: string): OperationError {
  return new OperationError("TSA_UNAVAILABLE", `expected ${expected}, got ${got}`);
}

function reason(cause: unknown): string {
  if (cause instanceof RulemintError) return `${cause.code}: ${cause.message}`;
  if (!(cause instanceof Error)) return String(cause);
  if (cause.name === "TimeoutError") return "no answer in time";
  // Node's fetch says "fetch failed" and keeps the reason one level down.
  return cause.cause instanceof Error ? cause.cause.message : cause.message;
}
