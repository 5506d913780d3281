/**
 * Where everything of a release stands in the public tree (SPEC §2.6), and the small index beside a release's
 * evidence.
 */
import type { FeedName, ReleaseNumber, Sha256Hex } from "../brands.js";
import { utf8Bytes } from "../encoding/bytes.js";
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

export function evidencePath(feed: FeedName, release: ReleaseNumber): string {
  return `evidence/${feed}/${release}.json`;
}

/**
 * What proves a release, by digest: for people and programs that look at the tree without the rest. Not
 * signed.
 */
export interface EvidenceIndex {
  readonly schema: 1;
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
  readonly manifestSha256: Sha256Hex;
  readonly cmsSha256: Sha256Hex;
  /** Of the second signature, when there is one. */
  readonly mldsaSha256?: Sha256Hex;
  /** Of the signatures over ClamAV's files, when there are any. */
  readonly clamavSha256?: Sha256Hex;
  /** Of the builder's provenance. */
  readonly provenanceSha256?: Sha256Hex;
  readonly packs: readonly {
    readonly path: string;
    readonly sha256: Sha256Hex;
    readonly cmsSha256: Sha256Hex;
  }[];
}

export function formatEvidence(index: EvidenceIndex): Uint8Array<ArrayBuffer> {
  return utf8Bytes(`${JSON.stringify(index)}\n`);
}
