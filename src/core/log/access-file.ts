/**
 * A part of the access log, opened, in one file that needs no network: leaves with their openings and inclusion proofs under one
 * checkpoint, and the heads that the release log has of it. `checkAccessFile` names everything that is wrong with it.
 */
import { base64Bytes, base64Text, utf8Bytes } from "../encoding/bytes.js";
import { type JSONObject, type JSONValue, isJSONObject, parseJSON } from "../encoding/json.js";
import { type ErrorCode, RulemintError, VerificationError, quote } from "../errors.js";
import type { AccessEntry, Heartbeat } from "./access-entries.js";

export interface Opening {
  readonly salt: Uint8Array;
  /** The entry's exact text. */
  readonly entry: string;
}

export interface OpenedLeaf {
  readonly index: number;
  readonly leaf: Uint8Array;
  /** Null for a heartbeat, and where it was erased or is gone. */
  readonly opening: Opening | null;
  readonly proof: readonly Uint8Array[];
}

/** A head of the access log as an entry of the release log. */
export interface Anchor {
  /** The entry's exact text. */
  readonly entry: string;
  /** tlog-proof of it in the release log. */
  readonly proof: string;
  /** From the head that it names to the file's checkpoint. */
  readonly consistency: readonly Uint8Array[];
}

export interface AccessFile {
  /** A signed note. */
  readonly checkpoint: string;
  /** Indices that the file covers, `to` exclusive. */
  readonly from: number;
  readonly to: number;
  /** Every leaf from `from` on is here; false for a selection. */
  readonly complete: boolean;
  /** By index; leaves outside of the range are erasures of what is inside. */
  readonly leaves: readonly OpenedLeaf[];
  readonly anchors: readonly Anchor[];
}

export interface AccessAlarm {
  readonly code: ErrorCode;
  /** The leaf that it is about, where there is one. */
  readonly index: number | null;
  readonly detail: string;
}

export interface ProvenAccess {
  readonly index: number;
  /** Null for a heartbeat, and for an opening that was erased or is gone. */
  readonly entry: AccessEntry | null;
  readonly heartbeat: Heartbeat | null;
  readonly erasedBy: number | null;
}

const b64 = (list: readonly Uint8Array[]) => list.map((one) => base64Text(one));

export function accessFileDocument(file: AccessFile) {
  const { checkpoint, from, to, complete, leaves, anchors } = file;
  return {
    ...{ schema: 1, checkpoint, from, to, complete },
    leaves: leaves.map(({ index, leaf, opening, proof }) => ({
      index,
      leaf: base64Text(leaf),
      opening: opening && { salt: base64Text(opening.salt), entry: opening.entry },
      proof: b64(proof),
    })),
    anchors: anchors.map(({ entry, proof, consistency }) => ({
      entry,
      proof,
      consistency: b64(consistency),
    })),
  };
}

export type AccessFileDocument = ReturnType<typeof accessFileDocument>;

export function formatAccessFile(file: AccessFile): Uint8Array<ArrayBuffer> {
  return utf8Bytes(`${JSON.stringify(accessFileDocument(file), null, 1)}\n`);
}

/** @throws VerificationError LOG_PROOF_MALFORMED */
export function parseAccessFile(bytes: Uint8Array): AccessFile {
  try {
    return readAccessFile(parseJSON(bytes));
  } catch (cause) {
    if (!(cause instanceof RulemintError) || cause.code === "LOG_PROOF_MALFORMED") throw cause;
    throw new VerificationError("LOG_PROOF_MALFORMED", cause.message, { cause });
  }
}

/** One that stands inside another document. @throws VerificationError LOG_PROOF_MALFORMED, ENCODING_MALFORMED */
export function readAccessFile(value: JSONValue | undefined): AccessFile {
  const file = object(value, "an access file");
  if (file.schema !== 1) throw odd("schema 1", file.schema);
  if (typeof file.complete !== "boolean") throw odd("complete", file.complete);
  return {
    ...{ checkpoint: text(file.checkpoint), from: count(file.from), to: count(file.to) },
    complete: file.complete,
    leaves: list(file.leaves).map(readLeaf),
    anchors: list(file.anchors).map((one) => {
      const { entry, proof, consistency } = object(one, "an anchor");
      return { entry: text(entry), proof: text(proof), consistency: list(consistency).map(binary) };
    }),
  };
}

function readLeaf(value: JSONValue): OpenedLeaf {
  const { index, leaf, opening, proof } = object(value, "a leaf");
  return {
    ...{ index: count(index), leaf: binary(leaf), proof: list(proof).map(binary) },
    opening: opening === null ? null : readOpening(object(opening, "an opening")),
  };
}

function readOpening({ salt, entry }: JSONObject): Opening {
  return { salt: binary(salt), entry: text(entry) };
}

function object(value: JSONValue | undefined, what: string): JSONObject {
  if (isJSONObject(value)) return value;
  throw odd(what, value);
}

function list(value: JSONValue | undefined): readonly JSONValue[] {
  if (Array.isArray(value)) return value;
  throw odd("a list", value);
}

function text(value: JSONValue | undefined): string {
  if (typeof value === "string") return value;
  throw odd("a text", value);
}

function binary(value: JSONValue | undefined): Uint8Array {
  return base64Bytes(text(value));
}

function count(value: JSONValue | undefined): number {
  if (typeof value === "number" && value >= 0) return value;
  throw odd("a number from 0 on", value);
}

function odd(expected: string, got: unknown): VerificationError {
  const message = `expected ${expected} in an access file, got ${quote(JSON.stringify(got) ?? "nothing")}`;
  return new VerificationError("LOG_PROOF_MALFORMED", message);
}
