/**
 * A manifest, read: the TUF targets metadata of a feed's role, with its `x-rulemint` block and the facts of every pack.
 *
 * What comes out agrees with itself: names say what `custom` says, all packs that end at one release end at one database,
 * and one full pack yields the database of this release, so that an endpoint can always repair itself.
 */
import { type ReleaseNumber, feedName, releaseNumber, sha256Hex } from "../brands.js";
import { type JSONObject, type JSONValue, isJSONObject } from "../encoding/json.js";
import { RulemintError, VerificationError, quote } from "../errors.js";
import type { PackFacts } from "../format/model.js";
import { limits } from "../limits.js";
import { isRuleKind } from "../rules/model.js";
import { parseEngineRanges } from "./engine-ranges.js";
import { parseHashes, parseTime, requireUnique, text } from "./metadata.js";
import type { Manifest, ManifestBlock } from "./model.js";

/** @throws VerificationError MANIFEST_MALFORMED */
export function parseManifest(signed: JSONObject): Manifest {
  try {
    const version = releaseNumber(signed.version);
    const block = parseBlock(signed["x-rulemint"]);
    // SPEC §5.4.2
    if (block.release !== version) throw malformed(`release ${version}`, block.release);
    const packs = Object.entries(member(signed, "targets")).map(([path, target]) =>
      parsePack(path, target, block),
    );
    requireAgreement(packs, block);
    parseTime(signed.expires);
    return { version, expires: signed.expires as string, block, packs };
  } catch (cause) {
    if (!(cause instanceof RulemintError) || cause.code === "MANIFEST_MALFORMED") throw cause;
    throw new VerificationError("MANIFEST_MALFORMED", cause.message, { cause });
  }
}

function parseBlock(value: JSONValue | undefined): ManifestBlock {
  if (!isJSONObject(value) || value.schema !== 1) throw malformed("an x-rulemint block of schema 1", value);
  const database = member(value, "database");
  const compiler = member(value, "compiler");
  const previous = value.previousManifestSha256;
  const release = releaseNumber(value.release);
  // SPEC §5.4.4: release 1 has nothing before it. Nor has the first that is published, when those before it failed.
  if (release === 1 && previous !== null) throw malformed("no manifest before release 1", previous);
  parseTime(value.createdAt);
  return {
    schema: 1,
    feed: feedName(value.feed),
    release,
    createdAt: value.createdAt as string,
    database: {
      sha256: sha256Hex(database.sha256),
      bytes: size(database.bytes),
      rules: parseRules(member(database, "rules")),
    },
    sourceTreeSha256: sha256Hex(value.sourceTreeSha256),
    compiler: {
      name: text(compiler.name, "compiler.name"),
      version: text(compiler.version, "compiler.version"),
      sha256: sha256Hex(compiler.sha256),
    },
    previousManifestSha256: previous === null ? null : sha256Hex(previous),
    minimumClient: clientVersion(value.minimumClient),
    approvalsSha256: sha256Hex(value.approvalsSha256),
    ...parseRestores(value.restores, release),
    ...parseBlocked(value.blocked, database.sha256),
    ...parseEngineRanges(value.engines),
    ...parsePostQuantum(value.postQuantum),
  };
}

function parseRules(rules: JSONObject): ManifestBlock["database"]["rules"] {
  for (const [kind, amount] of Object.entries(rules)) {
    if (!isRuleKind(kind)) throw malformed("a rule kind", kind);
    if (typeof amount !== "number" || amount < 0) throw malformed("a count of rules", amount);
  }
  return rules as ManifestBlock["database"]["rules"];
}

function parseRestores(value: JSONValue | undefined, release: ReleaseNumber): { restores?: ReleaseNumber } {
  if (value === undefined) return {};
  const restores = releaseNumber(value);
  if (restores >= release) throw malformed(`an older release than ${release}`, restores);
  return { restores };
}

