/** What stands in the public tree at one place of revocation data, and how something newer takes its place. */
import { VerificationError } from "../core/errors.js";
import { parseCRL, type RevocationList } from "../core/pki/crl.js";
import { parseOCSPResponse } from "../core/pki/ocsp.js";
import { ocspChoice } from "../core/pki/revocation-data.js";
import { isNewer, isNewerResponse } from "../core/trust/newest-revocation.js";
import { placePath } from "../core/release/mirrored-revocation.js";
import {
  belongsTo,
  type ListPlace,
  type RevocationPlace,
  type StatusPlace,
} from "../core/release/revocation-places.js";
import { revocationCopyPath } from "../core/release/tree-paths.js";
import { authenticItems } from "../core/trust/authentic-revocation.js";
import { formatOCSPRequest } from "../issuing/ocsp-requests.js";
import type { ServiceContext } from "./context.js";

export interface RevocationHead {
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** Of a complete list or a delta. */
  readonly list?: RevocationList;
}

export async function readHead(
  { tree }: Pick<ServiceContext, "tree">,
  place: RevocationPlace,
): Promise<RevocationHead | undefined> {
  const der = await tree.read(placePath(place));
  if (der === undefined) return undefined;
  if (place.kind === "status") return parseOCSPResponse(der).statuses[0];
  const list = parseCRL(der);
  return { list, thisUpdate: list.thisUpdate, nextUpdate: list.nextUpdate };
}

/**
 * Asks, judges, and replaces. SPEC §6.8.9: never by something older, wherever it comes from; SPEC §6.8.12: only by what belongs there.
 *
 * @throws OperationError FETCH_*, STORE_* @throws VerificationError REVOCATION_MALFORMED, REVOCATION_UNTRUSTED; what was there stays
 */
export function replaceHead(context: ServiceContext, place: RevocationPlace): Promise<void> {
  return place.kind === "status" ? replaceResponse(context, place) : replaceList(context, place);
}

async function replaceList(context: ServiceContext, place: ListPlace): Promise<void> {
  const path = placePath(place);
  const before = await context.tree.read(path);
  const der = await context.revocation.fetch(place, before);
  const list = parseCRL(der);
  if (before !== undefined && !isNewer(list, parseCRL(before))) return;
  if (!belongsTo(list, place) || (await authenticItems([der], place.paths)).length === 0) {
    throw untrusted(`a list ${place.name} signed by a CA of ours about its certificates`);
  }
  await context.tree.putImmutable(revocationCopyPath(place.name, list.number), der);
  await context.tree.swapHead(path, before, der);
}

async function replaceResponse(context: ServiceContext, place: StatusPlace): Promise<void> {
  const { certificate, issuer, name, addresses } = place;
  const path = placePath(place);
  const before = await context.tree.read(path);
  const request = await formatOCSPRequest(certificate.der, issuer.der);
  const der = await context.revocation.ask({ name, addresses, request });
  const response = parseOCSPResponse(der);
  const authentic = await authenticItems([ocspChoice(der)], [[certificate, issuer]]);
  if (authentic.length === 0) throw untrusted(`a response about ${name} of its issuer or a delegate`);
  if (before !== undefined && !isNewerResponse(response, parseOCSPResponse(before))) return;
  await context.tree.swapHead(path, before, der);
}

const untrusted = (expected: string): VerificationError =>
  new VerificationError("REVOCATION_UNTRUSTED", `expected ${expected}, got another`);
