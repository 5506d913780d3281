/**
 * The overseer's whole job: fetch what waits, rebuild it from the sources on this machine, compare every byte, then sign or say FAILED.
 * It signs nothing that it has not built itself.
 */
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import { equalBytes, hexText } from "../core/encoding/bytes.js";
import { encodeCanonicalJSON } from "../core/encoding/canonical-json.js";
import { PolicyError, UsageError, VerificationError } from "../core/errors.js";
import { openDatabase } from "../core/format/database.js";
import { formatManifest, manifestFor, sourceTreeDigest } from "../core/release/manifest.js";
import type { DatabaseFacts, ReleaseSources } from "../core/release/model.js";
import { verifySources } from "../core/release/rebuild.js";
import { parseSources } from "../core/release/sources.js";
import { type Envelope, parseEnvelope } from "../core/trust/metadata.js";
import type { Manifest } from "../core/trust/model.js";
import { compareByReference } from "./by-reference.js";
import { comparePacks } from "./compare-packs.js";
import { explainDifference, firstMember } from "./explain-difference.js";
import type { AssayContext, AssayVerdict } from "./model.js";
import { attest, requireProvenance } from "./attest.js";
import { type PinnedTrust, pinnedTrust } from "./pinned-trust.js";
import { databaseOf, rebuildDatabase } from "./rebuild-database.js";
import { stagedDatabase } from "./staged-database.js";
import { type StagedManifest, judgeStagedManifest, mismatch, readStagedManifest } from "./staged-manifest.js";
import { deliverVerdict, rememberSigned } from "./verdicts.js";

/**
 * `release` is the one that waits when absent. Whatever is wrong with the release, a verdict was delivered; only a world that failed
 * throws, or a public tree that proves nothing.
 *
 * @throws UsageError NOT_FOUND when nothing waits; OperationError; PolicyError ROLE_REFUSED; VerificationError METADATA_*
 */
export async function runAssay(
  context: AssayContext,
  feed: FeedName,
  wanted?: ReleaseNumber,
): Promise<AssayVerdict> {
  const release = wanted ?? (await waiting(context, feed));
  if (release === undefined)
    throw new UsageError("NOT_FOUND", `expected a release of ${feed} that waits, got none`);
  const trust = await pinnedTrust(context, feed);
  const file = await context.desk.manifest(feed, release);
  let staged: StagedManifest | undefined;
  try {
    const envelope = parseEnvelope(file, "targets");
    staged = await readStagedManifest(feed, release, envelope);
    await judgeStagedManifest(context, trust, staged);
    const checks = await compare(context, trust, feed, staged);
    const { length } = staged.manifest.packs;
    const packs = length === 1 ? "1 pack" : `${length} packs`;
    const explanation = `rebuilt from the sources: database and ${packs} equal, byte for byte`;
    await pass(context, feed, staged, trust, explanation);
    return { ...about(feed, release, staged), result: "PASSED", explanation, checks };
  } catch (error) {
    // SPEC §10.2: a lie of the publisher's is an answer; a fault of the world is none.
    if (!(error instanceof VerificationError || error instanceof PolicyError)) throw error;
    const explanation = `${error.code}: ${error.message}`;
    const messageSha256 = staged?.messageSha256 ?? null;
    if (staged !== undefined) await attest(context, feed, staged, "FAILED", explanation);
    await deliverVerdict(
      context,
      { feed, release, messageSha256 },
      { result: "FAILED", explanation, signature: null },
    );
    return { ...about(feed, release, staged), result: "FAILED", explanation, checks: [] };
  }
}

function about(feed: FeedName, release: ReleaseNumber, staged: StagedManifest | undefined) {
  return {
    feed,
    release,
    manifestSha256: staged?.messageSha256 ?? null,
    databaseSha256: staged?.manifest.block.database.sha256 ?? null,
  };
}

async function compare(
  context: AssayContext,
  trust: PinnedTrust,
  feed: FeedName,
  staged: StagedManifest,
): Promise<string[]> {
  const { manifest, envelope } = staged;
  const { block, version } = manifest;
  requireSameCompiler(context, manifest);
  const sources = parseSources(await context.desk.sources(feed, version));
  // SPEC §10.2.6
  await verifySources(sources, block);
  await requireRestored(context, feed, manifest);
  context.onProgress(
    `${sources.revisions.length} rulesets: sources and approvals are the ones in the manifest`,
  );
  const lines: string[] = [];
  let database: DatabaseFacts | undefined;
  if (context.compilers.includes("rulemint")) {
    database = await rebuildDatabase(context, feed, version, sources);
    await requireSameDatabase(context, feed, manifest, database);
    context.onProgress(`database: ${database.bytes} bytes, equal`);
    lines.push(`database: ${database.bytes} bytes, digest ${database.sha256}, equal`);
    lines.push(...(await comparePacks(context, feed, manifest)));
  }
  if (context.compilers.includes("reference")) {
    const { facts, checks } = await compareByReference(context, feed, manifest);
    database = facts;
    lines.push(...checks);
  }
  if (database === undefined) throw new UsageError("USAGE", "expected a compiler to judge by, got none");
  if (!manifest.packs.some((pack) => pack.kind === "full" && pack.to === version)) {
    throw mismatch("a full pack in the manifest", "none");
  }
  await requireSameManifest(manifest, envelope, sources, database);
  await requireProvenance(context, trust, staged);
  return [
    ...sources.revisions.map((one) => `${one.ruleset}: by ${one.author}, approved by ${one.approvedBy}`),
    ...lines,
    "manifest and provenance: say nothing but what was built",
  ];
}

