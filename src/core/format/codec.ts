/** Ways to compress full packs, and what packs need from whoever compresses and reads back. A pack's first bytes say which way it went. */
import { limits } from "../limits.js";

export const packMethods = ["xz", "zstd"] as const;
export type PackMethod = (typeof packMethods)[number];

/** SPEC §4.1.3: what makes the bytes, as manifests name it. */
export const methodCodecs: Readonly<Record<PackMethod, string>> = {
  xz: "rulemint-xz/1",
  zstd: "zstd-codec/0.1.5",
};

/** What each piece of a pack holds of the database, but for the last one, which holds the rest. */
export const pieceContentBytes: Readonly<Record<PackMethod, number>> = {
  xz: limits.xzBlockBytesMax,
  zstd: limits.zstdBlockBytesMax,
};

export interface Codec {
  /**
   * A piece for each block, in their order: a stream of xz, a frame of zstd. The same block gives the same piece on every machine, always.
   *
   * @throws VerificationError CODEC_FAILED for a block that is larger than a piece may hold, or empty
   */
  compress(method: PackMethod, blocks: readonly Uint8Array[]): Promise<Uint8Array[]>;
  /** @throws VerificationError CODEC_FAILED when the piece is broken or does not hold exactly `bytes` bytes. */
  decompress(method: PackMethod, piece: Uint8Array, bytes: number): Promise<Uint8Array>;
}

/** The method that a manifest means by the name of a codec; undefined for one that is not known here. */
export function methodOfCodec(name: string): PackMethod | undefined {
  return packMethods.find((method) => methodCodecs[method] === name);
}

/** How a publisher has the full packs of a feed made. */
export interface FullPackPolicy {
  /** `by-size`: xz up to `xzBytesMax` bytes of database, zstd above. `both`: zstd, and up to there a small pack behind the release. */
  readonly method: PackMethod | "by-size" | "both";
  /** Absent: what `xzBytesMax` below has. */
  readonly xzBytesMax?: number | undefined;
}

/** ADR 0025 and 0028: xz is smaller, but a release waits for its full pack, and zstd is made in a fraction of the time. */
export const defaultFullPackPolicy: FullPackPolicy = { method: "both" };

const mebibyte = 1024 * 1024;
/** Up to here a release takes, on one thread, a minute and a half of its wait for xz; behind its back, ten minutes. */
const xzBytesMax = { "by-size": 32 * mebibyte, both: 256 * mebibyte } as const;

/** What makes the full pack that a release waits for. */
export function chooseMethod(databaseBytes: number, policy = defaultFullPackPolicy): PackMethod {
  if (policy.method === "both") return "zstd";
  if (policy.method !== "by-size") return policy.method;
  return databaseBytes <= (policy.xzBytesMax ?? xzBytesMax["by-size"]) ? "xz" : "zstd";
}

/** SPEC §2.5.8: whether a release that is public has its full pack made once more, by xz. */
export function hasSmallPack(databaseBytes: number, policy = defaultFullPackPolicy): boolean {
  return policy.method === "both" && databaseBytes <= (policy.xzBytesMax ?? xzBytesMax.both);
}
