/**
 * Old records that resemble new text, for the models to learn from: same family, neighbouring id, same prefix. Whatever the
 * reason, they share runs of bytes, and those are what is counted.
 *
 * Every run of 8 bytes of the text is a shingle. A first pass over the old records counts in how many each occurs, a second
 * one ranks records by the rare shingles they hold; of the best, those that cover most of what is not covered yet are taken.
 */
import type { RuleKind } from "../rules/model.js";
import type { Database } from "./database.js";

const shingleBytes = 8;
/**
 * A record that adds fewer shingles costs as much as it saves. This and the next two are the best of a few on the histories of
 * docs/adr/0006; none of them matters much between half and twice its value.
 */
const gainMin = 4;
const candidatesMax = 2000;
/** Gains are compared per byte of dictionary; without it, the shortest records would always win. */
const recordOverheadBytes = 2000;
const recordBytesMin = 24;
const filterBits = 1 << 20;
const multiplier = 0x01000193;
/** What the oldest byte of the window has been multiplied with when it leaves. */
const leaving = power(multiplier, shingleBytes);

export interface Exemplar {
  readonly number: number;
  readonly record: string;
}

/** Exemplars of at most `bytesMax` bytes, the most useful first. */
export async function findExemplars(
  database: Database,
  kind: RuleKind,
  text: string,
  bytesMax: number,
): Promise<Exemplar[]> {
  const wanted = new Shingles(text);
  if (wanted.count < gainMin) return [];
  await scan(database, kind, (record) => wanted.countIn(record));
  const best = new Best(candidatesMax);
  await scan(database, kind, (record, number) => {
    if (record.length > bytesMax) return;
    const score = wanted.score(record);
    if (score > 0) best.offer({ number, record, score });
  });
  return cover(best.taken(), wanted, bytesMax);
}

async function scan(
  database: Database,
  kind: RuleKind,
  visit: (record: string, number: number) => void,
): Promise<void> {
  let number = 0;
  for await (const records of database.records(kind)) {
    for (const record of records) {
      if (record.length >= recordBytesMin) visit(record, number);
      number++;
    }
  }
}

/** Greedy cover: the record with the most shingles a byte that no other brings, again and again. In the order of choice. */
function cover(candidates: Candidate[], wanted: Shingles, bytesMax: number): Candidate[] {
  const rankOf = (gain: number, { record }: Candidate): number =>
    gain / (record.length + recordOverheadBytes);
  const open = candidates.map((candidate) => {
    const shingles = wanted.in(candidate.record);
    return { candidate, shingles, rank: rankOf(shingles.length, candidate) };
  });
  const covered = new Uint8Array(wanted.count);
  const chosen: Candidate[] = [];
  let left = bytesMax;
  for (;;) {
    // ranks only fall: an old rank is an upper bound, and most need not be counted again
    open.sort((a, b) => b.rank - a.rank);
    let best: (typeof open)[number] | undefined;
    for (const entry of open) {
      if (entry.rank === 0 || (best && entry.rank <= best.rank)) break;
      const gain = entry.shingles.reduce((sum, shingle) => sum + (covered[shingle] === 0 ? 1 : 0), 0);
      const fits = gain >= gainMin && entry.candidate.record.length <= left;
      entry.rank = fits ? rankOf(gain, entry.candidate) : 0;
      if (fits && (!best || entry.rank > best.rank)) best = entry;
    }
    if (!best) return chosen;
    for (const shingle of best.shingles) covered[shingle] = 1;
    best.rank = 0;
    chosen.push(best.candidate);
    left -= best.candidate.record.length;
  }
}

interface Candidate extends Exemplar {
  readonly score: number;
}

/** The candidates of the highest scores; of equal ones the first. */
class Best {
  readonly #max: number;
  #list: Candidate[] = [];
  #bar = 0;

  constructor(max: number) {
    this.#max = max;
  }

  offer(candidate: Candidate): void {
    if (candidate.score <= this.#bar) return;
    this.#list.push(candidate);
    if (this.#list.length >= 2 * this.#max) this.#cut();
  }

  taken(): Candidate[] {
    this.#cut();
    return this.#list;
  }

  #cut(): void {
    this.#list.sort((a, b) => b.score - a.score);
    if (this.#list.length < this.#max) return;
    this.#list = this.#list.slice(0, this.#max);
    this.#bar = (this.#list.at(-1) as Candidate).score;
  }
}

/** The distinct shingles of a text, by number. */
class Shingles {
  readonly #numbers = new Map<number, number>();
  readonly #filter = new Uint8Array(filterBits / 8);
  readonly #records: Uint32Array;
  readonly #seen: Uint32Array;
  #round = 0;

  constructor(text: string) {
    eachShingle(text, (hash) => {
      if (!this.#numbers.has(hash)) this.#numbers.set(hash, this.#numbers.size);
      const bit = (hash >>> 0) % filterBits;
      this.#filter[bit >>> 3] = (this.#filter[bit >>> 3] as number) | (1 << (bit & 7));
    });
    this.#records = new Uint32Array(this.#numbers.size);
    this.#seen = new Uint32Array(this.#numbers.size);
  }

  get count(): number {
    return this.#numbers.size;
  }

  countIn(record: string): void {
    this.#each(record, (shingle) => {
      this.#records[shingle] = (this.#records[shingle] as number) + 1;
    });
  }

  /** Rare shingles count most: whole numbers, so that the order is the same everywhere. */
  score(record: string): number {
    let score = 0;
    this.#each(record, (shingle) => {
      score += Math.floor(65_536 / (this.#records[shingle] as number));
    });
    return score;
  }

  in(record: string): number[] {
    const found: number[] = [];
    this.#each(record, (shingle) => found.push(shingle));
    return found;
  }

  /** Each shingle of the record once. */
  #each(record: string, visit: (shingle: number) => void): void {
    const round = ++this.#round;
    eachShingle(record, (hash) => {
      const bit = (hash >>> 0) % filterBits;
      if (((this.#filter[bit >>> 3] as number) & (1 << (bit & 7))) === 0) return;
      const shingle = this.#numbers.get(hash);
      if (shingle === undefined || this.#seen[shingle] === round) return;
      this.#seen[shingle] = round;
      visit(shingle);
    });
  }
}

/** A rolling polynomial hash, mixed. */
function eachShingle(text: string, visit: (hash: number) => void): void {
  let rolling = 0;
  for (let i = 0; i < text.length; i++) {
    rolling = (Math.imul(rolling, multiplier) + text.charCodeAt(i) + 1) | 0;
    if (i >= shingleBytes)
      rolling = (rolling - Math.imul(text.charCodeAt(i - shingleBytes) + 1, leaving)) | 0;
    if (i < shingleBytes - 1) continue;
    const mixed = Math.imul(rolling ^ (rolling >>> 15), 0x2c1b3c6d);
    visit(mixed ^ (mixed >>> 13));
  }
}

function power(value: number, exponent: number): number {
  let result = 1;
  for (let i = 0; i < exponent; i++) result = Math.imul(result, value);
  return result;
}
