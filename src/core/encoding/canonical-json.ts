/**
 * OLPC canonical JSON, the form over which TUF key ids and signatures are computed (TUF 1.0.34 §4.2).
 *
 * Members sorted, no blanks, only `"` and `\` escaped, so the result need not be JSON. Implementations disagree about
 * the order of non-ASCII names, about Unicode normalization and about floats; we refuse to encode what they disagree about.
 */
import { VerificationError, quote } from "../errors.js";
import { limits } from "../limits.js";
import { utf8Bytes } from "./bytes.js";

/** @throws VerificationError ENCODING_MALFORMED for anything but the values on which every implementation agrees. */
export function encodeCanonicalJSON(value: unknown): Uint8Array<ArrayBuffer> {
  return utf8Bytes(canonicalText(value, 0));
}

function canonicalText(value: unknown, depth: number): string {
  if (depth > limits.jsonDepthMax) refuse(`at most ${limits.jsonDepthMax} levels`, "more");
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") return integerText(value);
  if (typeof value === "string") return stringText(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalText(item, depth + 1)).join(",")}]`;
  if (typeof value === "object") return objectText(value as Record<string, unknown>, depth);
  return refuse("a JSON value", typeof value);
}

/** SPEC §5.1.3: safe integers, because implementations write fractions differently. */
function integerText(value: number): string {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) refuse("a safe integer", String(value));
  return String(value);
}

/** SPEC §5.1.2: strings are NFC, because one implementation normalizes before it signs and the others do not. */
function stringText(value: string): string {
  if (/\p{Surrogate}/u.test(value)) refuse("whole characters", quote(value));
  if (value.normalize("NFC") !== value) refuse("text in NFC", quote(value));
  return `"${value.replace(/[\\"]/g, "\\$&")}"`;
}

/** SPEC §5.1.1: names are ASCII, where code points, bytes and UTF-16 units sort alike. */
function objectText(value: Record<string, unknown>, depth: number): string {
  const names = Object.keys(value).sort();
  const members = names.map((name) => {
    if (!/^[ -~]*$/.test(name)) refuse("an ASCII member name", quote(name));
    return `${stringText(name)}:${canonicalText(value[name], depth + 1)}`;
  });
  return `{${members.join(",")}}`;
}

function refuse(expected: string, got: string): never {
  throw new VerificationError("ENCODING_MALFORMED", `expected ${expected}, got ${got}`);
}
