/** Revocation data as it travels: inside a SignedData (RFC 5652 §10.2.1), or as files beside it. Read, not yet believed. */
import { equalBytes } from "../encoding/bytes.js";
import { constructedTag, parseDER, tags } from "../encoding/der.js";
import { quote, VerificationError } from "../errors.js";
import { limits } from "../limits.js";
import { parseCRL, type RevocationList } from "./crl.js";
import { refusal, structured } from "./failure.js";
import { type OCSPResponse, parseOCSPResponse } from "./ocsp.js";

export interface RevocationData {
  readonly lists: readonly RevocationList[];
  readonly responses: readonly OCSPResponse[];
}

/** RFC 5940 §2: an OCSP response among the revocation data of a signature. */
const ocspFormat = "1.3.6.1.5.5.7.16.2";

/** SPEC §6.8.1. @throws VerificationError REVOCATION_MALFORMED, LIMIT_EXCEEDED */
export function parseRevocationData(choices: readonly Uint8Array[]): RevocationData {
  const lists: RevocationList[] = [];
  const responses: OCSPResponse[] = [];
  for (const bytes of choices) {
    if (bytes[0] === tags.sequence) lists.push(parseCRL(bytes));
    else responses.push(parseOCSPResponse(otherRevocation(bytes)));
  }
  return { lists, responses };
}

/** OtherRevocationInfoFormat: [1] { format, info }. */
function otherRevocation(bytes: Uint8Array): Uint8Array {
  return structured("REVOCATION_MALFORMED", () => {
    const fields = parseDER(bytes).fields("other revocation data", constructedTag(1));
    const format = fields.next().oid();
    const info = fields.next();
    fields.end();
    if (format !== ocspFormat) {
      throw refusal("REVOCATION_MALFORMED", `expected a list or an OCSP response, got ${quote(format)}`);
    }
    return info.bytes;
  });
}

/**
 * Both sets, each list once. Of the second, what cannot be read is left out: it is extra, and nobody relies on it.
 * `newer` are lists in DER, from wherever they were seen.
 */
export function withNewerLists(data: RevocationData, newer: readonly Uint8Array[]): RevocationData {
  const known = newer.filter((der) => !data.lists.some((list) => equalBytes(list.der, der)));
  return { ...data, lists: [...data.lists, ...newestLists(known)] };
}

/**
 * The newest readable list of each issuer, key and scope, complete or delta: the number decides, and then thisUpdate. This is what an
 * endpoint keeps, so it never goes backwards.
 */
export function newestLists(ders: readonly Uint8Array[]): RevocationList[] {
  const newest = new Map<string, RevocationList>();
  for (const der of ders) {
    const list = readable(der);
    if (list === undefined) continue;
    const parts = [list.issuer.der, list.scope.bytes, list.authorityKeyIdentifier ?? new Uint8Array()];
    const key = [list.baseNumber === undefined, ...parts.map(String)].join("/");
    const known = newest.get(key);
    if (known === undefined || isNewer(list, known)) newest.set(key, list);
  }
  return [...newest.values()];
}

export function isNewer(list: RevocationList, than: RevocationList): boolean {
  if (list.number !== than.number) return list.number > than.number;
  return list.thisUpdate > than.thisUpdate;
}

function readable(der: Uint8Array): RevocationList | undefined {
  try {
    return der.length > limits.crlBytesMax ? undefined : parseCRL(der);
  } catch (cause) {
    if (cause instanceof VerificationError) return undefined;
    throw cause;
  }
}
