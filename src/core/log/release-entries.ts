/**
 * What stands in the release log (SPEC §11.7): small JSON documents in canonical form, each of one kind, with the time at which
 * it was written down and digests of what it is about. Everything that endpoints may ever be asked to trust has one.
 */
import {
  type FeedName,
  type ReleaseNumber,
  type Sha256Hex,
  feedName,
  releaseNumber,
  sha256Hex,
} from "../brands.js";
import { equalBytes } from "../encoding/bytes.js";
import { encodeCanonicalJSON } from "../encoding/canonical-json.js";
import { type JSONObject, type JSONValue, isJSONObject, parseJSON } from "../encoding/json.js";
import { RulemintError, VerificationError, quote } from "../errors.js";
import { entryBytesMax } from "./entries.js";

interface Common {
  /** `YYYY-MM-DDTHH:MM:SSZ` */
  readonly time: string;
}

/** A manifest that is signed by all parties and sealed, before it is public. */
export interface ReleaseEntry extends Common {
  readonly kind: "release";
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
  /** Of the file as it will be served, with all signatures. */
  readonly manifestSha256: Sha256Hex;
  readonly databaseSha256: Sha256Hex;
  readonly sourceTreeSha256: Sha256Hex;
  readonly previousManifestSha256: Sha256Hex | null;
}

/** A release that is not to be used any more; `restores` is what comes back in a release above it. */
export interface WithdrawalEntry extends Common {
  readonly kind: "withdrawal";
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
  readonly restores: ReleaseNumber | null;
}

/** A new version of `root` or `targets`: who may speak. */
export interface MetadataEntry extends Common {
  readonly kind: "root" | "targets";
  readonly version: number;
  readonly sha256: Sha256Hex;
}

/** The signature policy of a root, when it is another than before. */
export interface PolicyEntry extends Common {
  readonly kind: "policy";
  readonly rootVersion: number;
  /** Of the policy in canonical form. */
  readonly sha256: Sha256Hex;
}

/** That a rebuilder has spoken; the envelope itself is in the public tree. */
export interface VerdictEntry extends Common {
  readonly kind: "verdict";
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
  readonly result: "PASSED" | "FAILED";
  readonly envelopeSha256: Sha256Hex;
}

/** Which endpoints get a release, or that it is held: `ringsSha256` is of the document that says so. */
export interface RingsEntry extends Common {
  readonly kind: "rings";
  readonly feed: FeedName;
  readonly ringsSha256: Sha256Hex;
}

/** The head of another log of ours, so that this log's witnesses stand behind it too. */
export interface AnchorEntry extends Common {
  readonly kind: "anchor";
  readonly origin: string;
  readonly size: number;
  readonly root: Sha256Hex;
}

/** That the log is alive and there was nothing else to say; the newest release of each feed. */
export interface HeartbeatEntry extends Common {
  readonly kind: "heartbeat";
  /** The next one comes within so many seconds. */
  readonly intervalSeconds: number;
  readonly releases: Readonly<Record<string, number>>;
}

/** Rules that were approved outside the rules of review, because there was no time for them; by whom, and why (SPEC §17.3.4). */
export interface EmergencyEntry extends Common {
  readonly kind: "emergency";
  readonly submissionDigest: Sha256Hex;
  readonly people: readonly { readonly by: string; readonly reason: string }[];
}

export type ReleaseLogEntry =
  | EmergencyEntry
  | ReleaseEntry
  | WithdrawalEntry
  | MetadataEntry
  | PolicyEntry
  | VerdictEntry
  | RingsEntry
  | AnchorEntry
  | HeartbeatEntry;

/** One of a kind that this version does not know: nothing is read from it but when it was written. */
export interface UnknownEntry extends Common {
  readonly kind: "unknown";
  readonly name: string;
}

/** SPEC §11.7.1. @throws VerificationError ENCODING_MALFORMED, LOG_ENTRY_TOO_LARGE */
export function formatReleaseLogEntry(entry: ReleaseLogEntry): Uint8Array<ArrayBuffer> {
  const bytes = encodeCanonicalJSON({ schema: 1, ...entry });
  if (bytes.length <= entryBytesMax) return bytes;
  throw new VerificationError(
    "LOG_ENTRY_TOO_LARGE",
    `expected an entry of at most ${entryBytesMax} bytes, got ${bytes.length}`,
  );
}

