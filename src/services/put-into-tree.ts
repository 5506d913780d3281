/**
 * A release that is in the log becomes public: packs, their signatures, evidence, manifest, and then the head that names
 * them all.
 */
import { OperationError } from "../core/errors.js";
import { clamavSignaturesPath } from "../core/release/clamav-signatures.js";
import {
  evidencePath,
  manifestSecondSignaturePath,
  manifestSignaturePath,
  metadataPath,
  packPath,
  packSignaturePath,
} from "../core/release/tree-paths.js";
import type { Sha256Hex } from "../core/brands.js";
import { provenancePath } from "../core/trust/attest/verdict-list.js";
import type { ServiceContext } from "./context.js";
import { requireRelease, timeText } from "./documents.js";
import type { PublishedFile, ReleaseRecord, TreeWrite } from "./model.js";
import { publishChange } from "./publication.js";
import { startRollout } from "./rollout/start-rollout.js";
import { publishRebuildVerdicts } from "./rebuild-verdicts.js";

/**
 * @throws OperationError of the stores; VerificationError or PolicyError when a customer would refuse the
 * result
 */
export async function putIntoTree(
  context: ServiceContext,
  release: ReleaseRecord,
): Promise<Partial<ReleaseRecord>> {
  const { feed, release: number, previous } = release;
  const manifest = required(release, release.manifestSha256, "manifest");
  const file: PublishedFile = { role: feed, version: number, sha256: manifest };
  const trusted = previous === null ? undefined : await trustedRelease(context, release);
  const writes = releaseFiles(release);
  await publishRebuildVerdicts(context, release);
  await publishChange(context, async (state) => {
    // A run before this one may have come this far and no further.
    if (state.files.some(({ role, version }) => role === feed && version === number)) return undefined;
    const started = await startRollout(context, release);
    return {
      rootVersion: state.rootVersion,
      ...(started && { rollout: started.rollout, entries: [started.write] }),
      writes,
      files: [...state.files.filter(({ role }) => role !== feed), file],
      newSnapshot: true,
      release: {
        ...{ feed, client: context.settings.minimumClient, trusted },
        verifyMLDSA: context.postQuantumVerifier?.verify,
      },
    };
  });
  return { state: "published", publishedAt: timeText(context.clock.now()) };
}

/** SPEC §2.6.2: what is named is written before what names it. */
function releaseFiles(release: ReleaseRecord): TreeWrite[] {
  const { feed, release: number, packs, manifestMldsaSha256: second } = release;
  const { clamavSignaturesSha256: clamav, provenanceSha256: provenance } = release;
  const manifest = required(release, release.manifestSha256, "manifest");
  const cms = required(release, release.manifestCmsSha256, "CMS over the manifest");
  const signed = packs.map((pack) => ({
    ...pack,
    cms: required(release, pack.cmsSha256, "CMS over a pack"),
  }));
  const evidence = required(release, release.evidenceSha256 ?? null, "evidence document");
  return [
    ...signed.map((pack) => ({ path: packPath(pack), sha256: pack.sha256 })),
    ...signed.map((pack) => ({ path: packSignaturePath(pack), sha256: pack.cms })),
    { path: manifestSignaturePath(feed, number), sha256: cms },
    ...(second ? [{ path: manifestSecondSignaturePath(feed, number), sha256: second }] : []),
    ...(clamav ? [{ path: clamavSignaturesPath(feed, number), sha256: clamav }] : []),
    ...(provenance ? [{ path: provenancePath(feed, number), sha256: provenance }] : []),
    { path: evidencePath(feed, number), sha256: evidence },
    { path: metadataPath(feed, number), sha256: manifest },
  ];
}

async function trustedRelease({ records }: ServiceContext, release: ReleaseRecord) {
  const number = release.previous as NonNullable<ReleaseRecord["previous"]>;
  const { body } = await requireRelease(records, release.feed, number);
  return { release: number, manifestSha256: required(body, body.manifestSha256, "manifest") };
}

function required(release: ReleaseRecord, sha256: Sha256Hex | null, what: string): Sha256Hex {
  if (sha256 !== null) return sha256;
  throw new OperationError("STATE_CORRUPT", `expected a ${what} of release ${release.release}, got none`);
}
