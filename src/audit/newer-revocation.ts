/** The revocation data that the publisher's tree has now: newer, as a rule, than those inside an old signature (SPEC §6.8.8). */
import { mirroredItems } from "../core/release/mirrored-revocation.js";
import type { ProvenSignature } from "../core/trust/model.js";
import type { PublicFiles } from "./fetch-file.js";

/** Of both paths. A tree without them is no failure: the signature has its own. */
export function newerRevocation(
  files: PublicFiles,
  { paths }: Pick<ProvenSignature, "paths">,
): Promise<Uint8Array[]> {
  return mirroredItems(paths, (path, bytesMax) => files.find(path, bytesMax));
}
