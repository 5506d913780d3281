/** Revocation data as it travels: inside a SignedData (RFC 5652 §10.2.1), or as files beside it. Read, not yet believed. */
import { equalBytes, hexBytes } from "../encoding/bytes.js";
import { constructedTag, parseDER, tags } from "../encoding/der.js";
import { derValue } from "../encoding/der-writer.js";
import { quote, VerificationError } from "../errors.js";
import { limits } from "../limits.js";
import { parseCRL, type RevocationList } from "./crl.js";
import { refusal, structured } from "./failure.js";
import { type OCSPResponse, type OCSPStatus, parseOCSPResponse } from "./ocsp.js";

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

/** The choice that an OCSP response travels as; a list travels as it is. */
export const ocspChoice = (response: Uint8Array): Uint8Array<ArrayBuffer> =>
  derValue(constructedTag(1), ocspFormatDER, response);
const ocspFormatDER = derValue(tags.oid, hexBytes("2b06010505071002"));

/** Both sets, each item once. Of the second, what cannot be read is left out: it is extra, and nobody relies on it. */
export function withNewerItems(data: RevocationData, seen: readonly Uint8Array[]): RevocationData {
  const { lists, responses } = newestItems(seen);
  const isNew = (known: readonly { der: Uint8Array }[]) => (item: { der: Uint8Array }) =>
    !known.some(({ der }) => equalBytes(der, item.der));
  return {
    lists: [...data.lists, ...lists.filter(isNew(data.lists))],
    responses: [...data.responses, ...responses.filter(isNew(data.responses))],
  };
}

/**
 * What an endpoint keeps of these choices, so that it never goes backwards: the newest list of each issuer, key and scope, complete or
 * delta, where the number decides, and then thisUpdate; and the newest response about each certificate, among those about one.
 */
export function newestItems(choices: readonly Uint8Array[]): RevocationData {
  const lists = new Map<string, RevocationList>();
  const responses = new Map<string, OCSPResponse>();
  for (const choice of choices) {
    const data = readable(choice);
    for (const list of data.lists) {
      const parts = [list.issuer.der, list.scope.bytes, list.authorityKeyIdentifier ?? new Uint8Array()];
      keep(lists, [list.baseNumber === undefined, ...parts.map(String)].join("/"), list, isNewer);
    }
    for (const response of data.responses) {
      const [single, other] = response.statuses;
      if (single === undefined || other !== undefined) continue;
      const { hash, nameHash, keyHash, serial } = single.id;
      keep(responses, [hash, nameHash, keyHash, serial].join("/"), response, isNewerResponse);
    }
  }
  return { lists: [...lists.values()], responses: [...responses.values()] };
}

function keep<T>(newest: Map<string, T>, key: string, item: T, newer: (item: T, than: T) => boolean): void {
  const known = newest.get(key);
  if (known === undefined || newer(item, known)) newest.set(key, item);
}

/** As they travel. */
export const choicesOf = ({ lists, responses }: RevocationData): Uint8Array[] => [
  ...[...lists.map(({ der }) => der), ...responses.map(({ der }) => ocspChoice(der))],
];

export function isNewer(list: RevocationList, than: RevocationList): boolean {
  if (list.number !== than.number) return list.number > than.number;
  return list.thisUpdate > than.thisUpdate;
}

/** By thisUpdate of their only status, and then by when they were signed. */
export function isNewerResponse(response: OCSPResponse, than: OCSPResponse): boolean {
  const [a, b] = [response.statuses[0], than.statuses[0]] as [OCSPStatus, OCSPStatus];
  if (a.thisUpdate.getTime() !== b.thisUpdate.getTime()) return a.thisUpdate > b.thisUpdate;
  return response.producedAt > than.producedAt;
}

function readable(choice: Uint8Array): RevocationData {
  try {
    if (choice.length <= limits.crlBytesMax) return parseRevocationData([choice]);
  } catch (cause) {
    if (!(cause instanceof VerificationError)) throw cause;
  }
  return { lists: [], responses: [] };
}
