/**
 * The shingles of a text: every run of 8 bytes, by a rolling polynomial hash. Whole numbers alone, so they are the same on every
 * machine; two runs of one hash count as one shingle.
 */
const shingleBytes = 8;
const filterBits = 1 << 20;
const multiplier = 0x01000193;
/** What the oldest byte of the window has been multiplied with when it leaves. */
const leaving = power(multiplier, shingleBytes);
/** Of a table's places, this share at most is taken. */
const placesPerShingle = 4;

/** The distinct shingles of a text, numbered from 0 on. */
export class Shingles {
  /** Says of most hashes that they are none of the text's, from within a fast cache. */
  readonly #filter = new Uint8Array(filterBits / 8);
  readonly #hashes: Int32Array;
  /** One more than the number of the hash in the same place; 0: there is none. */
  readonly #numbers: Int32Array;
  readonly #seen: Uint32Array;
  #count = 0;
  #round = 0;

  constructor(text: Uint8Array) {
    const places = 2 ** Math.ceil(Math.log2(placesPerShingle * (text.length + 1)));
    this.#hashes = new Int32Array(places);
    this.#numbers = new Int32Array(places);
    for (let i = shingleBytes - 1, rolling = begun(text); i < text.length; i++) {
      rolling = rolled(rolling, text, i);
      this.#enter(mixed(rolling));
    }
    this.#seen = new Uint32Array(this.#count);
  }

  get count(): number {
    return this.#count;
  }

  /** Writes the numbers of those that stand in the record, each once, into `found`; how many they are. `found` has room for `count`. */
  in(record: Uint8Array, length: number, found: Uint32Array): number {
    const filter = this.#filter;
    const round = ++this.#round;
    let hits = 0;
    for (let i = shingleBytes - 1, rolling = begun(record); i < length; i++) {
      rolling = rolled(rolling, record, i);
      const hash = mixed(rolling);
      const bit = hash & (filterBits - 1);
      if (((filter[bit >>> 3] as number) & (1 << (bit & 7))) === 0) continue;
      const shingle = (this.#numbers[this.#place(hash)] as number) - 1;
      if (shingle < 0 || this.#seen[shingle] === round) continue;
      this.#seen[shingle] = round;
      found[hits++] = shingle;
    }
    return hits;
  }

  #enter(hash: number): void {
    const place = this.#place(hash);
    if (this.#numbers[place] !== 0) return;
    this.#hashes[place] = hash;
    this.#numbers[place] = ++this.#count;
    const bit = hash & (filterBits - 1);
    this.#filter[bit >>> 3] = (this.#filter[bit >>> 3] as number) | (1 << (bit & 7));
  }

  /** Where the hash stands, or would stand. */
  #place(hash: number): number {
    const mask = this.#hashes.length - 1;
    // other bits than the filter's count here
    let place = ((hash >>> 12) ^ hash) & mask;
    while (this.#numbers[place] !== 0 && this.#hashes[place] !== hash) place = (place + 1) & mask;
    return place;
  }
}

/** The hash of a window that has all bytes but its last; what comes in first has no byte that leaves. */
function begun(bytes: Uint8Array): number {
  let rolling = 0;
  for (let i = 0; i < shingleBytes - 1; i++)
    rolling = (Math.imul(rolling, multiplier) + (bytes[i] ?? 0) + 1) | 0;
  return rolling;
}

function rolled(rolling: number, bytes: Uint8Array, i: number): number {
  const entered = (Math.imul(rolling, multiplier) + (bytes[i] as number) + 1) | 0;
  if (i < shingleBytes) return entered;
  return (entered - Math.imul((bytes[i - shingleBytes] as number) + 1, leaving)) | 0;
}

function mixed(rolling: number): number {
  const half = Math.imul(rolling ^ (rolling >>> 15), 0x2c1b3c6d);
  return half ^ (half >>> 13);
}

function power(value: number, exponent: number): number {
  let result = 1;
  for (let i = 0; i < exponent; i++) result = Math.imul(result, value);
  return result;
}
