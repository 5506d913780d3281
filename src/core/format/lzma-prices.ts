/** What symbols would cost as the probabilities stand, in 16ths of a bit. Whole numbers alone, so that every machine chooses alike. */
import {
  half,
  lengthTrees,
  type LzmaModel,
  matchBytesMax,
  matchBytesMin,
  nearDistances,
  places,
  slotOf,
  slotsOf,
} from "./lzma-model.js";

const bitPrice = 16;
const alignBits = 4;
const firstAligned = 14;

/** The price of a bit by its probability in 128ths: a logarithm by squaring. */
const table = Int32Array.from({ length: 128 }, (_, i) => {
  let value = 16 * i + 8;
  let bits = 0;
  for (let cycle = 0; cycle < 4; cycle++) {
    value *= value;
    bits <<= 1;
    for (; value >= 65_536; value = Math.floor(value / 2)) bits++;
  }
  return 11 * bitPrice - 15 - bits;
});

export class Prices {
  readonly lengths = new Int32Array(matchBytesMax + 1);
  readonly repLengths = new Int32Array(matchBytesMax + 1);
  readonly #probabilities: Uint16Array;
  readonly #slots = new Int32Array(4 * 64);
  readonly #near = new Int32Array(4 * nearDistances);
  readonly #align = new Int32Array(1 << alignBits);

  constructor(model: LzmaModel) {
    this.#probabilities = model.probabilities;
    this.update();
  }

  bit(place: number, bit: number): number {
    const zero = this.#probabilities[place] as number;
    return table[(bit === 0 ? zero : 2 * half - zero) >>> 4] as number;
  }

  literal(before: number, matched: number, byte: number): number {
    const base = places.literals + 0x300 * (before >>> 4);
    let price = 0;
    let side = matched < 0 ? 0 : 0x100;
    let node = 1;
    for (let i = 7; i >= 0; i--) {
      const bit = (byte >>> i) & 1;
      const expected = matched < 0 ? 0 : (matched << (8 - i)) & side;
      price += this.bit(base + side + expected + node, bit);
      node = (node << 1) | bit;
      side = bit === 1 ? side & expected : side & ~expected;
    }
    return price;
  }

  distance(length: number, distance: number): number {
    const slots = slotsOf(length);
    if (distance < nearDistances) return this.#near[slots * nearDistances + distance] as number;
    return (this.#slots[64 * slots + slotOf(distance)] as number) + (this.#align[distance & 15] as number);
  }

  /** Lengths and distances are read from tables; what they say is what was so when they were made. */
  update(): void {
    this.#updateLengths(this.lengths, places.length);
    this.#updateLengths(this.repLengths, places.repLength);
    for (let i = 0; i < 1 << alignBits; i++) this.#align[i] = this.#reverse(places.align, alignBits, i);
    for (let slots = 0; slots < 4; slots++) {
      for (let slot = 0; slot < 64; slot++) {
        const even = slot < firstAligned ? 0 : ((slot >>> 1) - 1 - alignBits) * bitPrice;
        this.#slots[64 * slots + slot] = this.#tree(places.slots + 64 * slots, 6, slot) + even;
      }
    }
    for (let distance = 0; distance < nearDistances; distance++) {
      const slot = slotOf(distance);
      let rest = 0;
      if (slot >= 4) {
        const count = (slot >>> 1) - 1;
        const base = (2 | (slot & 1)) << count;
        rest = this.#reverse(places.near + base - slot - 1, count, distance - base);
      }
      for (let slots = 0; slots < 4; slots++) {
        this.#near[slots * nearDistances + distance] = (this.#slots[64 * slots + slot] as number) + rest;
      }
    }
  }

  #updateLengths(prices: Int32Array, base: number): void {
    const [short, longer] = [this.bit(base, 0), this.bit(base, 1)];
    const [middle, high] = [longer + this.bit(base + 1, 0), longer + this.bit(base + 1, 1)];
    for (let value = 0; value <= matchBytesMax - matchBytesMin; value++) {
      let price: number;
      if (value < 8) price = short + this.#tree(base + lengthTrees.low, 3, value);
      else if (value < 16) price = middle + this.#tree(base + lengthTrees.middle, 3, value - 8);
      else price = high + this.#tree(base + lengthTrees.high, 8, value - 16);
      prices[value + matchBytesMin] = price;
    }
  }

  #tree(base: number, bits: number, value: number): number {
    let price = 0;
    for (let node = value + (1 << bits); node > 1; node >>>= 1)
      price += this.bit(base + (node >>> 1), node & 1);
    return price;
  }

  #reverse(base: number, bits: number, value: number): number {
    let price = 0;
    let node = 1;
    for (let i = 0; i < bits; i++) {
      const bit = (value >>> i) & 1;
      price += this.bit(base + node, bit);
      node = (node << 1) | bit;
    }
    return price;
  }
}
