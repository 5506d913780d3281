/**
 * The overseer's whole job: fetch what waits, rebuild it from the sources on this machine, compare every byte, then sign or say FAILED.
 * It signs nothing that it has not built itself.
 */
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import { equalBytes, hexText } from "../core/encoding/bytes.js";
import { encodeCanonicalJSON } from "../core/encoding/canonical-json.js";
import { memorySink, memorySource } from "../core/encoding/stream.js";
import { PolicyError, UsageError, VerificationError } from "../core/errors.js";
import { openDatabase } from "../core/format/database.js";
import { decodeFullPack } from "../core/format/full-pack.js";
import { formatManifest, manifestFor } from "../core/release/manifest.js";
import type { DatabaseFacts, ReleaseSources } from "../core/release/model.js";
import { verifySources } from "../core/release/rebuild.js";
import { parseSources } from "../core/release/sources.js";
import type { Manifest } from "../core/trust/model.js";
import { comparePacks } from "./compare-packs.js";
import { explainDifference } from "./explain-difference.js";
import type { AssayContext, AssayVerdict } from "./model.js";
import { databaseOf, rebuildDatabase } from "./rebuild-database.js";
import {
  type SignedManifest,
  type StagedManifest,
  messageDigest,
  mismatch,
  openStagedManifest,
} from "./staged-manifest.js";

/**
 * `release` is the one that waits when absent. A verdict was delivered in any case; only a world that failed throws.
 *
 * @throws UsageError NOT_FOUND when nothing waits; OperationError; PolicyError ROLE_REFUSED
 */
export async function runAssay(
  context: AssayContext,
  feed: FeedName,
  wanted?: ReleaseNumber,
): Promise<AssayVerdict> {
  const release = wanted ?? (await context.desk.waiting(feed))?.release;
  if (release === undefined)
    throw new UsageError("NOT_FOUND", `expected a release of ${feed} that waits, got none`);
  const staged = await openStagedManifest(context, feed, release);
  const common = {
    feed,
    release,
    manifestSha256: await messageDigest(staged.envelope),
    databaseSha256: staged.manifest.block.database.sha256,
  };
  let checks: string[];
  try {
    checks = await compare(context, feed, staged);
  } catch (error) {
    if (!(error instanceof VerificationError || error instanceof PolicyError)) throw error;
    const explanation = `${error.code}: ${error.message}`;
    await context.desk.deliver(feed, release, { result: "FAILED", explanation, signature: null });
    return { ...common, result: "FAILED", explanation, checks: [] };
  }
  const explanation = `rebuilt from the sources: database and ${staged.manifest.packs.length} packs equal, byte for byte`;
  await sign(context, feed, release, staged, explanation);
  return { ...common, result: "PASSED", explanation, checks };
}

async function compare(context: AssayContext, feed: FeedName, staged: StagedManifest): Promise<string[]> {
  const { manifest, envelope } = staged;
  const { block, version } = manifest;
  requireSameCompiler(context, manifest);
  const sources = parseSources(await context.desk.sources(feed, version));
  await verifySources(sources, block);
  context.onProgress(
    `${sources.revisions.length} rulesets: sources and approvals are the ones in the manifest`,
  );
  const database = await rebuildDatabase(context, feed, version, sources);
  await requireSameDatabase(context, feed, manifest, database);
  context.onProgress(`database: ${database.bytes} bytes, equal`);
  const packs = await comparePacks(context, feed, manifest.packs);
  if (!manifest.packs.some((pack) => pack.kind === "full" && pack.to === version)) {
    throw mismatch("a full pack in the manifest", "none");
  }
  await requireSameManifest(manifest, envelope.message, sources, database);
  return [
    ...sources.revisions.map((one) => `${one.ruleset}: by ${one.author}, approved by ${one.approvedBy}`),
    `database: ${database.bytes} bytes, SHA-256 ${database.sha256}, equal`,
    ...packs,
    "manifest: says nothing but what was built",
  ];
}

/** A different compiler is not a difference in rules; it is said as what it is. */
function requireSameCompiler({ compiler }: AssayContext, { block }: Manifest): void {
  const { name, version, sha256 } = block.compiler;
  if (name === compiler.name && version === compiler.version && sha256 === compiler.sha256) return;
  throw mismatch(
    `compiler ${compiler.name} ${compiler.version} ${compiler.sha256}, as this overseer runs it`,
    `${name} ${version} ${sha256}`,
  );
}

async function requireSameDatabase(
  context: AssayContext,
  feed: FeedName,
  manifest: Manifest,
  rebuilt: DatabaseFacts,
): Promise<void> {
  if (manifest.block.database.sha256 === rebuilt.sha256) return;
  const full = manifest.packs.find((pack) => pack.kind === "full" && pack.to === manifest.version);
  if (full === undefined) throw mismatch(`database ${rebuilt.sha256}`, manifest.block.database.sha256);
  const name = full.path.slice(full.path.lastIndexOf("/") + 1);
  const pack = await context.desk.pack(feed, manifest.version, name, full.sha256);
  const sink = memorySink();
  await decodeFullPack(memorySource(pack), sink, context.codec, context.digest);
  const mine = await databaseOf(context, feed, manifest.version);
  try {
    const difference = await explainDifference(
      await openDatabase(mine),
      await openDatabase(memorySource(sink.bytes())),
    );
    throw mismatch(
      `database ${rebuilt.sha256}, as rebuilt here`,
      `${manifest.block.database.sha256}: ${difference ?? "the records are equal, their encoding is not"}`,
    );
  } finally {
    await mine.close();
  }
}

/** Times, versions and expiry are the publisher's to say; everything else follows from what was rebuilt (SPEC §2.5.1). */
async function requireSameManifest(
  manifest: Manifest,
  message: Uint8Array,
  sources: ReleaseSources,
  database: DatabaseFacts,
): Promise<void> {
  const { block, expires, version, packs } = manifest;
  const own = await manifestFor({
    frame: {
      feed: block.feed,
      release: version,
      createdAt: new Date(block.createdAt),
      expires: new Date(expires),
      compiler: block.compiler,
      minimumClient: block.minimumClient,
      previousManifestSha256: block.previousManifestSha256,
      restores: block.restores ?? null,
      postQuantum: block.postQuantum,
    },
    sources,
    database,
    packs,
  });
  if (!equalBytes(encodeCanonicalJSON(formatManifest(own)), message)) {
    throw mismatch(
      "a manifest that says what was built and nothing else",
      "one that says more, or other things",
    );
  }
}

/** The verdict is remembered before it is delivered: whatever happens then, this overseer knows what it signed. */
async function sign(
  context: AssayContext,
  feed: FeedName,
  release: ReleaseNumber,
  { envelope, ownKeyID }: StagedManifest,
  explanation: string,
): Promise<void> {
  const { records, signer, desk } = context;
  const id = `${feed}/${String(release).padStart(10, "0")}`;
  const messageSha256 = await messageDigest(envelope);
  const before = await records.get<SignedManifest>("signed", id);
  if (before !== undefined && before.body.messageSha256 !== messageSha256) {
    throw new PolicyError(
      "RELEASE_STATE",
      `expected release ${release} as it was signed before, got another manifest`,
    );
  }
  if (before === undefined) {
    const body: SignedManifest = { release, messageSha256, at: context.clock.now().toISOString() };
    await records.commit([{ collection: "signed", id, expected: 0, body }]);
  }
  const sig = hexText(await signer.sign(envelope.message));
  await desk.deliver(feed, release, { result: "PASSED", explanation, signature: { keyid: ownKeyID, sig } });
}
