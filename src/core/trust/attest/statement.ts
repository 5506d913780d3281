/**
 * in-toto Statement v1: something said about artifacts that are named by digest. Names are for people; what a statement is about is
 * decided by digests alone. We write canonical JSON, so the same statement has the same bytes; readers need not find it so.
 */
import { type Sha256Hex, sha256Hex } from "../../brands.js";
import { encodeCanonicalJSON } from "../../encoding/canonical-json.js";
import { type JSONObject, type JSONValue, isJSONObject, parseJSON } from "../../encoding/json.js";
import { limits } from "../../limits.js";
import { type DSSEEnvelope, malformed } from "./dsse.js";

export const statementPayloadType = "application/vnd.in-toto+json";
const statementType = "https://in-toto.io/Statement/v1";

export interface Subject {
  readonly name: string;
  readonly sha256: Sha256Hex;
}

export interface Statement {
  readonly subjects: readonly Subject[];
  readonly predicateType: string;
  readonly predicate: JSONObject;
}

export function formatStatement({ subjects, predicateType, predicate }: Statement): Uint8Array<ArrayBuffer> {
  const subject = subjects.map(({ name, sha256 }) => ({ name, digest: { sha256 } }));
  return encodeCanonicalJSON({ _type: statementType, subject, predicateType, predicate });
}

/** SPEC §12.2.1. @throws VerificationError ATTESTATION_MALFORMED, JSON_MALFORMED, TEXT_NOT_UTF8 */
export function parseStatement({ payloadType, payload }: DSSEEnvelope): Statement {
  if (payloadType !== statementPayloadType) throw malformed(statementPayloadType, payloadType);
  const document = parseJSON(payload);
  if (!isJSONObject(document) || document._type !== statementType) throw malformed(statementType, document);
  const { subject, predicateType, predicate } = document;
  if (!Array.isArray(subject) || subject.length === 0 || subject.length > limits.attestationSubjectsMax) {
    throw malformed(`1 to ${limits.attestationSubjectsMax} subjects`, subject);
  }
  if (typeof predicateType !== "string") throw malformed("predicateType", predicateType);
  if (!isJSONObject(predicate)) throw malformed("a predicate", predicate);
  return { subjects: subject.map(readSubject), predicateType, predicate };
}

function readSubject(value: JSONValue): Subject {
  if (!isJSONObject(value) || !isJSONObject(value.digest)) throw malformed("a subject with a digest", value);
  const { name = "", digest } = value;
  if (typeof name !== "string") throw malformed("a subject's name", name);
  return { name, sha256: sha256Hex(digest.sha256) };
}

export function isAbout(statement: Pick<Statement, "subjects">, sha256: string): boolean {
  return statement.subjects.some((subject) => subject.sha256 === sha256);
}

/** Text that canonical JSON can hold and every reader shows alike: NFC, whole characters, no control characters. */
export function statementText(text: string): string {
  return text
    .replace(/\p{Surrogate}/gu, "\ufffd")
    .replace(/\p{Cc}/gu, " ")
    .normalize("NFC")
    .slice(0, limits.attestationTextMax)
    .replace(/\p{Surrogate}/gu, "");
}
