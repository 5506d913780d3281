/**
 * Proofs, made from whatever can give the hash of a complete subtree (RFC 6962 §2.1.1, §2.1.2). First it is settled which
 * subtrees a proof names; then their hashes are read, each complete one as it is, an incomplete one put together.
 */
import { sha256Digest } from "../encoding/sha256.js";
import type { DigestFactory } from "../encoding/stream.js";
import type { Hash } from "./lines.js";
import { emptyRoot, nodeHash } from "./merkle.js";

/** The hash of the complete subtree over the entries `index * 2^level` up to `(index + 1) * 2^level`. */
export type NodeReader = (level: number, index: number) => Promise<Hash>;

/** Entries `start` up to, not including, `end`. */
interface Span {
  readonly start: number;
  readonly end: number;
}

export async function makeInclusionProof(index: number, size: number, read: NodeReader): Promise<Hash[]> {
  const [proof] = await makeInclusionProofs([index], size, read);
  return proof as Hash[];
}

/** Many proofs of one tree. What they share at its right edge, where subtrees are incomplete, is put together once. */
export async function makeInclusionProofs(
  indices: readonly number[],
  size: number,
  read: NodeReader,
): Promise<Hash[][]> {
  const known = new Map<number, Hash>();
  const proofs: Hash[][] = [];
  for (const index of indices) {
    if (!(index >= 0 && index < size)) throw new RangeError("expected an index below the size");
    const proof: Hash[] = [];
    for (const span of inclusionSpans(index, { start: 0, end: size })) {
      const edge = span.end === size;
      const hash = (edge ? known.get(span.start) : undefined) ?? (await spanHash(span, read, sha256Digest));
      if (edge) known.set(span.start, hash);
      proof.push(hash);
    }
    proofs.push(proof);
  }
  return proofs;
}

/** Empty when `before` is 0 or `size`: nothing needs proving then. */
export async function makeConsistencyProof(before: number, size: number, read: NodeReader): Promise<Hash[]> {
  if (!(before >= 0 && before <= size)) throw new RangeError("expected a tree that is not larger");
  if (before === 0 || before === size) return [];
  return hashes(consistencySpans(before, { start: 0, end: size }, true), read);
}

export async function treeRoot(size: number, read: NodeReader): Promise<Hash> {
  return size === 0 ? emptyRoot : spanHash({ start: 0, end: size }, read, sha256Digest);
}

/** Nearest the leaf first. */
function inclusionSpans(index: number, span: Span): Span[] {
  if (span.end - span.start === 1) return [];
  const middle = split(span);
  const [left, right] = halves(span, middle);
  return index < middle ? [...inclusionSpans(index, left), right] : [...inclusionSpans(index, right), left];
}

/** RFC 6962 §2.1.2 SUBPROOF; `whole` while the old tree is a subtree that its reader has the hash of. */
function consistencySpans(before: number, span: Span, whole: boolean): Span[] {
  if (before === span.end) return whole ? [] : [span];
  const middle = split(span);
  const [left, right] = halves(span, middle);
  return before <= middle
    ? [...consistencySpans(before, left, whole), right]
    : [...consistencySpans(before, right, false), left];
}

/** The largest power of two that leaves something on the right. */
function split({ start, end }: Span): number {
  let width = 1;
  while (width * 2 < end - start) width *= 2;
  return start + width;
}

function halves({ start, end }: Span, middle: number): [Span, Span] {
  return [
    { start, end: middle },
    { start: middle, end },
  ];
}

async function hashes(spans: readonly Span[], read: NodeReader): Promise<Hash[]> {
  const found: Hash[] = [];
  for (const span of spans) found.push(await spanHash(span, read, sha256Digest));
  return found;
}

async function spanHash(span: Span, read: NodeReader, digest: DigestFactory): Promise<Hash> {
  let [level, width] = [0, 1];
  while (width < span.end - span.start) [level, width] = [level + 1, width * 2];
  if (width === span.end - span.start) return read(level, span.start / width);
  const [left, right] = halves(span, split(span));
  return nodeHash(await spanHash(left, read, digest), await spanHash(right, read, digest), digest);
}
