/** What the packs really hold, and whether the reviewed sources really give it. */
import { type DigestFactory, memorySink, memorySource } from "../core/encoding/stream.js";
import { VerificationError } from "../core/errors.js";
import type { Codec } from "../core/format/codec.js";
import { digestDatabase, encodeDatabase, openDatabase } from "../core/format/database.js";
import { applyDelta } from "../core/format/delta-apply.js";
import { decodeFullPack } from "../core/format/full-pack.js";
import type { PackFacts } from "../core/format/model.js";
import { limits } from "../core/limits.js";
import { databaseFacts } from "../core/release/compile.js";
import { rebuildSections, verifySources } from "../core/release/rebuild.js";
import { parseSources } from "../core/release/sources.js";
import { metadataPath, packPath } from "../core/release/tree-paths.js";
import { parseManifest } from "../core/trust/manifest.js";
import { parseEnvelope } from "../core/trust/metadata.js";
import type { ProvenRelease } from "../core/trust/model.js";
import type { RuleWorkers } from "../ports/rule-workers.js";
import type { SourceArchive } from "../ports/source-archive.js";
import { auditSourceMap } from "./audit-source-map.js";
import type { PublicFiles } from "./fetch-file.js";
import type { AuditLog } from "./report.js";

/** What an auditor computes with. */
export interface Workshop {
  readonly codec: Codec;
  readonly digest: DigestFactory;
  readonly workers: RuleWorkers;
  /** Where the sources are, for a rebuild. */
  readonly archive: SourceArchive | undefined;
}

/** The full pack unpacks to the database of the manifest, and so does every delta whose base the tree still has. */
export function auditContent(
  log: AuditLog,
  files: PublicFiles,
  release: ProvenRelease,
  packs: ReadonlyMap<string, Uint8Array>,
  workshop: Workshop,
): Promise<Uint8Array> {
  return log.step("What the packs hold", "SPEC §3, §4", async () => {
    const { manifest } = release;
    const { sha256, bytes } = manifest.block.database;
    const full = manifest.packs.find((pack) => pack.kind === "full" && pack.to === manifest.version);
    if (full === undefined)
      throw new VerificationError("MANIFEST_MALFORMED", "expected a full pack, got none");
    const database = await unpack(packs.get(full.path) as Uint8Array, workshop);
    await requireDigest("the full pack", database, sha256, workshop.digest);
    const opened = await openDatabase(memorySource(database));
    const older = manifest.packs.filter(({ kind, to }) => kind === "full" && to < manifest.version);
    const evidence = [
      `${full.path}: a database of ${bytes} bytes, SHA-256 ${sha256}`,
      ...(await Promise.all(older.map((pack) => auditOlder(pack, packs.get(pack.path), workshop)))),
      ...opened.sections.map((one) => `${one.kind}: ${one.rules} rules in ${one.records} records`),
    ];
    for (const delta of manifest.packs.filter(
      (pack) => pack.kind === "delta" && pack.to === manifest.version,
    )) {
      evidence.push(await auditDelta(files, delta, packs.get(delta.path) as Uint8Array, workshop));
    }
    return { value: database, evidence };
  });
}

/** SPEC §2.5.8: with it an endpoint that has nothing begins, so it holds what the manifest says. */
async function auditOlder(
  { path, to, databaseSha256, databaseBytes }: PackFacts,
  pack: Uint8Array | undefined,
  workshop: Workshop,
): Promise<string> {
  const database = await unpack(pack as Uint8Array, workshop);
  await requireDigest(path, database, databaseSha256, workshop.digest);
  return `${path}: the database of release ${to}, ${databaseBytes} bytes, SHA-256 ${databaseSha256}`;
}

async function auditDelta(
  files: PublicFiles,
  delta: PackFacts,
  pack: Uint8Array,
  workshop: Workshop,
): Promise<string> {
  const base = await findBase(files, delta, workshop);
  if (base === undefined)
    return `${delta.path}: its base is no longer in the tree; digest and signature hold`;
  const sink = memorySink();
  await applyDelta(memorySource(base), memorySource(pack), sink, workshop.digest);
  await requireDigest(delta.path, sink.bytes(), delta.databaseSha256, workshop.digest);
  return `${delta.path}: from release ${delta.from} it gives the same database, byte for byte`;
}

