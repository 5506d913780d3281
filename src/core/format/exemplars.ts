/**
 * Old records that resemble new text, for the models to learn from: same family, neighbouring id, same prefix. Whatever the
 * reason, they share runs of bytes, and those are what is counted.
 *
 * One pass over the old records notes which shingles of the text each one holds, and in how many records each shingle occurs. Records
 * are ranked by the rare shingles they hold; of the best, those that cover most of what is not covered yet are taken.
 */
import { byteStringBytes } from "../encoding/bytes.js";
import type { RuleKind } from "../rules/model.js";
import { BlockReader } from "./block.js";
import { BlocksInTurn } from "./blocks-in-turn.js";
import type { Database } from "./database.js";
import { malformedDatabase } from "./directory.js";
import { oldRecords } from "./old-records.js";
import { Shingles } from "./shingles.js";

/**
 * A record that adds fewer shingles costs as much as it saves. This and the next two are the best of a few on the histories of
 * docs/adr/0006; none of them matters much between half and twice its value.
 */
const gainMin = 4;
const candidatesMax = 2000;
/** Gains are compared per byte of dictionary; without it, the shortest records would always win. */
const recordOverheadBytes = 2000;
const recordBytesMin = 24;
/** Shingles noted, of all records together, at most: one that stands in too many tells none of them from the others. Each takes two words at most. */
const notedMax = 2 ** 24;
const headWords = 4;

export interface Exemplar {
  readonly number: number;
  readonly record: Uint8Array;
}

/** Exemplars of at most `bytesMax` bytes, by number. */
export async function findExemplars(
  database: Database,
  kind: RuleKind,
  text: string,
  bytesMax: number,
): Promise<Exemplar[]> {
  const wanted = new Shingles(byteStringBytes(text));
  const section = database.section(kind);
  if (wanted.count < gainMin || section === undefined) return [];
  const likenesses = new Likenesses(wanted.count);
  const found = new Uint32Array(wanted.count);
  const blocks = new BlocksInTurn(section);
  const reader = new BlockReader(section.facts.order, malformedDatabase);
  let number = 0;
  for (const [block, { records }] of section.blocks.entries()) {
    reader.open(await blocks.block(block), records);
    for (; reader.next(); number++) {
      const { bytes, length } = reader;
      if (length < recordBytesMin || length > bytesMax) continue;
      likenesses.note(number, length, found, wanted.in(bytes, length, found));
    }
  }
  const candidates = likenesses.best(candidatesMax);
  const numbers = choose(candidates, wanted.count, bytesMax).sort((a, b) => a - b);
  const exemplars: Exemplar[] = [];
  for await (const record of oldRecords(database, kind, numbers, bytesMax))
    exemplars.push({ number: numbers[exemplars.length] as number, record: record.slice() });
  return exemplars;
}

/** A record, and the shingles of the text that it holds and few others do: how many, and their runs (`Likenesses`). */
interface Candidate {
  readonly number: number;
  readonly length: number;
  readonly shingles: number;
  readonly runs: Uint32Array;
}

/** Greedy cover: the record with the most shingles a byte that no other brings, again and again. Their numbers. */
function choose(candidates: readonly Candidate[], shingles: number, bytesMax: number): number[] {
  const covered = new Uint8Array(shingles);
  const queue = new RankQueue(candidates.map((candidate) => rankOf(candidate.shingles, candidate)));
  const chosen: number[] = [];
  let left = bytesMax;
  for (let first = queue.take(); first !== undefined; first = queue.take()) {
    const candidate = candidates[first] as Candidate;
    const gain = uncovered(candidate, covered);
    if (gain < gainMin || candidate.length > left) continue;
    const rank = rankOf(gain, candidate);
    if (rank < queue.highest) {
      queue.put(first, rank);
      continue;
    }
    cover(candidate, covered);
    chosen.push(candidate.number);
    left -= candidate.length;
  }
  return chosen;
}

function rankOf(gain: number, { length }: Candidate): number {
  return gain / (length + recordOverheadBytes);
}

function uncovered({ runs }: Candidate, covered: Uint8Array): number {
  let count = 0;
  for (let run = 0; run < runs.length; run += 2) {
    const first = runs[run] as number;
    const end = first + (runs[run + 1] as number);
    for (let shingle = first; shingle < end; shingle++) if (covered[shingle] === 0) count++;
  }
  return count;
}

function cover({ runs }: Candidate, covered: Uint8Array): void {
  for (let run = 0; run < runs.length; run += 2) {
    const first = runs[run] as number;
    covered.fill(1, first, first + (runs[run + 1] as number));
  }
}

