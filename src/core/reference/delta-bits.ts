/** SPEC §4.5 and §4.6.1 to §4.6.7: the bits of a part, read, and the model that says how likely they are. */
import { broken } from "./packs.js";

const anchors = (
  "1 2 3 5 8 13 22 36 60 98 162 267 439 720 1179 1921 3108 4971 7812 11955 17625 24743 32768 40793 47911 53581 57724 60565 62428 63615 " +
  "64357 64816 65097 65269 65374 65438 65476 65500 65514 65523 65528 65531 65533 65534 65535"
)
  .split(" ")
  .map(Number);
const rates = "40960 25206 18204 14247 11703 9930 8623 7620 6827 6183 5650 5201 4819 4489 4201 4096"
  .split(" ")
  .map(Number);

/** SPEC §4.6.2 */
function squash(odds: number): number {
  const left = Math.floor((odds + 2816) / 128);
  const d = odds + 2816 - 128 * left;
  return ((anchors[left] as number) * (128 - d) + (anchors[left + 1] as number) * d + 64) >> 7;
}

const stretches = Array.from({ length: 4096 }, (_, p) => {
  let [low, high] = [-2047, 2047];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (squash(middle) >= 16 * p + 8) high = middle;
    else low = middle + 1;
  }
  return low;
});

function stretch(p: number): number {
  return stretches[p] as number;
}

export class PartBits {
  readonly #part: Uint8Array;
  #low = 0;
  #high = 2 ** 32 - 1;
  #value = 0;
  /** Bytes that the range has moved up by. */
  #moved = 0;

  constructor(part: Uint8Array) {
    this.#part = part;
    for (let i = 0; i < 4; i++) this.#value = this.#value * 256 + this.#byte(i);
  }

