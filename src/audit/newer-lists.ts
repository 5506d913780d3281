/** The revocation lists that the publisher's tree has now: newer, as a rule, than those inside an old signature (SPEC §6.8.8). */
import { limits } from "../core/limits.js";
import { publishedPoints } from "../core/pki/revocation-points.js";
import { revocationPath } from "../core/release/tree-paths.js";
import type { ProvenSignature } from "../core/trust/model.js";
import type { PublicFiles } from "./fetch-file.js";

/** DER, of both paths. A tree without them is no failure: the signature has its own. */
export async function newerLists(
  files: PublicFiles,
  { paths }: Pick<ProvenSignature, "paths">,
): Promise<Uint8Array[]> {
  const lists: Uint8Array[] = [];
  for (const { name } of await publishedPoints(paths)) {
    const list = await files.find(revocationPath(name), limits.crlBytesMax);
    if (list !== undefined) lists.push(list);
  }
  return lists;
}