/** Things by rank. Ranks only fall: what is put back with one that is still the highest is the best. */
class RankQueue {
  /** From the lowest rank to the highest. */
  readonly #order: Uint32Array;
  readonly #ranks: Float64Array;
  #length: number;

  constructor(ranks: readonly number[]) {
    this.#order = Uint32Array.from(ranks.keys()).sort(
      (a, b) => (ranks[a] as number) - (ranks[b] as number) || b - a,
    );
    this.#ranks = Float64Array.from(this.#order, (i) => ranks[i] as number);
    this.#length = ranks.length;
  }

  get highest(): number {
    return this.#length === 0 ? 0 : (this.#ranks[this.#length - 1] as number);
  }

  take(): number | undefined {
    return this.#length === 0 ? undefined : this.#order[--this.#length];
  }

  /** Behind those of the same rank. */
  put(index: number, rank: number): void {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranks[middle] as number) < rank) low = middle + 1;
      else high = middle;
    }
    this.#order.copyWithin(low + 1, low, this.#length);
    this.#ranks.copyWithin(low + 1, low, this.#length);
    this.#order[low] = index;
    this.#ranks[low] = rank;
    this.#length++;
  }
}

/**
 * Which records hold which shingles: of each its number, its length, how many of its shingles are noted, how many runs of numbers they
 * are, and of each run its first number and how many. What a record shares with the text, it mostly shares in long runs.
 */
class Likenesses {
  readonly #occurrences: Uint32Array;
  /** For so many records a shingle is noted. */
  readonly #rareMax: number;
  #noted = new Uint32Array(2 ** 14);
  #used = 0;

  constructor(shingles: number) {
    this.#occurrences = new Uint32Array(shingles);
    this.#rareMax = Math.ceil(notedMax / shingles);
  }

  /** The first `count` of `shingles` stand in this record. */
  note(number: number, length: number, shingles: Uint32Array, count: number): void {
    const start = this.#used + headWords;
    if (start + 2 * count > this.#noted.length) this.#makeRoom(start + 2 * count);
    const noted = this.#noted;
    let end = start;
    let all = 0;
    let next = -1;
    for (let i = 0; i < count; i++) {
      const shingle = shingles[i] as number;
      const occurrences = (this.#occurrences[shingle] as number) + 1;
      this.#occurrences[shingle] = occurrences;
      if (occurrences > this.#rareMax) continue;
      if (shingle !== next) {
        noted[end] = shingle;
        noted[end + 1] = 0;
        end += 2;
      }
      noted[end - 1] = (noted[end - 1] as number) + 1;
      next = shingle + 1;
      all++;
    }
    // fewer are never worth it
    if (all < gainMin) return;
    noted[start - 4] = number;
    noted[start - 3] = length;
    noted[start - 2] = all;
    noted[start - 1] = (end - start) / 2;
    this.#used = end;
  }

  #makeRoom(words: number): void {
    const larger = new Uint32Array(2 * words);
    larger.set(this.#noted.subarray(0, this.#used));
    this.#noted = larger;
  }

  /** The records whose shingles are the rarest, of equal ones the first. Whole numbers, so that the order is the same everywhere. */
  best(most: number): Candidate[] {
    const worth = this.#worthBefore();
    const scored: { at: number; score: number }[] = [];
    for (let at = 0; at < this.#used; ) {
      const end = at + headWords + 2 * (this.#noted[at + 3] as number);
      let score = 0;
      for (let run = at + headWords; run < end; run += 2) {
        const first = this.#noted[run] as number;
        score += (worth[first + (this.#noted[run + 1] as number)] as number) - (worth[first] as number);
      }
      scored.push({ at, score });
      at = end;
    }
    scored.sort((a, b) => b.score - a.score);
    return scored.slice(0, most).map(({ at }) => this.#candidate(at));
  }

  /** What all shingles before each one are worth together, and last all of them. */
  #worthBefore(): Float64Array {
    const worth = new Float64Array(this.#occurrences.length + 1);
    let before = 0;
    for (let i = 0; i < this.#occurrences.length; i++) {
      // one that stands nowhere is in no run
      before += Math.floor(65_536 / Math.max(1, this.#occurrences[i] as number));
      worth[i + 1] = before;
    }
    return worth;
  }

  #candidate(at: number): Candidate {
    const start = at + headWords;
    const [number = 0, length = 0, shingles = 0, runs = 0] = this.#noted.subarray(at, start);
    return { number, length, shingles, runs: this.#noted.subarray(start, start + 2 * runs) };
  }
}
