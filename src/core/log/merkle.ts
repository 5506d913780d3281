/**
 * The tree of RFC 6962 (§2.1): hashes, and the check of both kinds of proof. Sizes and indices are below 2^53, so they are
 * halved by division: JavaScript's shifts see 32 bits.
 */
import { equalBytes, hexBytes } from "../encoding/bytes.js";
import { sha256Digest } from "../encoding/sha256.js";
import type { DigestFactory } from "../encoding/stream.js";
import { VerificationError } from "../errors.js";
import type { Hash } from "./lines.js";

const leafPrefix = Uint8Array.of(0);
/** 0x01, then two hashes; written and hashed without a pause between. */
const pair = Uint8Array.of(1, ...new Uint8Array(64));

/** SHA-256 of nothing. */
export const emptyRoot: Hash = hexBytes("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

/** SPEC §11.4.1. */
export function leafHash(entry: Uint8Array, digest: DigestFactory = sha256Digest): Hash {
  const running = digest();
  running.update(leafPrefix);
  running.update(entry);
  return running.finish();
}

/** SPEC §11.4.1. */
export function nodeHash(left: Hash, right: Hash, digest: DigestFactory = sha256Digest): Hash {
  // Once for every two hashes of a tile, so without a new array each time.
  pair.set(left, 1);
  pair.set(right, 33);
  const running = digest();
  running.update(pair);
  return running.finish();
}

/**
 * Writes the hash over two neighbours, the 64 octets of `hashes` from `from`, to `at` of `into`. Nothing is made anew for one: a
 * proof from a large tree asks for hundreds.
 */
export type PairDigest = (hashes: Uint8Array, from: number, into: Uint8Array, at: number) => void;

/** SPEC §11.4.1, in plain code. */
export const plainPairDigest: PairDigest = (hashes, from, into, at) => {
  into.set(nodeHash(hashes.subarray(from, from + 32), hashes.subarray(from + 32, from + 64)), at);
};

export interface InclusionClaim {
  readonly index: number;
  readonly size: number;
  readonly root: Hash;
  /** Of the entry in question. */
  readonly leaf: Hash;
  /** The leaf's sibling first. */
  readonly proof: readonly Hash[];
}

/** SPEC §11.4.2 (RFC 9162 §2.1.3.2). @throws VerificationError LOG_INCLUSION_FAILED */
export function verifyInclusion({ index, size, root, leaf, proof }: InclusionClaim): void {
  if (index >= size) throw failed("LOG_INCLUSION_FAILED", `an index below ${size}`, String(index));
  let [node, last] = [index, size - 1];
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0)
      throw failed("LOG_INCLUSION_FAILED", "a proof as long as the tree is high", "a longer one");
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else hash = nodeHash(hash, sibling);
    [node, last] = [half(node), half(last)];
  }
  if (last !== 0)
    throw failed("LOG_INCLUSION_FAILED", "a proof as long as the tree is high", "a shorter one");
  if (!equalBytes(hash, root)) throw failed("LOG_INCLUSION_FAILED", "the root of the checkpoint", "another");
}

export interface ConsistencyClaim {
  readonly before: { readonly size: number; readonly root: Hash };
  readonly after: { readonly size: number; readonly root: Hash };
  readonly proof: readonly Hash[];
}

/**
 * SPEC §11.4.3 (RFC 9162 §2.1.4.2). Everything continues the empty tree and every tree itself; both need no proof and take none.
 * @throws VerificationError LOG_CONSISTENCY_FAILED
 */
export function verifyConsistency({ before, after, proof }: ConsistencyClaim): void {
  const code = "LOG_CONSISTENCY_FAILED";
  if (before.size > after.size) throw failed(code, `a tree of ${before.size} or more`, String(after.size));
  if (before.size === after.size || before.size === 0) {
    if (proof.length > 0) throw failed(code, "no proof where none is needed", String(proof.length));
    const known = before.size === 0 ? emptyRoot : after.root;
    if (!equalBytes(before.root, known)) throw failed(code, "one root for one size", "two");
    return;
  }
  // An old tree that is a whole subtree of the new one stands for itself; otherwise the proof begins with its last subtree.
  const roots = consistencyRoots(
    before.size,
    after.size,
    isWhole(before.size) ? [before.root, ...proof] : proof,
  );
  if (roots === undefined)
    throw failed(code, "a proof as long as the tree is high", `${proof.length} hashes`);
  if (!equalBytes(roots.before, before.root)) throw failed(code, "the older root", "another");
  if (!equalBytes(roots.after, after.root)) throw failed(code, "the newer root", "another");
}

/**
 * The two roots that the hashes of a consistency proof lead to. The first one is always that of the older tree's last subtree,
 * which a proof leaves out when it is the whole older tree. Undefined when their number is wrong. 0 < `before` < `after`.
 */
export function consistencyRoots(
  before: number,
  after: number,
  hashes: readonly Hash[],
): { readonly before: Hash; readonly after: Hash } | undefined {
  let [node, last] = [before - 1, after - 1];
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  const [first, ...rest] = hashes;
  if (first === undefined) return undefined;
  let [oldHash, newHash] = [first, first];
  for (const sibling of rest) {
    if (last === 0) return undefined;
    if (node % 2 === 1 || node === last) {
      [oldHash, newHash] = [nodeHash(sibling, oldHash), nodeHash(sibling, newHash)];
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else newHash = nodeHash(newHash, sibling);
    [node, last] = [half(node), half(last)];
  }
  return last === 0 ? { before: oldHash, after: newHash } : undefined;
}

function isWhole(size: number): boolean {
  let width = 1;
  while (width < size) width *= 2;
  return width === size;
}

function half(number: number): number {
  return Math.floor(number / 2);
}

function failed(
  code: "LOG_INCLUSION_FAILED" | "LOG_CONSISTENCY_FAILED",
  expected: string,
  got: string,
): VerificationError {
  return new VerificationError(code, `expected ${expected}, got ${got}`);
}
