/**
 * Predicts bits in several contexts at once and mixes the predictions (context mixing; Mahoney, "Adaptive Weighing of Context
 * Models for Lossless Data Compression", 2005). Symbols come in nibbles: per context, one bucket holds what was seen of a nibble.
 *
 *     bucket = u16 check, 15 × u16 counter, one for each node of the tree of a nibble
 *     counter = 12 bits probability of 1 (XOR 2048), 4 bits how often it was seen
 *
 * Whole numbers alone: the same on every machine. SPEC §4.6 is this file in words.
 */
import type { BitCoder } from "./bit-coder.js";
import { rates, squash, stretch, stretchMax } from "./logistic.js";

const seenMax = 15;
const half = 2048;
const weightStart = 19_661;
const matchWeightStart = 13_107;
const learning = 12;
const mapShift = 6;
const matchShift = 5;
const matchLevels = 32;
const setsPerUse = 1 + matchLevels / 4;

/** What a match says of the nibble to come. */
export interface Guess {
  /** 0 to 15; below 0: nothing. */
  nibble: number;
  /** 1 to 31: how long the match is; 0: there is none. */
  level: number;
}

export class BitModel {
  /** A hash for each context; the caller sets them before each symbol. */
  readonly contexts: Int32Array;
  readonly #inputs: number;
  readonly #buckets: Uint16Array;
  /** The same memory, to empty a bucket by. */
  readonly #pairs: Uint32Array;
  readonly #mask: number;
  readonly #places: Int32Array;
  readonly #mapPlaces: Int32Array;
  /** Per context, count and probability in 64 steps: what the next bit turned out to be. */
  readonly #maps: Uint16Array;
  readonly #matches: Uint16Array;
  readonly #weights: Int32Array;
  readonly #signals: Int32Array;

  /** @param uses sets of weights that the caller tells apart  @param bits of the number of buckets */
  constructor(contexts: number, uses: number, bits: number) {
    this.contexts = new Int32Array(contexts);
    this.#inputs = contexts + 2;
    this.#buckets = new Uint16Array(16 << bits);
    this.#pairs = new Uint32Array(this.#buckets.buffer);
    this.#mask = (1 << bits) - 1;
    this.#places = new Int32Array(contexts);
    this.#mapPlaces = new Int32Array(contexts);
    this.#maps = new Uint16Array(contexts << 10);
    for (let i = 0; i < this.#maps.length; i++) this.#maps[i] = 1024 * (i & 63) + 512;
    this.#matches = new Uint16Array(matchLevels);
    for (let i = 0; i < matchLevels; i++) this.#matches[i] = 65_536 - Math.floor(131_072 / (3 * i + 5));
    this.#signals = new Int32Array(this.#inputs);
    this.#weights = new Int32Array(this.#inputs * uses * setsPerUse).fill(weightStart);
    for (let i = contexts; i < this.#weights.length; i += this.#inputs) {
      this.#weights[i] = matchWeightStart;
      this.#weights[i + 1] = 0;
    }
  }

  /** Codes the `bits` bits of a number, the highest first; `salt` says what is known of the symbol before them. */
  nibble(coder: BitCoder, value: number, bits: number, salt: number, use: number, guess: Guess): number {
    this.#find(salt);
    let node = 1;
    for (let left = bits - 1; left >= 0; left--) {
      const agrees = guess.level > 0 && (guess.nibble | (1 << bits)) >>> (left + 1) === node;
      const level = agrees ? guess.level : 0;
      const set = use * setsPerUse + (agrees ? 1 + (level >> 2) : 0);
      const bit = this.#bit(coder, (value >>> left) & 1, node, set, (guess.nibble >>> left) & 1, level);
      node = (node << 1) | bit;
    }
    return node - (1 << bits);
  }

  /** Counts a nibble without coding it. */
  learn(value: number, salt: number): void {
    this.#find(salt);
    const buckets = this.#buckets;
    const places = this.#places;
    const nodes = 16 | value;
    for (let i = 0; i < places.length; i++) {
      const place = places[i] as number;
      for (let left = 3; left >= 0; left--) {
        const counter = place + (nodes >>> (left + 1));
        buckets[counter] = counted(buckets[counter] as number, (nodes >>> left) & 1);
      }
    }
  }

  /** The bucket of each context; of two places the one that has it, else the one that was seen less. */
  #find(salt: number): void {
    const buckets = this.#buckets;
    const contexts = this.contexts;
    const places = this.#places;
    const mask = this.#mask;
    const salted = Math.imul(salt, 0x9e3779b1);
    for (let i = 0; i < contexts.length; i++) {
      let hash = Math.imul((contexts[i] as number) + salted, 0x85ebca6b);
      hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
      hash ^= hash >>> 13;
      const check = (hash >>> 16) | 1;
      const place = (hash & mask) << 4;
      if (buckets[place] === check) places[i] = place;
      else if (buckets[place ^ 16] === check) places[i] = place ^ 16;
      else places[i] = this.#begin(place, check);
    }
  }

