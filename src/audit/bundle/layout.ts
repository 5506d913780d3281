/**
 * What stands where in an evidence bundle (SPEC §14.3). A bundle is a part of the public tree as it was when the release was published,
 * the sources, and pages that follow from both.
 */
import type { FeedName, ReleaseNumber, Sha256Hex } from "../../core/brands.js";
import { compareBytes, utf8Bytes } from "../../core/encoding/bytes.js";

export const bundlePaths = {
  index: "bundle.json",
  sums: "SHA256SUMS",
  commands: "COMMANDS.md",
  policy: "policy.json",
  anchors: "anchors.pem",
  signerChain: "chains/signer.pem",
  authorityChain: "chains/time-stamp-authority.pem",
  token: "time-stamp.tst",
  sourceList: "sources.json",
  changes: "changes.json",
  changesPage: "changes.md",
  since: "log/since",
  consistency: "log/consistency",
} as const;

/** A file of the public tree, by its path there (SPEC §9.1.1). */
export const publicMember = (path: string): string => `public/${path}`;
/** A source file as its author named it. */
export const sourceMember = (ruleset: string, path: string): string => `sources/${ruleset}/${path}`;
export const listMember = (sha256: string): string => `revocation/${sha256}.crl`;
/** An OCSP response. */
export const responseMember = (sha256: string): string => `revocation/${sha256}.ors`;

/** Everything that a bundle is asked for by. */
export interface BundleIndex {
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
}

export function formatBundleIndex({ feed, release }: BundleIndex): Uint8Array<ArrayBuffer> {
  return utf8Bytes(`${JSON.stringify({ schema: 1, feed, release })}\n`);
}

/** One member: its size and digest are known before it is read, because the list of all digests comes early in the archive. */
export interface BundleFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: Sha256Hex;
  read(): Promise<Uint8Array>;
}

/** SPEC §14.2.2: what `sha256sum -c` reads. `files` without this one; any order. */
export function formatSums(files: Iterable<Pick<BundleFile, "path" | "sha256">>): Uint8Array<ArrayBuffer> {
  return utf8Bytes(
    inOrder(files)
      .map(({ path, sha256 }) => `${sha256}  ${path}\n`)
      .join(""),
  );
}

/** By the bytes of their paths: the order of the archive. */
export function inOrder<T extends { readonly path: string }>(files: Iterable<T>): T[] {
  return [...files]
    .map((file) => ({ file, name: utf8Bytes(file.path) }))
    .sort((a, b) => compareBytes(a.name, b.name))
    .map(({ file }) => file);
}
