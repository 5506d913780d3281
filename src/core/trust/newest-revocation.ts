/** What an endpoint and a mirror keep of the revocation data that they have seen, so that they never go backwards (SPEC §6.8.9). */
import type { RevocationList } from "../pki/crl.js";
import type { OCSPResponse, OCSPStatus } from "../pki/ocsp.js";
import { readableItem, type RevocationData } from "../pki/revocation-data.js";

/**
 * The newest list of each issuer, key and scope, complete or delta, where the number decides, and then thisUpdate; and the newest
 * response about each certificate, among those about one. What cannot be read is left out.
 */
export function newestItems(choices: readonly Uint8Array[]): RevocationData {
  const lists = new Map<string, RevocationList>();
  const responses = new Map<string, OCSPResponse>();
  for (const choice of choices) {
    const data = readableItem(choice);
    for (const list of data.lists) {
      const parts = [list.issuer.der, list.scope.bytes, list.authorityKeyIdentifier ?? new Uint8Array()];
      keep(lists, [list.baseNumber === undefined, ...parts.map(String)].join("/"), list, isNewer);
    }
    for (const response of data.responses) {
      const [single, other] = response.statuses;
      if (single === undefined || other !== undefined) continue;
      const { hash, nameHash, keyHash, serial } = single.id;
      keep(responses, [hash.oid, nameHash, keyHash, serial].join("/"), response, isNewerResponse);
    }
  }
  return { lists: [...lists.values()], responses: [...responses.values()] };
}

function keep<T>(newest: Map<string, T>, key: string, item: T, newer: (item: T, than: T) => boolean): void {
  const known = newest.get(key);
  if (known === undefined || newer(item, known)) newest.set(key, item);
}

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
