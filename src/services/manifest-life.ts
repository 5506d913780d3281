/** How long a signed manifest lives, and whether the world may have seen it. */
import type { ReleaseNumber, Sha256Hex } from "../core/brands.js";
import { OperationError } from "../core/errors.js";
import { parseEnvelope, parseTargets } from "../core/trust/metadata.js";
import type { ServiceContext } from "./context.js";
import type { ReleaseRecord } from "./model.js";
import { requirePublication } from "./published-trust.js";
import { readObject } from "./source-batches.js";

type Read = Pick<ServiceContext, "objects">;

/** @throws OperationError STATE_CORRUPT when the release has no manifest, STORE_FAILED */
export async function manifestExpiry({ objects }: Read, release: ReleaseRecord): Promise<Date> {
  const manifest = requireManifest(release.release, release.manifestSha256);
  const { signed } = parseEnvelope(await readObject(objects, manifest), "targets");
  return parseTargets(signed).expires;
}

/**
 * True once a publication that holds the release is decided: from then on any of its files may be in the tree.
 * Hold the feed's turn (`serially`, `release/<feed>`), or the answer may be old when it comes.
 */
export async function mayBePublic(
  context: Pick<ServiceContext, "records">,
  { feed, release }: Pick<ReleaseRecord, "feed" | "release">,
): Promise<boolean> {
  const { files, pending } = (await requirePublication(context)).body;
  const decided = [...files, ...(pending?.files ?? [])];
  return decided.some(({ role, version }) => role === feed && version === release);
}

function requireManifest(release: ReleaseNumber, sha256: Sha256Hex | null): Sha256Hex {
  if (sha256 !== null) return sha256;
  throw new OperationError("STATE_CORRUPT", `expected a manifest of release ${release}, got none`);
}
