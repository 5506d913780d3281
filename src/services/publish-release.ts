/**
 * A release manager asks for publication. Sealing and writing the public tree follow by themselves, now or
 * when the HSM, the time-stamp authority or the disk is back.
 */
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import { PolicyError } from "../core/errors.js";
import type { ServiceContext } from "./context.js";
import { releaseWrite, requireRelease, timeText } from "./documents.js";
import type { Identity, ReleaseRecord } from "./model.js";
import { requireLasting } from "./publishing-window.js";
import { requireRole } from "./roles.js";
import { serially } from "./serially.js";

/**
 * Asking again is no error; it also ends a pause that a failure brought.
 *
 * @throws PolicyError ROLE_REFUSED, ASSAY_MISSING, ASSAY_FAILED, RELEASE_STATE, EXPIRY_NEAR; UsageError NOT_FOUND
 */
export async function publishRelease(
  context: ServiceContext,
  identity: Identity,
  { feed, release }: { readonly feed: FeedName; readonly release: ReleaseNumber },
): Promise<ReleaseRecord> {
  requireRole(identity, "release-manager");
  const { body: seen } = await requireRelease(context.records, feed, release);
  if (seen.state === "published") return seen;
  requireAssay(seen);
  if (seen.publication !== null && seen.waitingFor === null) return seen;
  await requireLasting(context, seen);
  const asked = await serially(context.records, `release/${feed}`, async () => {
    const before = await requireRelease(context.records, feed, release);
    if (before.body.state === "published") return before.body;
    requireAssay(before.body);
    const at = timeText(context.clock.now());
    const publication = before.body.publication ?? { by: identity.name, at };
    const body: ReleaseRecord = { ...before.body, publication, waitingFor: null, retry: null };
    await context.records.commit([releaseWrite(before, body)]);
    return body;
  });
  context.wake();
  return asked;
}

/** SPEC §2.4.1: without the overseer's signature nothing is published. */
function requireAssay({ release, state, verdicts, waitingFor }: ReleaseRecord): void {
  if (state === "assayed" || state === "sealed" || state === "logged") return;
  if (state !== "failed") {
    throw new PolicyError(
      "ASSAY_MISSING",
      `expected the overseer's signature on release ${release}, got none: the release is ${state}`,
    );
  }
  const refusal = verdicts.findLast(({ result }) => result === "FAILED");
  if (refusal !== undefined) {
    throw new PolicyError(
      "ASSAY_FAILED",
      `expected release ${release} to pass its assay, got FAILED by ${refusal.by}`,
    );
  }
  throw new PolicyError(
    "RELEASE_STATE",
    `expected a release that can be published, got failed: ${waitingFor}`,
  );
}
