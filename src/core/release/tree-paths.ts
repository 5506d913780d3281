/** Where everything of a release stands in the public tree (SPEC §2.6). */
import type { FeedName, ReleaseNumber, Sha256Hex } from "../brands.js";
import type { PackFacts } from "../format/model.js";

export const timestampPath = "metadata/timestamp.json";

/** `metadata/<version>.<role>.json`, for every role but timestamp. */
export function metadataPath(role: string, version: number): string {
  return `metadata/${version}.${role}.json`;
}

/** TUF §6.2.2, consistent snapshots: the digest stands before the name. */
export function packPath({ path, sha256 }: Pick<PackFacts, "path" | "sha256">): string {
  const slash = path.lastIndexOf("/");
  return `targets/${path.slice(0, slash)}/${sha256}.${path.slice(slash + 1)}`;
}

/** The detached CMS of a pack. */
export function packSignaturePath(pack: Pick<PackFacts, "path" | "sha256">): string {
  return `${packPath(pack)}.p7s`;
}

/** The detached CMS over the manifest file as served. */
export function manifestSignaturePath(feed: FeedName, release: ReleaseNumber): string {
  return `evidence/${feed}/${release}.p7s`;
}

/** The second signature over the manifest file as served, when the manifest announces one. */
export function manifestSecondSignaturePath(feed: FeedName, release: ReleaseNumber): string {
  return `evidence/${feed}/${release}.mldsa.p7s`;
}

/** The newest revocation list of one distribution point, by its mirror name; replaced when there is a newer one. */
export function revocationPath(name: string): string {
  return `crl/${name}.crl`;
}

/** The same list under its own number, for ever. */
export function revocationCopyPath(name: string, number: bigint): string {
  return `crl/${name}/${number}.crl`;
}

/** The newest OCSP response about one certificate, by its mirror name; replaced when there is a newer one. */
export function responsePath(name: string): string {
  return `ocsp/${name}.ors`;
}

/** A document that says who got a release when, by the digest that the log has. */
export function ringsPath(feed: FeedName, sha256: Sha256Hex): string {
  return `rings/${feed}/${sha256}.json`;
}

/** The evidence document (`core/trust/evidence.ts`). */
export function evidencePath(feed: FeedName, release: ReleaseNumber): string {
  return `evidence/${feed}/${release}.json`;
}
