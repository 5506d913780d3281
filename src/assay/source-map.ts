/**
 * A rebuilder vouches for the source map of a release that it passed: it makes the map from the sources itself, holds the one that the
 * service hands out against it, and signs a verdict that names its digest. Apart from the assay, because nobody waits for it.
 */
import type { FeedName, ReleaseNumber, Sha256Hex } from "../core/brands.js";
import { memorySink } from "../core/encoding/stream.js";
import { PolicyError } from "../core/errors.js";
import { openDatabase } from "../core/format/database.js";
import { rebuildSections, verifySources } from "../core/release/rebuild.js";
import { requireSourceMap } from "../core/release/require-source-map.js";
import { makeSourceMap } from "../core/release/source-map.js";
import { parseSources } from "../core/release/sources.js";
import { parseEnvelope } from "../core/trust/metadata.js";
import { attest } from "./attest.js";
import type { AssayContext } from "./model.js";
import { databaseOf } from "./rebuild-database.js";
import { readStagedManifest } from "./staged-manifest.js";
import { signedBefore } from "./verdicts.js";

export interface VouchedMap {
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
  readonly sha256: Sha256Hex;
  readonly bytes: number;
}

/**
 * SPEC §12.4.5. Nothing is signed for a map that is not the one that was made here.
 *
 * @throws PolicyError RELEASE_STATE for a release that was not passed here;
 *   VerificationError ASSAY_MISMATCH, SOURCE_MAP_MALFORMED; OperationError of the world
 */
export async function vouchForSourceMap(
  context: AssayContext,
  feed: FeedName,
  release: ReleaseNumber,
): Promise<VouchedMap> {
  const { desk, workers, digest } = context;
  requireVouchingKey(context);
  const envelope = parseEnvelope(await desk.manifest(feed, release), "targets");
  const staged = await readStagedManifest(feed, release, envelope);
  await requirePassed(context, feed, release, staged.messageSha256);
  const { block } = staged.manifest;
  const sources = parseSources(await desk.sources(feed, release));
  await verifySources(sources, block);
  const sections = await rebuildSections(sources, {
    read: (file) => desk.file(file.sha256, file.bytes),
    parse: (kind, files) => workers.parse(kind, files),
  });
  const sink = memorySink();
  const made = await makeSourceMap(
    { sources, sections, databaseSha256: block.database.sha256 },
    sink,
    digest,
  );
  const database = await databaseOf(context, feed, release);
  try {
    const given = await desk.sourceMap(feed, release);
    await requireSourceMap(given, { bytes: sink.bytes(), sources, database: await openDatabase(database) });
  } finally {
    await database.close();
  }
  context.onProgress(`source map: ${made.bytes} bytes, equal to the one that the service hands out`);
  const explanation = `rebuilt from the sources, and the source map with it: SHA-256 ${made.sha256}`;
  await attest(context, feed, staged, "PASSED", explanation, made.sha256);
  return { feed, release, ...made };
}

/** @throws PolicyError RELEASE_STATE for a key that strangers' tools do not read */
export function requireVouchingKey({ signer }: Pick<AssayContext, "signer">): void {
  if (signer.scheme !== "rsa-pss-3072-sha256") return;
  throw new PolicyError("RELEASE_STATE", "expected a key of P-256 or Ed25519 for a verdict, got RSA");
}

async function requirePassed(
  context: AssayContext,
  feed: FeedName,
  release: ReleaseNumber,
  messageSha256: string,
): Promise<void> {
  const signed = await signedBefore(context, feed, (release + 1) as ReleaseNumber);
  if (signed.some((one) => one.release === release && one.messageSha256 === messageSha256)) return;
  throw new PolicyError(
    "RELEASE_STATE",
    `expected release ${release} as it was passed here, got another one`,
  );
}