/** SPEC §10.2.5: a different compiler is not a difference in rules; it is said as what it is. */
function requireSameCompiler({ compiler, compilers }: AssayContext, { block }: Manifest): void {
  const { name, version, sha256 } = block.compiler;
  // SPEC §10.4.2: who judges by the reference alone runs other code, and holds it to the same version of the formats.
  const isSame = sha256 === compiler.sha256 || !compilers.includes("rulemint");
  if (name === compiler.name && version === compiler.version && isSame) return;
  throw mismatch(
    `compiler ${compiler.name} ${compiler.version} ${compiler.sha256}, as this overseer runs it`,
    `${name} ${version} ${sha256}`,
  );
}

/** SPEC §10.2.7: what is said to be restored is what was there. */
async function requireRestored(context: AssayContext, feed: FeedName, { block }: Manifest): Promise<void> {
  if (block.restores === undefined) return;
  const tree = await sourceTreeDigest(parseSources(await context.desk.sources(feed, block.restores)));
  if (tree === block.sourceTreeSha256) return;
  throw mismatch(`the source tree of release ${block.restores} (${tree})`, block.sourceTreeSha256);
}

/** SPEC §10.2.8 */
async function requireSameDatabase(
  context: AssayContext,
  feed: FeedName,
  manifest: Manifest,
  rebuilt: DatabaseFacts,
): Promise<void> {
  if (manifest.block.database.sha256 === rebuilt.sha256) return;
  const staged = await stagedDatabase(context, feed, manifest);
  if (staged === undefined) throw mismatch(`database ${rebuilt.sha256}`, manifest.block.database.sha256);
  const mine = await databaseOf(context, feed, manifest.version);
  try {
    const difference = await explainDifference(await openDatabase(mine), await openDatabase(staged));
    throw mismatch(
      `database ${rebuilt.sha256}, as rebuilt here`,
      `${manifest.block.database.sha256}: ${difference ?? "the records are equal, their encoding is not"}`,
    );
  } finally {
    await mine.close();
  }
}

/** Times, versions and expiry are the publisher's to say; everything else follows from what was rebuilt (SPEC §10.2.10). */
async function requireSameManifest(
  manifest: Manifest,
  { message, signed }: Envelope,
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
      blocked: block.blocked,
      engines: block.engines,
      postQuantum: block.postQuantum,
    },
    sources,
    database,
    packs,
  });
  const rebuilt = formatManifest(own);
  if (!equalBytes(encodeCanonicalJSON(rebuilt), message)) {
    throw mismatch(
      "a manifest that says what was built and nothing else",
      `one that differs at ${firstMember(rebuilt, signed) ?? "its encoding"}`,
    );
  }
}

/** SPEC §10.3.1: written down, then signed, then delivered. */
async function pass(
  context: AssayContext,
  feed: FeedName,
  staged: StagedManifest,
  { ownKeyID: keyid }: PinnedTrust,
  explanation: string,
): Promise<void> {
  const { envelope, manifest, messageSha256 } = staged;
  const release = manifest.version;
  await rememberSigned(context, feed, release, messageSha256);
  const signature =
    keyid === undefined ? null : { keyid, sig: hexText(await context.signer.sign(envelope.message)) };
  await attest(context, feed, staged, "PASSED", explanation);
  await deliverVerdict(
    context,
    { feed, release, messageSha256 },
    { result: "PASSED", explanation, signature },
  );
}

/** The newest release that waits for an overseer; for another rebuilder the newest that has a manifest. */
async function waiting({ desk, party }: AssayContext, feed: FeedName): Promise<ReleaseNumber | undefined> {
  const found = (await desk.releases(feed)).items.find(({ state }) => isForMe(party, state));
  return found?.release;
}

export function isForMe(party: AssayContext["party"], state: string): boolean {
  return state === "signed" || (party === "rebuilder" && ["assayed", "sealed", "published"].includes(state));
}
