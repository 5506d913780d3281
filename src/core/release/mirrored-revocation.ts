/** The revocation data of two paths as a public tree has them (SPEC §9.1.1), for whoever judges: endpoint, auditor, publisher. */
import { VerificationError } from "../errors.js";
import { limits } from "../limits.js";
import type { Certificate } from "../pki/certificate.js";
import { parseCRL } from "../pki/crl.js";
import { ocspChoice } from "../pki/revocation-data.js";
import { deltaPlaces, type ListPlace, type RevocationPlace, revocationPlaces } from "./revocation-places.js";
import { responsePath, revocationPath } from "./tree-paths.js";

/** Undefined when the tree does not have the file. */
export type TreeRead = (path: string, bytesMax: number) => Promise<Uint8Array | undefined>;

/** As they travel (RFC 5652 §10.2.1), believed by nobody yet; what the tree does not have is left out. */
export async function mirroredItems(
  paths: readonly (readonly Certificate[])[],
  read: TreeRead,
): Promise<Uint8Array[]> {
  const items: Uint8Array[] = [];
  const waiting: RevocationPlace[] = await revocationPlaces(paths);
  for (const place of waiting) {
    const bytes = await read(placePath(place), limits.crlBytesMax);
    if (bytes === undefined) continue;
    items.push(place.kind === "status" ? ocspChoice(bytes) : bytes);
    if (place.kind !== "complete") continue;
    for (const delta of await namedDeltas(bytes, place)) {
      if (!waiting.some(({ name }) => name === delta.name)) waiting.push(delta);
    }
  }
  return items;
}

export const placePath = ({ kind, name }: Pick<RevocationPlace, "kind" | "name">): string =>
  kind === "status" ? responsePath(name) : revocationPath(name);

async function namedDeltas(bytes: Uint8Array, place: ListPlace): Promise<ListPlace[]> {
  try {
    return await deltaPlaces(parseCRL(bytes), place);
  } catch (cause) {
    // Nobody has judged the bytes; the verifier will say what is wrong with them.
    if (cause instanceof VerificationError) return [];
    throw cause;
  }
}
