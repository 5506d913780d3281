/**
 * Time-stamp authorities over HTTP (RFC 3161 §3.4), asked in the order given. An address that is down, refuses, answers for
 * something else or replays an old answer counts as failed, and its reason is kept for the one error at the end.
 */
import { randomBytes as systemRandomBytes } from "node:crypto";
import { OperationError, RulemintError } from "../../core/errors.js";
import { limits } from "../../core/limits.js";
import { formatTimestampQuery, nonceBytes, parseTimestampResponse } from "./messages.js";
import type { TimestampAuthority } from "../../ports/timestamp-authority.js";
import { postBytes } from "../post-bytes.js";

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
          const answer = await postBytes({
            ...{ url, body: formatTimestampQuery(sha256, nonce), bytesMax: limits.cmsBytesMax },
            ...{ type: "application/timestamp-query", answerType: "application/timestamp-reply" },
            ...{ timeoutMs: options.timeoutMs, fetch: options.fetch },
          });
          return await parseTimestampResponse(answer, { sha256, nonce });
        } catch (cause) {
          if (!(cause instanceof RulemintError)) throw cause;
          reasons[url] = `${cause.code}: ${cause.message}`;
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
