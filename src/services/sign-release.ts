/** The publisher's signature on the manifest. The overseer's is the second; until then nobody accepts it. */
import { sha256Hex } from "../core/brands.js";
import { OperationError } from "../core/errors.js";
import { formatManifest, manifestFor } from "../core/release/manifest.js";
import { parseSources } from "../core/release/sources.js";
import { formatDSSE } from "../core/trust/attest/dsse.js";
import { provenanceFor } from "../core/trust/attest/provenance.js";
import { signStatement } from "../core/trust/attest/sign-statement.js";
import { signMetadata } from "../issuing/tuf-signatures.js";
import type { ServiceContext } from "./context.js";
import type { ReleaseRecord } from "./model.js";
import { blockedDatabases, previousManifest } from "./blocked-databases.js";
import { announceSecondSignature } from "./second-signature.js";
import { readObject } from "./source-batches.js";

const dayMs = 86_400_000;

/** @throws OperationError SIGNER_UNAVAILABLE, SIGNER_PIN, or of the stores */
export async function signRelease(
  context: ServiceContext,
  release: ReleaseRecord,
): Promise<Partial<ReleaseRecord>> {
  const { database, compiler } = release;
  if (database === null || compiler === null) {
    throw new OperationError(
      "STATE_CORRUPT",
      `expected release ${release.release} to be built, got no database`,
    );
  }
  const { settings, clock } = context;
  const manifest = await manifestFor({
    frame: {
      feed: release.feed,
      release: release.release,
      createdAt: new Date(release.createdAt),
      expires: new Date(clock.now().getTime() + settings.expiryDays.feed * dayMs),
      compiler,
      minimumClient: settings.minimumClient,
      previousManifestSha256: await previousManifest(context, release),
      restores: release.restores,
      blocked: await blockedDatabases(context, release),
      engines: settings.engines,
      postQuantum: await announceSecondSignature(context),
    },
    sources: parseSources(await readObject(context.objects, release.sourcesSha256)),
    database,
    packs: release.packs,
  });
  const signed = formatManifest(manifest);
  // SPEC §12.3.1: from what and by whom it was built, for strangers' tools; the overseer holds it against the manifest.
  const statement = await provenanceFor(manifest, signed, context.publisher.spki);
  const provenance = await context.objects.put([
    formatDSSE(await signStatement(statement, context.publisher)),
  ]);
  // The manifest last: a key that is lost in between has signed nothing that anybody would act on.
  const file = await signMetadata(signed, [context.publisher]);
  const stored = await context.objects.put([file]);
  return {
    state: "signed",
    manifestSha256: sha256Hex(stored.sha256),
    provenanceSha256: sha256Hex(provenance.sha256),
    ...(settings.engines && { engines: settings.engines }),
  };
}
