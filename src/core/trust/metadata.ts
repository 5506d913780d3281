/**
 * TUF metadata files, read (TUF 1.0.34 §4): the envelope, and the typed view of root, timestamp, snapshot and targets.
 *
 * Reading proves form only; who signed is `trusted-metadata.ts`. Members that we do not know are legal anywhere, are part
 * of what is signed, and are ignored.
 */
import { encodeCanonicalJSON } from "../encoding/canonical-json.js";
import { type JSONObject, type JSONValue, isJSONObject, parseJSON } from "../encoding/json.js";
import { VerificationError, quote } from "../errors.js";
import { limits } from "../limits.js";
import { keyID, parseTUFKey } from "./keys.js";
import type { TUFKey } from "./model.js";
import { type RingTable, parseRings } from "./rings.js";

export type TopRole = "root" | "timestamp" | "snapshot" | "targets";
/** Names that the root gives out; a delegation to one would overwrite it. */
export const topRoles: readonly string[] = ["root", "timestamp", "snapshot", "targets"] satisfies TopRole[];

export interface Envelope {
  /** The file, byte for byte. */
  readonly bytes: Uint8Array;
  readonly signed: JSONObject;
  /** Canonical form of `signed`: what the signatures cover. */
  readonly message: Uint8Array;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** The keys that may speak for a role. A key of an unknown scheme is undefined and never counts. */
export interface RoleKeys {
  readonly threshold: number;
  readonly keys: ReadonlyMap<string, TUFKey | undefined>;
}

export interface Common {
  readonly version: number;
  readonly expires: Date;
}

export interface Root extends Common {
  readonly consistentSnapshot: boolean;
  readonly roles: Readonly<Record<TopRole, RoleKeys>>;
  /** The root-level `x-rulemint` member, unread. */
  readonly extension: JSONValue | undefined;
}

/** TUF §4.4 METAFILES: an entry for a metadata file. */
export interface MetaFile {
  readonly version: number;
  readonly length: number | undefined;
  readonly sha256: string | undefined;
}

export interface Timestamp extends Common {
  readonly snapshot: MetaFile;
  readonly rings: RingTable;
}

export interface Snapshot extends Common {
  readonly files: ReadonlyMap<string, MetaFile>;
}

export interface Delegation extends RoleKeys {
  readonly name: string;
  readonly terminating: boolean;
  readonly paths: readonly string[];
}

export interface Targets extends Common {
  readonly signed: JSONObject;
  readonly targetPaths: readonly string[];
  readonly delegations: readonly Delegation[];
}

/** @throws VerificationError METADATA_MALFORMED, JSON_MALFORMED, TEXT_NOT_UTF8, ENCODING_MALFORMED */
export function parseEnvelope(bytes: Uint8Array, type: TopRole): Envelope {
  const file = object(parseJSON(bytes), "a metadata file");
  const signed = object(file.signed, "signed");
  if (signed._type !== type) throw malformed(`a ${type} file`, signed._type);
  if (!/^1\.[0-9]+(\.[0-9]+)?$/.test(text(signed.spec_version, "spec_version"))) {
    throw malformed("spec_version 1", signed.spec_version);
  }
  const signatures = array(file.signatures, "signatures", limits.metadataSignaturesMax).map((entry) => {
    const { keyid, sig } = object(entry, "a signature");
    return { keyid: text(keyid, "keyid"), sig: text(sig, "sig") };
  });
  // SPEC §5.2.2: a key id must not come twice, or one signer would be counted as two.
  requireUnique(
    signatures.map(({ keyid }) => keyid),
    "signature of a key",
  );
  return { bytes, signed, message: encodeCanonicalJSON(signed), signatures };
}

/** @throws VerificationError METADATA_MALFORMED */
export function parseRoot(signed: JSONObject): Root {
  if (typeof signed.consistent_snapshot !== "boolean") {
    throw malformed("consistent_snapshot", signed.consistent_snapshot);
  }
  const keys = parseKeys(signed.keys);
  const roles = object(signed.roles, "roles");
  return {
    ...common(signed),
    consistentSnapshot: signed.consistent_snapshot,
    roles: {
      root: parseRoleKeys(roles.root, keys),
      timestamp: parseRoleKeys(roles.timestamp, keys),
      snapshot: parseRoleKeys(roles.snapshot, keys),
      targets: parseRoleKeys(roles.targets, keys),
    },
    extension: signed["x-rulemint"],
  };
}

/** @throws VerificationError METADATA_MALFORMED */
export function parseTimestamp(signed: JSONObject): Timestamp {
  const meta = object(signed.meta, "meta");
  // TUF §4.6: it names the snapshot and nothing else.
  if (Object.keys(meta).join() !== "snapshot.json") {
    throw malformed("meta of snapshot.json alone", Object.keys(meta));
  }
  const rings = parseRings(signed["x-rulemint"]);
  return { ...common(signed), snapshot: parseMetaFile(meta["snapshot.json"]), rings };
}

/** @throws VerificationError METADATA_MALFORMED */
export function parseSnapshot(signed: JSONObject): Snapshot {
  const meta = Object.entries(object(signed.meta, "meta"));
  return {
    ...common(signed),
    files: new Map(meta.map(([name, entry]) => [name, parseMetaFile(entry)])),
  };
}

/** @throws VerificationError METADATA_MALFORMED */
export function parseTargets(signed: JSONObject): Targets {
  return {
    ...common(signed),
    signed,
    targetPaths: Object.keys(object(signed.targets, "targets")),
    delegations: signed.delegations === undefined ? [] : parseDelegations(signed.delegations),
  };
}

function parseDelegations(value: JSONValue): Delegation[] {
  const { keys, roles } = object(value, "delegations");
  const known = parseKeys(keys);
  const delegations = array(roles, "delegated roles", limits.metadataKeysMax).map((entry): Delegation => {
    const role = object(entry, "a delegated role");
    const { name, terminating, paths } = role;
    // SPEC §5.3.2: a role's name becomes a file name and part of an address, and no second role has the name of a top-level one.
    const isName = /^[a-z][a-z0-9-]{0,62}$/.test(text(name, "name")) && !topRoles.includes(name as string);
    if (!isName) throw malformed("a role name", name);
    if (typeof terminating !== "boolean") throw malformed("terminating", terminating);
    return {
      ...parseRoleKeys(role, known),
      name: name as string,
      terminating,
      paths: array(paths, "paths", 64).map((path) => text(path, "a path pattern")),
    };
  });
  requireUnique(
    delegations.map(({ name }) => name),
    "delegated role",
  );
  return delegations;
}

/** SPEC §5.2.1: an id must be the hash of its key, or a signer could be entered under somebody else's id. */
export function parseKeys(value: JSONValue | undefined): Map<string, TUFKey | undefined> {
  const entries = Object.entries(object(value, "keys"));
  if (entries.length > limits.metadataKeysMax) throw malformed("fewer keys", entries.length);
  return new Map(
    entries.map(([id, entry]) => {
      const key = object(entry, "a key");
      if (keyID(key) !== id) throw malformed(`key id ${keyID(key)}`, id);
      return [id, parseTUFKey(key)];
    }),
  );
}

/** SPEC §5.3.5: a threshold is at least 1, because 0 would accept anything. The ids are unique and known. */
export function parseRoleKeys(
  value: JSONValue | undefined,
  known: ReadonlyMap<string, TUFKey | undefined>,
): RoleKeys {
  const role = object(value, "a role");
  const ids = array(role.keyids, "keyids", limits.metadataKeysMax).map((id) => text(id, "keyid"));
  requireUnique(ids, "key id of a role");
  const unknown = ids.find((id) => !known.has(id));
  if (unknown !== undefined) throw malformed("key ids that are listed under keys", unknown);
  return {
    threshold: count(role.threshold, "a threshold"),
    keys: new Map(ids.map((id) => [id, known.get(id)])),
  };
}

function parseMetaFile(value: JSONValue | undefined): MetaFile {
  const { version, length, hashes } = object(value, "an entry of meta");
  return {
    version: count(version, "a version"),
    length: length === undefined ? undefined : count(length, "a length"),
    sha256: hashes === undefined ? undefined : parseHashes(hashes),
  };
}

/** Hashes by name; ours must be among them. @throws VerificationError METADATA_MALFORMED */
export function parseHashes(value: JSONValue | undefined): string {
  const sha256 = text(object(value, "hashes").sha256, "hashes.sha256");
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw malformed("a SHA-256 in hexadecimal", sha256);
  return sha256;
}

export function common(signed: JSONObject): Common {
  return { version: count(signed.version, "a version"), expires: parseTime(signed.expires) };
}

/** TUF §4.2: `YYYY-MM-DDTHH:MM:SSZ`. @throws VerificationError METADATA_MALFORMED */
export function parseTime(value: JSONValue | undefined): Date {
  const written = text(value, "a time");
  const time = new Date(written);
  // A day that does not exist reads as another day or as none.
  if (Number.isNaN(time.getTime()) || formatTime(time) !== written) throw malformed("a time", written);
  return time;
}

export function formatTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

export function object(value: JSONValue | undefined, what: string): JSONObject {
  if (!isJSONObject(value)) throw malformed(what, value);
  return value;
}

export function array(value: JSONValue | undefined, what: string, max: number): readonly JSONValue[] {
  if (!Array.isArray(value) || value.length > max) throw malformed(`${what}, at most ${max}`, value);
  return value;
}

export function text(value: JSONValue | undefined, what: string): string {
  if (typeof value !== "string") throw malformed(what, value);
  return value;
}

/** A whole number from 1. */
export function count(value: JSONValue | undefined, what: string): number {
  if (typeof value !== "number" || value < 1) throw malformed(`${what} of at least 1`, value);
  return value;
}

export function requireUnique(values: readonly string[], what: string): void {
  const again = values.find((value, i) => values.indexOf(value) !== i);
  if (again !== undefined) throw malformed(`one ${what}`, again);
}

export function malformed(expected: string, got: unknown): VerificationError {
  return new VerificationError(
    "METADATA_MALFORMED",
    `expected ${expected}, got ${quote(JSON.stringify(got) ?? "nothing")}`,
  );
}
