/**
 * Targets metadata of any TUF publisher (TUF 1.0.34 §4.5, TAP 15): delegations to any depth, by path patterns, by prefixes of the
 * path's hash, or to bins. Our own tree is narrower (SPEC §5.3) and is read by `metadata.ts`.
 *
 * Role names are whatever the publisher wrote. Who makes a file name or an address of one must encode it.
 */
import { hexText, utf8Bytes } from "../encoding/bytes.js";
import type { JSONObject, JSONValue } from "../encoding/json.js";
import { sha256 } from "../encoding/sha256.js";
import { limits } from "../limits.js";
import {
  type Common,
  type RoleKeys,
  array,
  common,
  count,
  malformed,
  object,
  parseKeys,
  parseRoleKeys,
  requireUnique,
  text,
  topRoles,
} from "./metadata.js";
import { matchesPathPattern } from "./path-pattern.js";

export interface DelegatedRole extends RoleKeys {
  readonly name: string;
  /** When it was asked, nobody after it is. */
  readonly terminating: boolean;
}

/** Length and hashes of a target; SHA-256, SHA-512 or both. */
export interface TargetFile {
  readonly length: number;
  readonly hashes: ReadonlyMap<"sha256" | "sha512", string>;
}

export interface GeneralTargets extends Common {
  /** Undefined when this role says nothing about the path. @throws VerificationError METADATA_MALFORMED */
  target(path: string): TargetFile | undefined;
  /** Who is asked next about the path, in this order. */
  delegatesFor(path: string): Promise<readonly DelegatedRole[]>;
}

type Claim = (path: string, pathSha256: Uint8Array) => DelegatedRole | undefined;

/** TAP 15: more bins than this cannot be numbered. */
const bitLengthMax = 32;

/** @throws VerificationError METADATA_MALFORMED */
export function parseGeneralTargets(signed: JSONObject): GeneralTargets {
  const targets = object(signed.targets, "targets");
  const claims = signed.delegations === undefined ? [] : parseDelegations(signed.delegations);
  return {
    ...common(signed),
    target: (path) => (Object.hasOwn(targets, path) ? parseTarget(targets[path]) : undefined),
    delegatesFor: async (path) => {
      const digest = await sha256(utf8Bytes(path));
      return claims.map((claim) => claim(path, digest)).filter((role) => role !== undefined);
    },
  };
}

function parseTarget(value: JSONValue | undefined): TargetFile {
  const { length, hashes } = object(value, "a target");
  if (typeof length !== "number" || length < 0) throw malformed("a length", length);
  const given = object(hashes, "hashes");
  const known = new Map<"sha256" | "sha512", string>();
  for (const name of ["sha256", "sha512"] as const) {
    if (given[name] === undefined) continue;
    const hash = text(given[name], name);
    if (!(name === "sha256" ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{128}$/).test(hash)) throw malformed(name, hash);
    known.set(name, hash);
  }
  // A hash that nobody here can compute proves nothing.
  if (known.size === 0) throw malformed("a SHA-256 or SHA-512", Object.keys(given));
  return { length, hashes: known };
}

function parseDelegations(value: JSONValue): Claim[] {
  const { keys, roles, succinct_roles: bins } = object(value, "delegations");
  const known = parseKeys(keys);
  // TAP 15: one or the other.
  if ((roles === undefined) === (bins === undefined)) throw malformed("roles or succinct_roles", value);
  if (bins !== undefined) return [parseBins(object(bins, "succinct_roles"), parseRoleKeys(bins, known))];
  const entries = array(roles, "delegated roles", limits.metadataKeysMax).map((role) =>
    object(role, "a delegated role"),
  );
  requireUnique(
    entries.map(({ name }) => roleName(name)),
    "delegated role",
  );
  return entries.map((entry) => parseRole(entry, parseRoleKeys(entry, known)));
}

function parseRole(
  { name, terminating, paths, path_hash_prefixes: prefixes }: JSONObject,
  keys: RoleKeys,
): Claim {
  if (typeof terminating !== "boolean") throw malformed("terminating", terminating);
  if ((paths === undefined) === (prefixes === undefined))
    throw malformed("paths or path_hash_prefixes", name);
  const role = { ...keys, name: roleName(name), terminating };
  const some = array(paths ?? prefixes, "paths", limits.delegatedPathsMax).map((path) =>
    text(path, "a path"),
  );
  // TUF §4.5: the hash is that of the path, in hexadecimal.
  const matches = (path: string, digest: Uint8Array) =>
    paths === undefined
      ? some.some((prefix) => hexText(digest).startsWith(prefix))
      : some.some((pattern) => matchesPathPattern(pattern, path));
  return (path, digest) => (matches(path, digest) ? role : undefined);
}

/** TAP 15: the first `bit_length` bits of the path's SHA-256 number the one bin that answers for it. */
function parseBins({ bit_length: bitLength, name_prefix: prefix }: JSONObject, keys: RoleKeys): Claim {
  const bits = count(bitLength, "bit_length");
  if (bits > bitLengthMax) throw malformed(`bit_length of at most ${bitLengthMax}`, bits);
  const digits = Math.ceil(bits / 4);
  const stem = text(prefix, "name_prefix");
  return (_path, digest) => {
    const first = new DataView(digest.buffer, digest.byteOffset, 4).getUint32(0);
    const bin = Math.floor(first / 2 ** (32 - bits));
    const name = roleName(`${stem}-${bin.toString(16).padStart(digits, "0")}`);
    return { ...keys, name, terminating: true };
  };
}

function roleName(value: JSONValue | undefined): string {
  const name = text(value, "a role name");
  if (name === "" || topRoles.includes(name) || encodedRoleName(name).length > limits.roleNameBytesMax) {
    throw malformed("a role name", name);
  }
  return name;
}

/**
 * As part of an address or a file name: everything but letters, digits and `-._~` as `%XX`, so no name leads out of its folder.
 * @throws VerificationError METADATA_MALFORMED for half a character
 */
export function encodedRoleName(name: string): string {
  if (/\p{Surrogate}/u.test(name)) throw malformed("whole characters", name);
  return encodeURIComponent(name).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
