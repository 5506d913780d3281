/**
 * What stands in the access log (SPEC §13). A leaf is one of two things:
 *
 *   32 octets       SHA-256 over "rulemint-access-v1\n", a salt of 32 octets and an entry: a commitment
 *   longer          a heartbeat, canonical JSON that everybody may read: it says nothing about anybody
 *
 * Salt and entry together are the opening, which stays behind the doors. Without the salt nobody can try out what an entry may
 * have said, and an opening that is erased takes nothing from the tree.
 */
import { concatBytes, equalBytes, utf8Bytes } from "../encoding/bytes.js";
import { encodeCanonicalJSON } from "../encoding/canonical-json.js";
import { type JSONObject, type JSONValue, isJSONObject, parseJSON } from "../encoding/json.js";
import { sha256 } from "../encoding/sha256.js";
import { RulemintError, VerificationError, quote } from "../errors.js";

export const saltBytes = 32;
const commitmentBytes = 32;
const domain = utf8Bytes("rulemint-access-v1\n");

/**
 * `access`: about to be answered. `refusal`: the access `of` was refused with `code`. `outcome`: the access `of` made what `target`
 * names. `signature`: a key is about to be used. `local`: a command on the machine itself. `service`: the service began or ended.
 * `erasure`: the opening `of` is erased.
 */
export const accessKinds = [
  "access",
  "refusal",
  "outcome",
  "signature",
  "local",
  "service",
  "erasure",
] as const;
export type AccessKind = (typeof accessKinds)[number];

export interface AccessEntry {
  readonly kind: AccessKind;
  /** `YYYY-MM-DDTHH:MM:SS.sssZ` */
  readonly time: string;
  readonly who: string;
  /** Roles of the desk, or `operator`, `service`: the right under which it was done. */
  readonly rights: readonly string[];
  /** The operation's name, and what it was done to. */
  readonly operation: string;
  readonly target: string;
  /** Digests of what was touched, where the target does not say it. */
  readonly objects: readonly string[];
  /** Address of the caller, or the machine's own doors. */
  readonly from: string;
  /** The reason given; empty where none is asked. */
  readonly why: string;
  /** The visit that it belongs to; empty for none. */
  readonly review: string;
  /** The entry that a refusal, an outcome or an erasure is about. */
  readonly of: number | null;
  readonly code: string | null;
}

export interface Heartbeat {
  readonly time: string;
  readonly intervalSeconds: number;
  /** `stopping`: the doors close, and silence follows. */
  readonly state: "alive" | "stopping";
}

/** SPEC §13.1.4 */
export function formatAccessEntry(entry: AccessEntry): Uint8Array<ArrayBuffer> {
  const { kind, time, who, rights, operation, target, objects, from, why, review, of, code } = entry;
  const texts = { who, operation, target, from, why, review };
  const plain = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, plainText(text)]));
  return encodeCanonicalJSON({
    ...{ schema: 1, kind, time, ...plain, rights: [...rights], objects: [...objects], of, code },
  });
}

/** @throws VerificationError LOG_ENTRY_MALFORMED */
export function parseAccessEntry(bytes: Uint8Array): AccessEntry {
  const value = documentOf(bytes);
  const kind = accessKinds.find((one) => one === value.kind);
  if (kind === undefined) throw odd("a kind of access", value.kind);
  return {
    kind,
    ...{ time: timeOf(value.time), rights: texts(value.rights), objects: texts(value.objects) },
    ...{ who: text(value.who), operation: text(value.operation), target: text(value.target) },
    ...{ from: text(value.from), why: text(value.why), review: text(value.review) },
    of: value.of === null ? null : index(value.of),
    code: value.code === null ? null : text(value.code),
  };
}

/** SPEC §13.1.2 */
export function commitmentOf(salt: Uint8Array, entry: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return sha256(concatBytes(domain, salt, entry));
}

export function formatHeartbeat({ time, intervalSeconds, state }: Heartbeat): Uint8Array<ArrayBuffer> {
  return encodeCanonicalJSON({ schema: 1, kind: "heartbeat", time, intervalSeconds, state });
}

/** Undefined for a commitment. @throws VerificationError LOG_ENTRY_MALFORMED */
export function parseAccessLeaf(leaf: Uint8Array): Heartbeat | undefined {
  if (leaf.length === commitmentBytes) return undefined;
  const { kind, time, intervalSeconds, state } = documentOf(leaf);
  if (kind !== "heartbeat") throw odd("a heartbeat", kind);
  if (state !== "alive" && state !== "stopping") throw odd("a state", state);
  if (typeof intervalSeconds !== "number" || intervalSeconds < 1) throw odd("an interval", intervalSeconds);
  return { time: timeOf(time), intervalSeconds, state };
}

/** What others wrote, as canonical JSON can hold it: NFC, whole characters, no control characters, cut. */
function plainText(given: string): string {
  const whole = given
    .replace(/\p{Surrogate}/gu, "\ufffd")
    .replace(/\p{Cc}/gu, " ")
    .normalize("NFC");
  return whole.slice(0, 2000).replace(/\p{Surrogate}/gu, "");
}

function documentOf(bytes: Uint8Array): JSONObject {
  try {
    const value = parseJSON(bytes);
    if (!isJSONObject(value) || value.schema !== 1) throw odd("a document of schema 1", value);
    if (!equalBytes(encodeCanonicalJSON(value), bytes)) throw odd("canonical JSON", value);
    return value;
  } catch (cause) {
    if (!(cause instanceof RulemintError) || cause.code === "LOG_ENTRY_MALFORMED") throw cause;
    throw new VerificationError("LOG_ENTRY_MALFORMED", cause.message, { cause });
  }
}

function timeOf(value: JSONValue | undefined): string {
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)) return value;
  throw odd("a time", value);
}

function text(value: JSONValue | undefined): string {
  if (typeof value === "string") return value;
  throw odd("a text", value);
}

function texts(value: JSONValue | undefined): string[] {
  if (Array.isArray(value)) return value.map(text);
  throw odd("a list of texts", value);
}

function index(value: JSONValue | undefined): number {
  if (typeof value === "number" && value >= 0) return value;
  throw odd("an index", value);
}

function odd(expected: string, got: unknown): VerificationError {
  const message = `expected ${expected} in an access entry, got ${quote(JSON.stringify(got) ?? "nothing")}`;
  return new VerificationError("LOG_ENTRY_MALFORMED", message);
}