/** SPEC §16.2.1: a list that blocks its own release would leave nothing to run on. */
function parseBlocked(
  value: JSONValue | undefined,
  own: JSONValue | undefined,
): Pick<ManifestBlock, "blocked"> {
  if (value === undefined) return {};
  if (!Array.isArray(value) || value.length === 0 || value.length > limits.blockedDatabasesMax) {
    throw malformed(`1 to ${limits.blockedDatabasesMax} blocked databases`, value);
  }
  const blocked = value.map(sha256Hex);
  if (blocked.some((digest) => digest === own)) throw malformed("other databases than its own", own);
  requireUnique(blocked, "entry of a blocked database");
  return { blocked };
}

/** SPEC §5.4.9: an announcement that is not understood is never passed over. */
function parsePostQuantum(value: JSONValue | undefined): Pick<ManifestBlock, "postQuantum"> {
  if (value === undefined) return {};
  if (!isJSONObject(value) || value.scheme !== "ml-dsa-65") throw malformed("the scheme ml-dsa-65", value);
  return { postQuantum: { scheme: "ml-dsa-65", keySha256: sha256Hex(value.keySha256) } };
}

function parsePack(path: string, value: JSONValue, block: ManifestBlock): PackFacts {
  if (!isJSONObject(value)) throw malformed("a target", value);
  const custom = member(value, "custom");
  const to = releaseNumber(custom.to);
  const from = custom.from === 0 ? 0 : releaseNumber(custom.from);
  const kind = from === 0 ? "full" : "delta";
  // SPEC §5.4.6: name and custom say the same.
  const name = kind === "full" ? `${to}.full.rmp` : `${from}-${to}.delta.rmp`;
  if (path !== `${block.feed}/${name}`) throw malformed(`the target path ${block.feed}/${name}`, path);
  if (custom.kind !== kind) throw malformed(`kind ${kind}`, custom.kind);
  if (to > block.release || (kind === "delta" && from >= to))
    throw malformed("a way forward", `${from} to ${to}`);
  return {
    path,
    kind,
    from,
    to,
    bytes: size(value.length),
    sha256: sha256Hex(parseHashes(value.hashes)),
    databaseSha256: sha256Hex(custom.databaseSha256),
    databaseBytes: size(custom.databaseBytes),
    codec: text(custom.codec, "codec"),
  };
}

/** SPEC §5.4.7 and §5.4.8. */
function requireAgreement(packs: readonly PackFacts[], { release, database }: ManifestBlock): void {
  const results = new Map<number, string>([[release, `${database.sha256}/${database.bytes}`]]);
  for (const pack of packs) {
    const result = `${pack.databaseSha256}/${pack.databaseBytes}`;
    const known = results.get(pack.to) ?? result;
    if (known !== result) throw malformed(`one database of release ${pack.to}`, pack.path);
    results.set(pack.to, result);
  }
  if (!packs.some((pack) => pack.kind === "full" && pack.to === release)) {
    throw malformed(`a full pack of release ${release}`, null);
  }
}

/** SPEC §5.4.5: three numbers. */
function clientVersion(value: JSONValue | undefined): string {
  const version = text(value, "minimumClient");
  if (!/^(0|[1-9][0-9]{0,5})(\.(0|[1-9][0-9]{0,5})){2}$/.test(version))
    throw malformed("a client version", value);
  return version;
}

/** Three numbers each; negative when `a` is older. */
export function compareClientVersions(a: string, b: string): number {
  const [one, other] = [a, b].map((version) => version.split(".").map(Number)) as [number[], number[]];
  for (let i = 0; i < 3; i++) {
    const difference = (one[i] ?? 0) - (other[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function size(value: JSONValue | undefined): number {
  if (typeof value !== "number" || value < 1 || value > limits.databaseBytesMax)
    throw malformed("a size", value);
  return value;
}

function member(value: JSONObject, name: string): JSONObject {
  const found = value[name];
  if (!isJSONObject(found)) throw malformed(`an object ${name}`, found);
  return found;
}

function malformed(expected: string, got: unknown): VerificationError {
  return new VerificationError(
    "MANIFEST_MALFORMED",
    `expected ${expected}, got ${quote(JSON.stringify(got) ?? "nothing")}`,
  );
}