  #byte(place: number): number {
    return this.#part[place] ?? 0;
  }

  read(one: number): 0 | 1 {
    const range = this.#high - this.#low;
    const high16 = Math.floor(range / 65_536);
    const split = this.#low + high16 * one + Math.floor(((range % 65_536) * one) / 65_536);
    const bit = this.#value <= split ? 1 : 0;
    if (bit === 1) this.#high = split;
    else this.#low = split + 1;
    while (Math.floor(this.#low / 2 ** 24) === Math.floor(this.#high / 2 ** 24)) {
      this.#low = (this.#low % 2 ** 24) * 256;
      this.#high = (this.#high % 2 ** 24) * 256 + 255;
      this.#value = (this.#value % 2 ** 24) * 256 + this.#byte(this.#moved + 4);
      this.#moved++;
      if (this.#moved > this.#part.length) throw broken("a part that ends too early");
    }
    return bit;
  }

  /** SPEC §4.5.3 */
  end(): void {
    const bytes = this.#part.length - this.#moved;
    const least = [0, 1, 2, 3, 4].find((count) => this.#ending(count) <= this.#high) as number;
    let found = 0;
    for (let i = 0; i < 4; i++) found = found * 256 + this.#byte(this.#moved + i);
    if (bytes !== least || found !== this.#ending(least)) throw broken("a part with another ending");
  }

  /** The lowest number of the range that so many bytes lead to. */
  #ending(count: number): number {
    const step = 2 ** (32 - 8 * count);
    return Math.ceil(this.#low / step) * step;
  }
}

interface Bucket {
  check: number;
  readonly counters: { p: number; seen: number }[];
}

export class ReferenceModel {
  contexts: number[] = [0, 0, 0, 0, 0, 0];
  readonly #buckets = new Map<number, Bucket>();
  readonly #mask: number;
  readonly #maps = new Map<number, number>();
  readonly #trusts = new Map<number, number>();
  readonly #weights = new Map<number, number[]>();

  constructor(bits: number) {
    this.#mask = 2 ** bits - 1;
  }

  /** @param guess the nibble that a match of this level says, level 0 when it says nothing */
  nibble(
    bits: PartBits,
    count: number,
    salt: number,
    use: number,
    guess: { nibble: number; level: number },
  ): number {
    const found = this.#find(salt);
    let read = "";
    const guessed = (guess.nibble & 15)
      .toString(2)
      .padStart(4, "0")
      .slice(4 - count);
    for (let node = 1; read.length < count; ) {
      const level = guess.level > 0 && guessed.startsWith(read) ? guess.level : 0;
      const bit = this.#bit(bits, found, node, { use, level, says: Number(guessed[read.length]) });
      node = 2 * node + bit;
      read += bit;
    }
    return Number.parseInt(read, 2);
  }

  /** SPEC §4.7.5: counters alone. */
  learn(value: number, salt: number): void {
    const found = this.#find(salt);
    for (let node = 1, left = 3; left >= 0; left--) {
      const bit = (value >> left) & 1;
      for (const bucket of found) count(bucket, node, bit);
      node = 2 * node + bit;
    }
  }

  /** SPEC §4.6.3 */
  #find(salt: number): Bucket[] {
    // a later context may empty the bucket of an earlier one: the places count
    const places = this.contexts.map((context) => {
      let h = Math.imul(context + Math.imul(salt, 0x9e3779b1), 0x85ebca6b);
      h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
      h ^= h >>> 13;
      const check = (h >>> 16) | 1;
      const first = h & this.#mask;
      const same = [first, first ^ 1].find((place) => this.#buckets.get(place)?.check === check);
      if (same !== undefined) return same;
      const [one, other] = [this.#buckets.get(first), this.#buckets.get(first ^ 1)];
      const second = one !== undefined && (other === undefined || seenOf(other) < seenOf(one));
      const place = second ? first ^ 1 : first;
      this.#buckets.set(place, { check, counters: [] });
      return place;
    });
    return places.map((place) => this.#buckets.get(place) as Bucket);
  }

  #bit(
    bits: PartBits,
    found: readonly Bucket[],
    node: number,
    { use, level, says }: { use: number; level: number; says: number },
  ): number {
    const places = found.map(({ counters }, i) => {
      const counter = counters[node];
      return counter === undefined ? undefined : (i * 16 + counter.seen) * 64 + (counter.p >> 6);
    });
    const signals = places.map((place) => (place === undefined ? 0 : stretch(this.#map(place) >> 4)));
    const trust = this.#trusts.get(level) ?? 65_536 - Math.floor(131_072 / (3 * level + 5));
    const says1 = stretch(Math.min(4095, trust >> 4));
    signals.push(level === 0 ? 0 : says === 1 ? says1 : -says1, 256);
    const set = use * 16 + (level === 0 ? 0 : 1 + (level >> 2));
    const weights = this.#weights.get(set) ?? [...Array<number>(6).fill(19_661), 13_107, 0];
    const sum = signals.reduce((all, signal, i) => all + signal * (weights[i] as number), 0);
    const one = squash(Math.max(-2815, Math.min(2815, Math.floor(sum / 65_536))));
    const bit = bits.read(one);
    const error = (bit * 65_536 - one) * 12;
    this.#weights.set(
      set,
      weights.map(
        (weight, i) => (weight + Math.floor(((signals[i] as number) * error + 131_072) / 2 ** 18)) | 0,
      ),
    );
    if (level > 0)
      this.#trusts.set(level, says === bit ? trust + ((65_535 - trust) >> 5) : trust - (trust >> 5));
    for (const place of places) {
      if (place === undefined) continue;
      const map = this.#map(place);
      this.#maps.set(place, bit === 1 ? map + ((65_535 - map) >> 6) : map - (map >> 6));
    }
    for (const bucket of found) count(bucket, node, bit);
    return bit;
  }

  #map(place: number): number {
    return this.#maps.get(place) ?? 1024 * (place % 64) + 512;
  }
}

function seenOf({ counters }: Bucket): number {
  return counters[1]?.seen ?? 0;
}

/** SPEC §4.6.4 */
function count({ counters }: Bucket, node: number, bit: number): void {
  const { p, seen } = counters[node] ?? { p: 2048, seen: 0 };
  const rate = rates[seen] as number;
  const next = bit === 1 ? p + (((4095 - p) * rate) >> 16) : p - ((p * rate) >> 16);
  counters[node] = { p: next, seen: Math.min(15, seen + 1) };
}
