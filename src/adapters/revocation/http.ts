/**
 * Revocation lists over HTTP, from the addresses that certificates name. Plain http is how CAs publish them (RFC 5280 §8): what comes
 * proves itself or is worth nothing. Each address is tried in its turn; the first that gives a readable list ends the search.
 */
import { concatBytes } from "../../core/encoding/bytes.js";
import { OperationError, RulemintError } from "../../core/errors.js";
import { limits } from "../../core/limits.js";
import { parseCRL } from "../../core/pki/crl.js";
import type { Fetcher } from "../../ports/fetcher.js";
import type { RevocationPoint, RevocationSource } from "../../ports/revocation-source.js";

const addressesMax = 4;

export function openHTTPRevocationSource(fetcher: Fetcher): RevocationSource {
  return { fetch: (point) => fetchList(fetcher, point) };
}

async function fetchList(fetcher: Fetcher, { name, addresses }: RevocationPoint): Promise<Uint8Array> {
  const failures: string[] = [];
  for (const address of addresses.slice(0, addressesMax)) {
    try {
      const { body } = await fetcher.get(address, { bytesMax: limits.crlBytesMax });
      const parts: Uint8Array[] = [];
      for await (const part of body) parts.push(part);
      const list = concatBytes(...parts);
      parseCRL(list);
      return list;
    } catch (error) {
      if (!(error instanceof RulemintError)) throw error;
      failures.push(`${error.code}: ${error.message}`);
    }
  }
  const got = failures.join("; ") || "no address";
  throw new OperationError("FETCH_FAILED", `expected a revocation list ${name}, got ${got}`);
}
