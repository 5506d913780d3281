/**
 * A sealed release goes into the log before it goes to the world: the entry for the final manifest file, a checkpoint with the
 * quorum's cosignatures, and the evidence document that proves it.
 */
import { type Sha256Hex, sha256Hex } from "../core/brands.js";
import { OperationError } from "../core/errors.js";
import type { ReleaseEntry } from "../core/log/release-entries.js";
import { type Evidence, type LogEvidence, formatEvidence } from "../core/trust/evidence.js";
import { parseManifest } from "../core/trust/manifest.js";
import { formatTime, parseEnvelope } from "../core/trust/metadata.js";
import { proveGrowth } from "./append-to-log.js";
import type { ServiceContext } from "./context.js";
import { releaseID, requireRelease } from "./documents.js";
import type { ReleaseRecord } from "./model.js";
import { decideEntry, provenEntry } from "./release-log.js";
import { readObject } from "./source-batches.js";

/**
 * @throws OperationError WITNESS_UNAVAILABLE, STATE_LOCKED, LOG_CORRUPT, SIGNER_UNAVAILABLE, STORE_*: the entry stays, and the
 * next attempt goes on
 */
export async function logRelease(
  context: ServiceContext,
  release: ReleaseRecord,
): Promise<Partial<ReleaseRecord>> {
  const { feed, release: number, manifestSha256, manifestCmsSha256: cms } = release;
  if (manifestSha256 === null || cms === null) {
    throw new OperationError("STATE_CORRUPT", `expected release ${number} to be sealed, got one that is not`);
  }
  const { manifestMldsaSha256: mldsa, clamavSignaturesSha256: clamav, provenanceSha256 } = release;
  const index: Evidence = {
    ...{ feed, release: number, manifestSha256, cmsSha256: cms },
    ...(mldsa && { mldsaSha256: mldsa }),
    ...(clamav && { clamavSha256: clamav }),
    ...(provenanceSha256 && { provenanceSha256 }),
  };
  if (context.releaseLog === undefined)
    return { state: "logged", evidenceSha256: await keep(context, index) };
  const id = releaseEntryID(release);
  await decideEntry(context, id, await entryOf(context, release, manifestSha256));
  const { text: entry, proof, checkpoint, log } = await provenEntry(context, id);
  const from = await treeBefore(context, release);
  const consistency =
    from === undefined
      ? {}
      : { consistency: { from, hashes: await proveGrowth(log, from, checkpoint.size) } };
  const evidence: LogEvidence = { entry, proof, ...consistency };
  return {
    state: "logged",
    logTreeSize: checkpoint.size,
    evidenceSha256: await keep(context, { ...index, log: evidence }),
  };
}

/** The name of a release's entry among the log's records. */
export function releaseEntryID({ feed, release }: Pick<ReleaseRecord, "feed" | "release">): string {
  return `release/${releaseID(feed, release)}`;
}

async function entryOf(
  { objects, clock }: ServiceContext,
  { feed, release }: ReleaseRecord,
  manifestSha256: Sha256Hex,
): Promise<ReleaseEntry> {
  const { signed } = parseEnvelope(await readObject(objects, manifestSha256), "targets");
  const { block } = parseManifest(signed);
  const { database, sourceTreeSha256, previousManifestSha256 } = block;
  return {
    ...{ kind: "release", time: formatTime(clock.now()), feed, release, manifestSha256 },
    ...{ databaseSha256: database.sha256, sourceTreeSha256, previousManifestSha256 },
  };
}

/** The tree under which the release before this one was shown: endpoints that have it saw that one last. */
async function treeBefore(
  { records }: ServiceContext,
  { feed, previous }: ReleaseRecord,
): Promise<number | undefined> {
  if (previous === null) return undefined;
  return (await requireRelease(records, feed, previous)).body.logTreeSize;
}

async function keep({ objects }: ServiceContext, evidence: Evidence): Promise<Sha256Hex> {
  return sha256Hex((await objects.put([formatEvidence(evidence)])).sha256);
}
