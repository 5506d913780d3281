/**
 * Revocation lists and OCSP responses over HTTP, from the addresses that certificates name. Plain http is how CAs publish them
 * (RFC 5280 §8, RFC 6960 §A.1): what comes proves itself or is worth nothing. Each address is tried in its turn; the first that gives a
 * readable answer ends the search.
 */
import { base64Text, concatBytes } from "../../core/encoding/bytes.js";
import { OperationError, RulemintError } from "../../core/errors.js";
import { limits } from "../../core/limits.js";
import { parseCRL } from "../../core/pki/crl.js";
import { parseOCSPResponse } from "../../core/pki/ocsp.js";
import type { Fetcher } from "../../ports/fetcher.js";
import type { RevocationPoint, RevocationSource, StatusRequest } from "../../ports/revocation-source.js";
import { postBytes } from "../post-bytes.js";

const addressesMax = 4;

export interface RevocationSourceOptions {
  /** Of a question to a responder, with its answer. */
  readonly timeoutMs?: number;
}

export function openHTTPRevocationSource(
  fetcher: Fetcher,
  { timeoutMs = 15_000 }: RevocationSourceOptions = {},
): RevocationSource {
  return {
    fetch: (point) =>
      firstOf("a revocation list", point, async (address) => {
        const list = await getBytes(fetcher, address);
        parseCRL(list);
        return list;
      }),
    ask: (question) => {
      const ways = [
        (address: string) => post(address, question, timeoutMs),
        (address: string) => getBytes(fetcher, questionAddress(address, question)),
      ];
      return firstOf("an OCSP response", question, (address) => firstAnswer(ways, address));
    },
  };
}

async function firstOf(
  what: string,
  { name, addresses }: RevocationPoint,
  attempt: (address: string) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const failures: string[] = [];
  for (const address of addresses.slice(0, addressesMax)) {
    try {
      return await attempt(address);
    } catch (error) {
      if (!(error instanceof RulemintError)) throw error;
      failures.push(`${error.code}: ${error.message}`);
    }
  }
  const got = failures.join("; ") || "no address";
  throw new OperationError("FETCH_FAILED", `expected ${what} ${name}, got ${got}`);
}

/** POST, which no cache on the way answers; some responders know GET alone (RFC 5019 §5). */
async function firstAnswer(
  ways: readonly ((address: string) => Promise<Uint8Array>)[],
  address: string,
): Promise<Uint8Array> {
  const failures: string[] = [];
  for (const way of ways) {
    try {
      const response = await way(address);
      parseOCSPResponse(response);
      return response;
    } catch (error) {
      if (!(error instanceof RulemintError)) throw error;
      failures.push(`${error.code}: ${error.message}`);
    }
  }
  throw new OperationError("FETCH_FAILED", failures.join("; "));
}

const post = (url: string, { request }: StatusRequest, timeoutMs: number): Promise<Uint8Array> =>
  postBytes({
    ...{ url, body: request, bytesMax: limits.crlBytesMax, timeoutMs },
    ...{ type: "application/ocsp-request", answerType: "application/ocsp-response" },
  });

/** RFC 6960 §A.1.1 */
const questionAddress = (address: string, { request }: StatusRequest): string =>
  `${address.replace(/\/$/, "")}/${encodeURIComponent(base64Text(request))}`;

async function getBytes(fetcher: Fetcher, address: string): Promise<Uint8Array> {
  const { body } = await fetcher.get(address, { bytesMax: limits.crlBytesMax });
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return concatBytes(...parts);
}
