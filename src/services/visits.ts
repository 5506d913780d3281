/** Visits of auditors: begun with a reason, ended with a signed protocol of everything that was opened (SPEC §13.5). */
import { feedName, releaseNumber } from "../core/brands.js";
import { sha256 } from "../core/encoding/sha256.js";
import { hexText } from "../core/encoding/bytes.js";
import { UsageError, quote } from "../core/errors.js";
import {
  type Visit,
  type VisitRebuild,
  formatVisitProtocol,
  visitPayloadType,
} from "../core/log/visit-protocol.js";
import { formatDSSE, preAuthEncoding } from "../core/trust/attest/dsse.js";
import type { ServiceContext } from "./context.js";
import { nextNumber, requireRelease, timeText, untilCommitted } from "./documents.js";
import type { Identity } from "./model.js";
import { openAccess } from "./open-access.js";
import { requireRole } from "./roles.js";

/** Collection `visits`, id = `v-` and twelve digits. */
export type VisitRecord = Omit<Visit, "endedAt">;

export type RebuildOrder = Omit<VisitRebuild, "at" | "entry">;

const rebuildsMax = 1000;

/** @throws PolicyError ROLE_REFUSED; UsageError NOT_FOUND for a service that cannot sign a protocol */
export async function beginVisit(
  context: ServiceContext,
  identity: Identity,
  why: string,
): Promise<VisitRecord> {
  requireRole(identity, "auditor");
  requireVisits(context);
  return untilCommitted(async () => {
    const { number, write } = await nextNumber(context.records, "visits");
    const id = `v-${String(number).padStart(12, "0")}`;
    const body = { id, who: identity.name, why, begunAt: timeText(context.clock.now()), rebuilds: [] };
    await context.records.commit([write, { collection: "visits", id, expected: 0, body }]);
    return body;
  });
}

/**
 * The envelope with the protocol up to now; it may be asked for again, and then tells more.
 * @throws PolicyError ROLE_REFUSED; UsageError NOT_FOUND; OperationError ACCESS_LOG_UNAVAILABLE
 */
export async function endVisit(
  context: ServiceContext,
  identity: Identity,
  id: string,
): Promise<Uint8Array<ArrayBuffer>> {
  requireRole(identity, "auditor");
  const signer = requireVisits(context);
  const found = await ownVisit(context, identity, id);
  const access = await openAccess(context, identity, { review: id, who: identity.name });
  const visit = { ...found.body, endedAt: timeText(context.clock.now()) };
  const payload = formatVisitProtocol({ visit, access });
  const sig = new Uint8Array(await signer.sign(preAuthEncoding(visitPayloadType, payload)));
  const keyid = hexText(await sha256(signer.spki));
  return formatDSSE({ payloadType: visitPayloadType, payload, signatures: [{ keyid, sig }] });
}

/**
 * SPEC §13.5.3: what the auditor's own rebuild found, under the entry with which it came.
 * @throws PolicyError ROLE_REFUSED; UsageError NOT_FOUND, REQUEST_INVALID
 */
export async function addVisitRebuild(
  context: ServiceContext,
  identity: Identity,
  id: string,
  order: RebuildOrder & { readonly entry: number | null },
): Promise<VisitRebuild> {
  requireRole(identity, "auditor");
  return untilCommitted(async () => {
    const { version, body } = await ownVisit(context, identity, id);
    await requireRelease(context.records, feedName(order.feed), releaseNumber(order.release));
    if (body.rebuilds.length >= rebuildsMax) {
      throw new UsageError(
        "REQUEST_INVALID",
        `expected at most ${rebuildsMax} rebuilds in a visit, got more`,
      );
    }
    const rebuild = { ...order, at: timeText(context.clock.now()) };
    const next: VisitRecord = { ...body, rebuilds: [...body.rebuilds, rebuild] };
    await context.records.commit([{ collection: "visits", id, expected: version, body: next }]);
    return rebuild;
  });
}

async function ownVisit({ records }: ServiceContext, { name }: Identity, id: string) {
  const found = await records.get<VisitRecord>("visits", id);
  if (found?.body.who === name) return found;
  throw new UsageError("NOT_FOUND", `expected a visit of ${quote(name)}, got ${quote(id)}`);
}

function requireVisits({ visits }: ServiceContext): NonNullable<ServiceContext["visits"]> {
  if (visits !== undefined) return visits;
  throw new UsageError("NOT_FOUND", "expected a service with a key for visits, got one without");
}
