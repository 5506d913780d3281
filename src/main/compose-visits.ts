/** The protocol of a visit: fetched, kept, and judged by the two keys that an auditor pinned. */
import { readFileSync, writeFileSync } from "node:fs";
import type { VisitEndOptions, VisitTrust } from "../cli/access-doors.js";
import { describeAccess } from "../cli/describe-access.js";
import type { Report } from "../cli/doors.js";
import { parseJSON } from "../core/encoding/json.js";
import { VerificationError } from "../core/errors.js";
import { checkAccessFile } from "../core/log/check-access.js";
import { parseVisitProtocol, visitPayloadType } from "../core/log/visit-protocol.js";
import { dsseSigners, readDSSE } from "../core/trust/attest/dsse.js";
import { clientOf, demandOf } from "./compose-access-audit.js";
import { readPublicKey } from "./compose-key-tools.js";

export async function endVisit({ call, id, out, ...trust }: VisitEndOptions): Promise<Report> {
  const envelope = await clientOf({ ...call, said: { ...call.said, visit: id } }).endVisit(id);
  writeFileSync(out, envelope, { mode: 0o600 });
  return verifyVisit({ ...trust, file: out });
}

/** SPEC §13.5.2: the signature, every entry, and that each is of this visit. */
export async function verifyVisit({
  file,
  visitsKey,
  ...trust
}: VisitTrust & { readonly file: string }): Promise<Report> {
  const envelope = readDSSE(parseJSON(new Uint8Array(readFileSync(file))));
  const signers = await dsseSigners(envelope, [readPublicKey(visitsKey)]);
  if (envelope.payloadType !== visitPayloadType || signers.size === 0) {
    throw new VerificationError(
      "ATTESTATION_SIGNATURE",
      "expected a protocol signed by the pinned key, got another",
    );
  }
  const { visit, access } = parseVisitProtocol(envelope.payload);
  const { checkpoint, entries, alarms } = await checkAccessFile(access, demandOf(trust));
  const isForeign = entries.some(({ entry }) => entry?.review !== visit.id && entry?.kind !== "erasure");
  if (isForeign) {
    throw new VerificationError(
      "ATTESTATION_MISMATCH",
      `expected entries of the visit ${visit.id}, got others`,
    );
  }
  const { origin, size } = checkpoint;
  const json = { visit, origin, size, ok: alarms.length === 0, entries, alarms };
  const head = `Visit ${visit.id} of ${visit.who}, ${visit.begunAt} to ${visit.endedAt}, because: ${visit.why}`;
  return {
    ok: alarms.length === 0,
    json,
    text: `${head}\n${describeAccess({ origin, size, entries, alarms })}`,
  };
}