/** SPEC §11.7.1, §11.7.2. @throws VerificationError LOG_ENTRY_MALFORMED */
export function parseReleaseLogEntry(bytes: Uint8Array): ReleaseLogEntry | UnknownEntry {
  try {
    const value = parseJSON(bytes);
    if (!isJSONObject(value) || value.schema !== 1) throw odd("a document of schema 1", value);
    if (!equalBytes(encodeCanonicalJSON(value), bytes)) throw odd("canonical JSON", value);
    return readEntry(value, timeOf(value.time));
  } catch (cause) {
    if (!(cause instanceof RulemintError) || cause.code === "LOG_ENTRY_MALFORMED") throw cause;
    throw new VerificationError("LOG_ENTRY_MALFORMED", cause.message, { cause });
  }
}

function readEntry(value: JSONObject, time: string): ReleaseLogEntry | UnknownEntry {
  const { kind } = value;
  switch (kind) {
    case "release":
      return {
        ...{ kind, time, ...releaseOf(value), manifestSha256: sha256Hex(value.manifestSha256) },
        databaseSha256: sha256Hex(value.databaseSha256),
        sourceTreeSha256: sha256Hex(value.sourceTreeSha256),
        previousManifestSha256:
          value.previousManifestSha256 === null ? null : sha256Hex(value.previousManifestSha256),
      };
    case "withdrawal": {
      const restores = value.restores === null ? null : releaseNumber(value.restores);
      return { kind, time, ...releaseOf(value), restores };
    }
    case "root":
    case "targets":
      return { kind, time, version: count(value.version, 1), sha256: sha256Hex(value.sha256) };
    case "policy":
      return { kind, time, rootVersion: count(value.rootVersion, 1), sha256: sha256Hex(value.sha256) };
    case "verdict": {
      const { result } = value;
      if (result !== "PASSED" && result !== "FAILED") throw odd("PASSED or FAILED", result);
      return { kind, time, ...releaseOf(value), result, envelopeSha256: sha256Hex(value.envelopeSha256) };
    }
    case "rings":
      return { kind, time, feed: feedName(value.feed), ringsSha256: sha256Hex(value.ringsSha256) };
    case "anchor": {
      if (typeof value.origin !== "string") throw odd("an origin", value.origin);
      return { kind, time, origin: value.origin, size: count(value.size, 0), root: sha256Hex(value.root) };
    }
    case "emergency":
      return {
        ...{ kind, time, submissionDigest: sha256Hex(value.submissionDigest) },
        people: Array.isArray(value.people) ? value.people.map(personOf) : [],
      };
    case "heartbeat": {
      const releases = isJSONObject(value.releases) ? Object.entries(value.releases) : undefined;
      if (releases === undefined) throw odd("releases", value.releases);
      return {
        ...{ kind, time, intervalSeconds: count(value.intervalSeconds, 1) },
        releases: Object.fromEntries(releases.map(([feed, release]) => [feedName(feed), count(release, 0)])),
      };
    }
    default:
      if (typeof kind !== "string" || !/^[a-z][a-z-]{0,39}$/.test(kind)) throw odd("a kind", kind);
      return { kind: "unknown", time, name: kind };
  }
}

function personOf(value: JSONValue): { readonly by: string; readonly reason: string } {
  const { by, reason } = isJSONObject(value) ? value : {};
  if (typeof by !== "string" || typeof reason !== "string") throw odd("a person and a reason", value);
  return { by, reason };
}

function releaseOf({ feed, release }: JSONObject): { feed: FeedName; release: ReleaseNumber } {
  return { feed: feedName(feed), release: releaseNumber(release) };
}

function count(value: JSONValue | undefined, least: number): number {
  if (typeof value !== "number" || value < least) throw odd(`a number from ${least} on`, value);
  return value;
}

function timeOf(value: JSONValue | undefined): string {
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value)) {
    const time = new Date(value);
    if (!Number.isNaN(time.getTime()) && time.toISOString().replace(".000", "") === value) return value;
  }
  throw odd("a time", value);
}

function odd(expected: string, got: unknown): VerificationError {
  return new VerificationError(
    "LOG_ENTRY_MALFORMED",
    `expected ${expected}, got ${quote(JSON.stringify(got) ?? "nothing")}`,
  );
}
