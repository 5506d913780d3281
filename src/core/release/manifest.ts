/**
 * The manifest as everybody must write it: from the same sources, database and packs, publisher and overseer
 * arrive at the same `signed` object, member for member. Whatever else stands in a staged manifest is not
 * what was built.
 */
import { sha256Hex, type Sha256Hex } from "../brands.js";
import { hexText } from "../encoding/bytes.js";
import type { JSONObject, JSONValue } from "../encoding/json.js";
import { sha256 } from "../encoding/sha256.js";
import { VerificationError, quote } from "../errors.js";
import type { PackFacts } from "../format/model.js";
import { parseManifest } from "../trust/manifest.js";
import { formatTime } from "../trust/metadata.js";
import type { Manifest } from "../trust/model.js";
import type { DatabaseFacts, ManifestFrame, ReleaseSources } from "./model.js";
import { formatApprovals, formatSourceTree } from "./sources.js";

export interface ManifestParts {
  readonly frame: ManifestFrame;
  readonly sources: ReleaseSources;
  readonly database: DatabaseFacts;
  /** In the order in which they were planned. */
  readonly packs: readonly PackFacts[];
}

/** SPEC §2.5.1: everything that a manifest says, and where each part of it comes from. */
export async function manifestFor({ frame, sources, database, packs }: ManifestParts): Promise<Manifest> {
  return {
    version: frame.release,
    expires: formatTime(frame.expires),
    block: {
      schema: 1,
      feed: frame.feed,
      release: frame.release,
      createdAt: formatTime(frame.createdAt),
      database,
      sourceTreeSha256: await sourceTreeDigest(sources),
      compiler: frame.compiler,
      previousManifestSha256: frame.previousManifestSha256,
      minimumClient: frame.minimumClient,
      approvalsSha256: await digest(formatApprovals(sources)),
      ...(frame.restores === null ? {} : { restores: frame.restores }),
      ...(frame.blocked === undefined || frame.blocked.length === 0 ? {} : { blocked: frame.blocked }),
      ...(frame.engines === undefined ? {} : { engines: frame.engines }),
      ...(frame.postQuantum === undefined ? {} : { postQuantum: frame.postQuantum }),
    },
    packs,
  };
}

/**
 * The `signed` object: TUF targets metadata (TUF 1.0.34 §4.5) without delegations, read back before anybody
 * signs it.
 *
 * @throws VerificationError MANIFEST_MALFORMED
 */
export function formatManifest({ version, expires, block, packs }: Manifest): JSONObject {
  const targets: Record<string, JSONObject> = {};
  for (const { path, bytes, sha256: hash, kind, from, to, databaseSha256, databaseBytes, codec } of packs) {
    if (Object.hasOwn(targets, path)) {
      throw new VerificationError("MANIFEST_MALFORMED", `expected one pack at ${quote(path)}, got two`);
    }
    targets[path] = {
      length: bytes,
      hashes: { sha256: hash },
      custom: { kind, from, to, databaseSha256, databaseBytes, codec },
    };
  }
  const { database, compiler, postQuantum, blocked, engines, ...rest } = block;
  const signed = {
    _type: "targets",
    spec_version: "1.0.34",
    version,
    expires,
    targets,
    "x-rulemint": {
      ...rest,
      database: { sha256: database.sha256, bytes: database.bytes, rules: { ...database.rules } as JSONValue },
      compiler: { name: compiler.name, version: compiler.version, sha256: compiler.sha256 },
      ...(blocked && { blocked: [...blocked] }),
      ...(engines && { engines: { ...engines } as JSONValue }),
      ...(postQuantum && { postQuantum: { ...postQuantum } }),
    },
  } satisfies JSONObject;
  parseManifest(signed);
  return signed;
}

/** What determines a database, together with the compiler. */
export async function sourceTreeDigest(sources: ReleaseSources): Promise<Sha256Hex> {
  return digest(formatSourceTree(sources));
}

async function digest(bytes: Uint8Array): Promise<Sha256Hex> {
  return sha256Hex(hexText(await sha256(bytes)));
}
