/**
 * The `signed` parts of TUF metadata files (TUF 1.0.34 §4), as the publisher and the key ceremony make them.
 *
 * Always: spec_version 1.0.34, consistent snapshots, SHA-256 alone, length and hash for every metadata file, nothing added
 * to key objects. Manifests are `core/release/manifest.ts`, because the overseer makes them too; signing is `tuf-signatures.ts`.
 */
import type { FeedName } from "../core/brands.js";
import { hexText } from "../core/encoding/bytes.js";
import type { JSONObject, JSONValue } from "../core/encoding/json.js";
import { sha256 } from "../core/encoding/sha256.js";
import { UsageError } from "../core/errors.js";
import { keyID } from "../core/trust/keys.js";
import { formatTime } from "../core/trust/metadata.js";
import type { SignaturePolicy, TUFKey } from "../core/trust/model.js";
import { type RingTable, formatRings } from "../core/trust/rings.js";

export interface RoleGrant {
  readonly keys: readonly TUFKey[];
  readonly threshold: number;
}

/** Version and end of life; fractions of a second are cut off. */
interface Dated {
  readonly version: number;
  readonly expires: Date;
}

export interface RootFacts extends Dated {
  readonly roles: Readonly<Record<"root" | "timestamp" | "snapshot" | "targets", RoleGrant>>;
  readonly policy: SignaturePolicy;
  /** What people call the keys, by key id. */
  readonly names?: Readonly<Record<string, string>>;
}

/** TUF §4.3, with the signature policy in the root-level member `x-rulemint`. */
export function rootSigned({ version, expires, roles, policy, names }: RootFacts): JSONObject {
  return {
    _type: "root",
    ...common(version, expires),
    consistent_snapshot: true,
    keys: keyTable(Object.values(roles)),
    roles: {
      root: grant(roles.root),
      timestamp: grant(roles.timestamp),
      snapshot: grant(roles.snapshot),
      targets: grant(roles.targets),
    },
    "x-rulemint": { schema: 1, policy: json(policy), ...(names && { names }) },
  };
}

export interface TargetsFacts extends Dated {
  readonly feeds: readonly (RoleGrant & {
    readonly feed: FeedName;
    /** SPEC §5.3.6: which of the keys is whose. */
    readonly parties?: Readonly<Record<"publisher" | "overseer", readonly TUFKey[]>>;
  })[];
  readonly names?: Readonly<Record<string, string>>;
}

/** TUF §4.5: no targets of its own, one terminating delegation a feed. */
export function targetsSigned({ version, expires, feeds, names }: TargetsFacts): JSONObject {
  const told = feeds.filter(({ parties }) => parties !== undefined);
  const parties = Object.fromEntries(told.map(({ feed, parties }) => [feed, partyIDs(parties)]));
  return {
    _type: "targets",
    ...common(version, expires),
    targets: {},
    delegations: {
      keys: keyTable(feeds),
      roles: feeds.map(({ feed, parties: _, ...role }) => ({
        name: feed,
        ...grant(role),
        terminating: true,
        paths: [`${feed}/*`],
      })),
    },
    ...(told.length > 0 && { "x-rulemint": { schema: 1, parties, ...(names && { names }) } }),
  };
}

function partyIDs(parties: TargetsFacts["feeds"][number]["parties"]): JSONObject {
  const ids = (keys: readonly TUFKey[] = []) => keys.map(keyID).sort();
  return { publisher: ids(parties?.publisher), overseer: ids(parties?.overseer) };
}

/** A metadata file as served, for the entry that points to it. */
export interface MetadataFile {
  readonly version: number;
  readonly bytes: Uint8Array;
}

export interface SnapshotFacts extends Dated {
  readonly targets: MetadataFile;
  readonly feeds: ReadonlyMap<FeedName, MetadataFile>;
}

/** TUF §4.4. */
export async function snapshotSigned({
  version,
  expires,
  targets,
  feeds,
}: SnapshotFacts): Promise<JSONObject> {
  const meta: Record<string, JSONObject> = { "targets.json": await metaFile(targets) };
  for (const [feed, file] of feeds) meta[`${feed}.json`] = await metaFile(file);
  return { _type: "snapshot", ...common(version, expires), meta };
}

export interface TimestampFacts extends Dated {
  readonly snapshot: MetadataFile;
  /** SPEC §16.1.1: of feeds whose newest release is not for everybody yet. */
  readonly rings?: RingTable;
}

/** TUF §4.6. */
export async function timestampSigned(facts: TimestampFacts): Promise<JSONObject> {
  const { version, expires, snapshot } = facts;
  const rings = formatRings(facts.rings ?? new Map());
  return {
    _type: "timestamp",
    ...common(version, expires),
    meta: { "snapshot.json": await metaFile(snapshot) },
    ...(rings && { "x-rulemint": rings }),
  };
}

function common(version: number, expires: Date): JSONObject {
  return { spec_version: "1.0.34", version, expires: formatTime(expires) };
}

function keyTable(grants: readonly RoleGrant[]): JSONObject {
  const keys = new Map(grants.flatMap((role) => role.keys).map((key) => [keyID(key), plainKey(key)]));
  return Object.fromEntries([...keys].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** SPEC §5.2.1: nothing is added to a key object, or its id would change. */
function plainKey({ keytype, scheme, keyval }: TUFKey): JSONObject {
  return { keytype, scheme, keyval: { public: keyval.public } };
}

function grant({ keys, threshold }: RoleGrant): { keyids: string[]; threshold: number } {
  const keyids = [...new Set(keys.map(keyID))].sort();
  if (!Number.isSafeInteger(threshold) || threshold < 1 || threshold > keyids.length) {
    throw new UsageError("USAGE", `expected a threshold from 1 to ${keyids.length}, got ${threshold}`);
  }
  return { keyids, threshold };
}

async function metaFile({ version, bytes }: MetadataFile): Promise<JSONObject> {
  return { version, length: bytes.length, hashes: { sha256: hexText(await sha256(bytes)) } };
}

/** A plain copy without members that are undefined. */
function json(value: object): JSONObject {
  return JSON.parse(JSON.stringify(value) as string) as JSONValue as JSONObject;
}
