/**
 * Rings: which endpoints get a release earlier than the rest (SPEC §16.1). The signed timestamp carries, for each feed whose newest
 * release is not for everybody yet, that release and its share; an endpoint decides by itself, so nobody learns who is in which ring.
 *
 * The key that signs timestamps is online. What it can say here moves endpoints between releases that others have co-signed, and never
 * backwards: see `client/choose-release.ts`.
 */
import { type FeedName, type ReleaseNumber, feedName, releaseNumber } from "../brands.js";
import { utf8Bytes } from "../encoding/bytes.js";
import type { JSONObject, JSONValue } from "../encoding/json.js";
import { sha256 } from "../encoding/sha256.js";
import { RulemintError, VerificationError, quote } from "../errors.js";

export interface RingEntry {
  /** The newest release of the feed, which is not for everybody yet. */
  readonly candidate: ReleaseNumber;
  /** The release that everybody may have. */
  readonly stable: ReleaseNumber;
  /** How many of a thousand endpoints get the candidate; 0 while it is halted. */
  readonly permille: number;
}

export type RingTable = ReadonlyMap<FeedName, RingEntry>;

export const everybody = 1000;
const feedsMax = 64;

/** The `x-rulemint` member of a timestamp's signed part; no entries when there is none. @throws VerificationError METADATA_MALFORMED */
export function parseRings(extension: JSONValue | undefined): RingTable {
  if (extension === undefined) return new Map();
  try {
    const { schema, rings } = members(extension);
    // SPEC §16.1.2: what is not understood would make everybody early or nobody.
    if (schema !== 1) throw malformed("rings of schema 1", schema);
    const entries = Object.entries(members(rings));
    if (entries.length > feedsMax) throw malformed(`rings of at most ${feedsMax} feeds`, entries.length);
    return new Map(entries.map(([feed, entry]) => [feedName(feed), parseEntry(members(entry))]));
  } catch (cause) {
    if (!(cause instanceof RulemintError) || cause.code === "METADATA_MALFORMED") throw cause;
    throw new VerificationError("METADATA_MALFORMED", cause.message, { cause });
  }
}

function parseEntry(entry: JSONObject): RingEntry {
  const { permille } = entry;
  const candidate = releaseNumber(entry.candidate);
  const stable = releaseNumber(entry.stable);
  // SPEC §16.1.3
  if (stable >= candidate) throw malformed(`a release below ${candidate} for everybody`, stable);
  if (typeof permille !== "number" || permille < 0 || permille > everybody) {
    throw malformed(`a share from 0 to ${everybody}`, permille);
  }
  return { candidate, stable, permille };
}

/** Undefined when there is nothing to say: every feed's newest release is for everybody. */
export function formatRings(table: RingTable): JSONObject | undefined {
  if (table.size === 0) return undefined;
  const entries = [...table].sort(([a], [b]) => (a < b ? -1 : 1));
  const rings = entries.map(([feed, { candidate, stable, permille }]) => [
    feed,
    { candidate, stable, permille },
  ]);
  return { schema: 1, rings: Object.fromEntries(rings) as JSONObject };
}

/**
 * SPEC §16.1.4: from 0 to 999, for one endpoint and one release. The id is the endpoint's own secret, and another release draws anew, so
 * that nobody is the first for ever.
 */
export async function ringPosition(id: string, feed: FeedName, release: ReleaseNumber): Promise<number> {
  const digest = await sha256(utf8Bytes(`rulemint-ring-v1\n${id}\n${feed}\n${release}`));
  const drawn = new DataView(digest.buffer, digest.byteOffset).getUint32(0);
  return Math.floor((drawn * everybody) / 2 ** 32);
}

function members(value: JSONValue | undefined): JSONObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JSONObject;
  throw malformed("an object", value);
}

function malformed(expected: string, got: unknown): VerificationError {
  const said = quote(JSON.stringify(got) ?? "nothing");
  return new VerificationError("METADATA_MALFORMED", `expected ${expected}, got ${said}`);
}