  #begin(first: number, check: number): number {
    const buckets = this.#buckets;
    const other = first ^ 16;
    const seen = (buckets[first + 1] as number) & seenMax;
    const otherIsBetter =
      buckets[first] !== 0 && (buckets[other] === 0 || ((buckets[other + 1] as number) & seenMax) < seen);
    const place = otherIsBetter ? other : first;
    const pairs = this.#pairs;
    for (let i = place >>> 1; i < (place >>> 1) + 8; i++) pairs[i] = 0;
    buckets[place] = check;
    return place;
  }

  #bit(coder: BitCoder, bit: number, node: number, set: number, expected: number, level: number): number {
    const signals = this.#signals;
    const weights = this.#weights;
    const maps = this.#maps;
    const mapPlaces = this.#mapPlaces;
    const buckets = this.#buckets;
    const places = this.#places;
    const contexts = places.length;
    const first = set * this.#inputs;
    let sum = 0;
    for (let i = 0; i < contexts; i++) {
      const counter = buckets[(places[i] as number) + node] as number;
      let signal = 0;
      let place = -1;
      if ((counter & seenMax) > 0) {
        place = (i << 10) | ((counter & seenMax) << 6) | ((counter ^ (half << 4)) >>> 10);
        signal = stretch((maps[place] as number) >>> 4);
      }
      mapPlaces[i] = place;
      signals[i] = signal;
      sum += signal * (weights[first + i] as number);
    }
    const trust = level > 0 ? stretch((this.#matches[level] as number) >>> 4) : 0;
    signals[contexts] = expected === 1 ? trust : -trust;
    signals[contexts + 1] = 256;
    sum += (signals[contexts] as number) * (weights[first + contexts] as number);
    sum += 256 * (weights[first + contexts + 1] as number);
    const mixed = Math.floor(sum / 65_536);
    const one = squash(Math.max(-stretchMax, Math.min(stretchMax, mixed)));
    const found = coder.bit(bit, one);
    const error = ((found << 16) - one) * learning;
    for (let i = 0; i < contexts + 2; i++) {
      const step = (Math.imul(signals[i] as number, error) + 131_072) >> 18;
      weights[first + i] = (weights[first + i] as number) + step;
    }
    for (let i = 0; i < contexts; i++) {
      const place = mapPlaces[i] as number;
      if (place >= 0) maps[place] = moved(maps[place] as number, found, mapShift);
      const counter = (places[i] as number) + node;
      buckets[counter] = counted(buckets[counter] as number, found);
    }
    if (level > 0) {
      const right = expected === found ? 1 : 0;
      this.#matches[level] = moved(this.#matches[level] as number, right, matchShift);
    }
    return found;
  }
}

/** SPEC §4.6.5, §4.6.6: a probability in 65,536ths after a bit. */
function moved(probability: number, bit: number, shift: number): number {
  return bit === 1 ? probability + ((65_535 - probability) >> shift) : probability - (probability >> shift);
}

/** SPEC §4.6.4: a counter after a bit. */
function counted(counter: number, bit: number): number {
  const seen = counter & seenMax;
  const rate = rates[seen] as number;
  const one = (counter >>> 4) ^ half;
  const next = bit === 1 ? one + (((4095 - one) * rate) >>> 16) : one - ((one * rate) >>> 16);
  return ((next ^ half) << 4) | (seen < seenMax ? seen + 1 : seenMax);
}
