/**
 * The signed protocol of an auditor's visit (SPEC §13.5): who came and why, and every entry of the access log that the visit left,
 * opened and proven. What was read and refused follows from the entries, not from what the service says beside them.
 */
import { utf8Bytes } from "../encoding/bytes.js";
import { type JSONValue, isJSONObject, parseJSON } from "../encoding/json.js";
import { VerificationError, quote } from "../errors.js";
import { type AccessFile, accessFileDocument, readAccessFile } from "./access-file.js";

export const visitPayloadType = "application/vnd.rulemint.visit+json";

/** A rebuild that the auditor made during the visit, with a program and a pinned root of his own. */
export interface VisitRebuild {
  readonly feed: string;
  readonly release: number;
  readonly result: "PASSED" | "FAILED";
  /** Null when it passed. */
  readonly code: string | null;
  readonly explanation: string;
  /** Digest of the database that the sources gave; null when they gave none. */
  readonly digest: string | null;
  readonly at: string;
  /** The entry of the access log with which it came in; null for a service without one. */
  readonly entry: number | null;
}

export interface Visit {
  readonly id: string;
  readonly who: string;
  readonly why: string;
  readonly begunAt: string;
  readonly endedAt: string;
  readonly rebuilds: readonly VisitRebuild[];
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
  const { id, who, why, begunAt, endedAt, rebuilds } = value.visit;
  if (!Array.isArray(rebuilds)) throw odd("a list of rebuilds", rebuilds);
  const visit = {
    id: text(id),
    who: text(who),
    why: text(why),
    begunAt: text(begunAt),
    endedAt: text(endedAt),
    rebuilds: rebuilds.map(readRebuild),
  };
  return { visit, access: readAccessFile(value.access) };
}

function readRebuild(value: JSONValue): VisitRebuild {
  if (!isJSONObject(value)) throw odd("a rebuild", value);
  const { feed, release, result, code, explanation, digest, at, entry } = value;
  if (result !== "PASSED" && result !== "FAILED") throw odd("a result", result);
  return {
    ...{ feed: text(feed), release: number(release), result, explanation: text(explanation), at: text(at) },
    ...{ code: code === null ? null : text(code), digest: digest === null ? null : text(digest) },
    entry: entry === null ? null : number(entry),
  };
}

function number(value: JSONValue | undefined): number {
  if (typeof value === "number" && value >= 0) return value;
  throw odd("a number", value);
}

function text(value: JSONValue | undefined): string {
  if (typeof value === "string") return value;
  throw odd("a text", value);
}

function odd(expected: string, got: unknown): VerificationError {
  const message = `expected ${expected} of a visit, got ${quote(JSON.stringify(got) ?? "nothing")}`;
  return new VerificationError("LOG_PROOF_MALFORMED", message);
}
