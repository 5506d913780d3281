/**
 * What LZMA says of bytes, symbol by symbol: a literal, a match (length and distance), or a match at one of the last four
 * distances. Writer and reader are one code: a reader is given any bit and answers with the one that was written.
 *
 * Parameters are lc 4, lp 0, pb 0: literals in the context of the four high bits of the byte before; places do not count.
 */

/** Every probability is that of a 0, in 2,048ths. */
export const half = 1024;

export interface ProbabilityCoder {
  /** A bit with the probability at a place, which it moves. */
  bit(probabilities: Uint16Array, place: number, bit: number): number;
  /** So many bits that nothing is known of, the highest first. */
  even(value: number, count: number): number;
}

export const matchBytesMin = 2;
export const matchBytesMax = 273;
export const statesMax = 12;

/** Where the probabilities of a kind begin. */
export const places = {
  isMatch: 0,
  isRep: 12,
  isRepG0: 24,
  isRepG1: 36,
  isRepG2: 48,
  isRep0Long: 60,
  slots: 72,
  near: 72 + 4 * 64,
  align: 72 + 4 * 64 + 114,
  length: 72 + 4 * 64 + 130,
  repLength: 72 + 4 * 64 + 130 + 274,
  literals: 72 + 4 * 64 + 130 + 2 * 274,
} as const;
const probabilities = places.literals + 16 * 0x300;
/** Within the probabilities of a length: two choices, then the trees. */
export const lengthTrees = { low: 2, middle: 10, high: 18 } as const;

/** From this slot on the low four bits of a distance have a tree of their own, and those above none. */
const farSlot = 14;
export const nearDistances = 128;

/** States 0 to 6 follow a literal. */
export const isAfterLiteral = (state: number): boolean => state < 7;
export const afterLiteral = (state: number): number => (state < 4 ? 0 : state < 10 ? state - 3 : state - 6);
export const afterMatch = (state: number): number => (state < 7 ? 7 : 10);
export const afterRep = (state: number): number => (state < 7 ? 8 : 11);
export const afterShortRep = (state: number): number => (state < 7 ? 9 : 11);

export const slotsOf = (length: number): number => Math.min(length - matchBytesMin, 3);

/** Distances are one less than how far back it is. */
export function slotOf(distance: number): number {
  if (distance < 4) return distance;
  const top = 31 - Math.clz32(distance);
  return (top << 1) | ((distance >>> (top - 1)) & 1);
}

export class LzmaModel {
  readonly probabilities = new Uint16Array(probabilities).fill(half);

  /** @param matched the byte at the last distance, for a literal right behind a match; else below 0 */
  literal(coder: ProbabilityCoder, before: number, matched: number, byte: number): number {
    const base = places.literals + 0x300 * (before >>> 4);
    if (matched < 0) return this.#tree(coder, base, 8, byte);
    let node = 1;
    let side = 0x100;
    for (let i = 7; i >= 0; i--) {
      const expected = (matched << (8 - i)) & side;
      const bit = coder.bit(this.probabilities, base + side + expected + node, (byte >>> i) & 1);
      node = (node << 1) | bit;
      side = bit === 1 ? side & expected : side & ~expected;
    }
    return node & 255;
  }

  /** @param base `places.length` or `places.repLength` */
  length(coder: ProbabilityCoder, base: number, length: number): number {
    const value = length - matchBytesMin;
    if (coder.bit(this.probabilities, base, value < 8 ? 0 : 1) === 0) {
      return matchBytesMin + this.#tree(coder, base + lengthTrees.low, 3, value);
    }
    if (coder.bit(this.probabilities, base + 1, value < 16 ? 0 : 1) === 0) {
      return matchBytesMin + 8 + this.#tree(coder, base + lengthTrees.middle, 3, value - 8);
    }
    return matchBytesMin + 16 + this.#tree(coder, base + lengthTrees.high, 8, value - 16);
  }

  distance(coder: ProbabilityCoder, length: number, distance: number): number {
    const slot = this.#tree(coder, places.slots + 64 * slotsOf(length), 6, slotOf(distance));
    if (slot < 4) return slot;
    const count = (slot >>> 1) - 1;
    const base = ((2 | (slot & 1)) << count) >>> 0;
    const rest = distance - base;
    if (slot < farSlot) return base + this.#reverseTree(coder, places.near + base - slot - 1, count, rest);
    const high = coder.even(rest >>> 4, count - 4);
    return base + high * 16 + this.#reverseTree(coder, places.align, 4, rest & 15);
  }

  #tree(coder: ProbabilityCoder, base: number, bits: number, value: number): number {
    let node = 1;
    for (let i = bits - 1; i >= 0; i--) {
      node = (node << 1) | coder.bit(this.probabilities, base + node, (value >>> i) & 1);
    }
    return node - (1 << bits);
  }

  #reverseTree(coder: ProbabilityCoder, base: number, bits: number, value: number): number {
    let node = 1;
    let found = 0;
    for (let i = 0; i < bits; i++) {
      const bit = coder.bit(this.probabilities, base + node, (value >>> i) & 1);
      node = (node << 1) | bit;
      found |= bit << i;
    }
    return found;
  }
}