/**
 * The database that a delta starts from, out of the full pack that the manifest of that release lists. That manifest is a pointer to bytes
 * here: what they are worth is decided by the delta, which names its base's digest.
 */
async function findBase(
  files: PublicFiles,
  delta: PackFacts,
  workshop: Workshop,
): Promise<Uint8Array | undefined> {
  const feed = delta.path.slice(0, delta.path.indexOf("/"));
  const manifest = await files.find(metadataPath(feed, delta.from), limits.targetsBytesMax);
  if (manifest === undefined) return undefined;
  const { packs } = parseManifest(parseEnvelope(manifest, "targets").signed);
  const full = packs.find(({ kind, to }) => kind === "full" && to === delta.from);
  const pack = full && (await files.find(packPath(full), full.bytes));
  return pack && unpack(pack, workshop);
}

/** The sources, compiled again on this machine. `namedMaps`: digests that verdicts by keys of the feed name. */
export function auditRebuild(
  log: AuditLog,
  release: ProvenRelease,
  database: Uint8Array,
  workshop: Workshop,
  namedMaps: readonly string[],
): Promise<void> {
  return log.step("The reviewed sources, compiled again", "SPEC §2", async () => {
    const { archive, workers, digest } = workshop;
    if (archive === undefined) {
      throw new VerificationError("EVIDENCE_MISSING", "expected a place to fetch the sources from, got none");
    }
    const { feed, manifest } = release;
    const sources = parseSources(await archive.sources(feed, manifest.version));
    await verifySources(sources, manifest.block);
    const sections = await rebuildSections(sources, {
      read: (file) => archive.file(file.sha256, file.bytes),
      parse: (kind, files) => workers.parse(kind, files),
    });
    const sink = memorySink();
    const facts = databaseFacts(await encodeDatabase(sections, sink, digest));
    await requireDigest("the rebuilt database", sink.bytes(), manifest.block.database.sha256, digest);
    const same =
      JSON.stringify(sortedPairs(facts.rules)) === JSON.stringify(sortedPairs(manifest.block.database.rules));
    if (!same)
      throw new VerificationError("ASSAY_MISMATCH", "expected the manifest's counts of rules, got others");
    const parts = { sources, sections, databaseSha256: facts.sha256 };
    const map = await auditSourceMap(parts, { release, archive, namedMaps, database, digest });
    const evidence = sources.revisions.map(
      (one) =>
        `${one.ruleset} (${one.kind}): ${one.files.length} files, by ${one.author}, approved by ${one.approvedBy}`,
    );
    return {
      value: undefined,
      evidence: [
        ...evidence,
        `source tree SHA-256 ${manifest.block.sourceTreeSha256}`,
        ...map,
        `rebuilt: ${database.length} bytes, equal to the published database, byte for byte`,
      ],
    };
  });
}

/** The database of a full pack. */
export async function unpack(
  pack: Uint8Array,
  { codec, digest }: Pick<Workshop, "codec" | "digest">,
): Promise<Uint8Array> {
  const sink = memorySink();
  await decodeFullPack(memorySource(pack), sink, codec, digest);
  return sink.bytes();
}

/** @throws VerificationError DATABASE_DIGEST_MISMATCH */
export async function requireDigest(
  what: string,
  bytes: Uint8Array,
  expected: string,
  digest: DigestFactory,
): Promise<void> {
  const got = await digestDatabase(memorySource(bytes), digest);
  if (got !== expected) {
    throw new VerificationError(
      "DATABASE_DIGEST_MISMATCH",
      `expected ${what} to give ${expected}, got ${got}`,
    );
  }
}

function sortedPairs(counts: Readonly<Record<string, number | undefined>>): [string, number | undefined][] {
  return Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1));
}
