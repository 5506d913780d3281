/**
 * The signed protocol of an auditor's visit (SPEC §13.5): who came and why, and every entry of the access log that the visit left,
 * opened and proven. What was read and refused follows from the entries, not from what the service says beside them.
 */
import { utf8Bytes } from "../encoding/bytes.js";
import { type JSONValue, isJSONObject, parseJSON } from "../encoding/json.js";
import { VerificationError, quote } from "../errors.js";
import { type AccessFile, accessFileDocument, readAccessFile } from "./access-file.js";

export const visitPayloadType = "application/vnd.rulemint.visit+json";

export interface Visit {
  readonly id: string;
  readonly who: string;
  readonly why: string;
  readonly begunAt: string;
  readonly endedAt: string;
}

export interface VisitProtocol {
  readonly visit: Visit;
  readonly access: AccessFile;
}

export function formatVisitProtocol({ visit, access }: VisitProtocol): Uint8Array<ArrayBuffer> {
  return utf8Bytes(`${JSON.stringify({ schema: 1, visit, access: accessFileDocument(access) })}\n`);
}

/** @throws VerificationError LOG_PROOF_MALFORMED, JSON_MALFORMED */
export function parseVisitProtocol(payload: Uint8Array): VisitProtocol {
  const value = parseJSON(payload);
  if (!isJSONObject(value) || value.schema !== 1 || !isJSONObject(value.visit))
    throw odd("a protocol", value);
  const { id, who, why, begunAt, endedAt } = value.visit;
  const visit = {
    id: text(id),
    who: text(who),
    why: text(why),
    begunAt: text(begunAt),
    endedAt: text(endedAt),
  };
  return { visit, access: readAccessFile(value.access) };
}

function text(value: JSONValue | undefined): string {
  if (typeof value === "string") return value;
  throw odd("a text", value);
}

function odd(expected: string, got: unknown): VerificationError {
  const message = `expected ${expected} of a visit, got ${quote(JSON.stringify(got) ?? "nothing")}`;
  return new VerificationError("LOG_PROOF_MALFORMED", message);
}
