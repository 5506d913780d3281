/**
 * What separates two sections: changes in the order of the old one, each a run of old records that go and new ones that come.
 *
 * Sorted sections are merged block by block, and blocks that are the same on both sides are not even read. Sequences
 * are compared as wholes: records that occur once on each side are anchors (Bram Cohen's patience diff).
 */
import { BlocksInTurn } from "./blocks-in-turn.js";
import type { Database, SectionReader } from "./database.js";
import type { RuleKind } from "../rules/model.js";

export interface SectionChange {
  /** Number of the first old record that is not kept, or in front of which records come in. */
  readonly at: number;
  readonly removed: string[];
  readonly inserted: string[];
  /** Sorted sections: the records that stand around the inserted ones; "" for none. */
  before: string;
  behind: string;
}

/** A change is cut when it holds so much; both sides go on in the next one. */
const changeBytesMax = 64 * 1024;
const changeRecordsMax = 2048;
/** So that a change of short records ends too. */
const recordOverheadBytes = changeBytesMax / changeRecordsMax;

export function diffSections(from: Database, to: Database, kind: RuleKind): AsyncGenerator<SectionChange> {
  return from.languages(kind).order === "sorted"
    ? diffSorted(from.section(kind), to.section(kind))
    : diffSequences(from, to, kind);
}

class Cursor {
  readonly #section: SectionReader | undefined;
  readonly #blocks: BlocksInTurn | undefined;
  #block = 0;
  #records: readonly string[] = [];
  #place = 0;
  /** Number of the record that `here` shows. */
  number = 0;

  constructor(section: SectionReader | undefined) {
    this.#section = section;
    this.#blocks = section && new BlocksInTurn(section);
  }

  /** Undefined at the end, once `load` has been awaited. */
  get here(): string | undefined {
    return this.#records[this.#place];
  }

  advance(): void {
    this.#place++;
    this.number++;
  }

  get mustLoad(): boolean {
    return this.#place === this.#records.length && this.#block < (this.#section?.blocks.length ?? 0);
  }

  async load(): Promise<void> {
    this.#records = await (this.#blocks as BlocksInTurn).records(this.#block++);
    this.#place = 0;
  }

  /** Steps over the next block of both when their indexes say that it is the same. */
  static stepOver(a: Cursor, b: Cursor): boolean {
    if (!a.mustLoad || !b.mustLoad) return false;
    const one = a.#section?.blocks[a.#block];
    if (one === undefined || one.digest !== b.#section?.blocks[b.#block]?.digest) return false;
    for (const cursor of [a, b]) {
      cursor.#block++;
      cursor.number += one.records;
      cursor.#records = [];
      cursor.#place = 0;
    }
    return true;
  }
}

async function* diffSorted(
  from: SectionReader | undefined,
  to: SectionReader | undefined,
): AsyncGenerator<SectionChange> {
  const a = new Cursor(from);
  const b = new Cursor(to);
  let change: SectionChange | undefined;
  let bytes = 0;
  // undefined right behind blocks that were stepped over
  let newest: string | undefined = "";
  for (;;) {
    if (!change && stepOverAll(a, b)) newest = undefined;
    if (a.mustLoad) await a.load();
    if (b.mustLoad) await b.load();
    const old = a.here;
    const next = b.here;
    const full =
      change && (bytes > changeBytesMax || change.removed.length + change.inserted.length > changeRecordsMax);
    if (change && (old === next || full)) {
      change.behind = old ?? "";
      yield change;
      change = undefined;
      continue;
    }
    if (old === undefined && next === undefined) return;
    if (old === next) {
      newest = next as string;
      a.advance();
      b.advance();
      continue;
    }
    if (!change) {
      newest ??= await lastBefore(to, b.number);
      change = { at: a.number, removed: [], inserted: [], before: newest, behind: "" };
      bytes = 0;
    }
    if (next === undefined || (old !== undefined && old < next)) {
      change.removed.push(old as string);
      bytes += (old as string).length;
      a.advance();
    } else {
      change.inserted.push(next);
      bytes += next.length;
      newest = next;
      b.advance();
    }
  }
}

function stepOverAll(a: Cursor, b: Cursor): boolean {
  let any = false;
  while (Cursor.stepOver(a, b)) any = true;
  return any;
}

/** The record in front of number `number`. */
async function lastBefore(section: SectionReader | undefined, number: number): Promise<string> {
  if (!section || number === 0) return "";
  const records = await section.block(section.blockOf(number - 1));
  return records.at(-1) as string;
}

async function* diffSequences(from: Database, to: Database, kind: RuleKind): AsyncGenerator<SectionChange> {
  const old = await wholeSection(from, kind);
  const next = await wholeSection(to, kind);
  let i = 0;
  let j = 0;
  for (const [anchorOld, anchorNew] of [...anchors(old, next), [old.length, next.length] as const]) {
    while (i < anchorOld && j < anchorNew && old[i] === next[j]) {
      i++;
      j++;
    }
    let endOld = anchorOld;
    let endNew = anchorNew;
    while (endOld > i && endNew > j && old[endOld - 1] === next[endNew - 1]) {
      endOld--;
      endNew--;
    }
    yield* cutChanges(i, old.slice(i, endOld), next.slice(j, endNew));
    i = anchorOld;
    j = anchorNew;
  }
}

function* cutChanges(at: number, removed: string[], inserted: string[]): Generator<SectionChange> {
  let start = at;
  for (let r = 0, n = 0; r < removed.length || n < inserted.length; ) {
    const change = { at: start, removed: [] as string[], inserted: [] as string[], before: "", behind: "" };
    for (let bytes = 0; bytes <= changeBytesMax && (r < removed.length || n < inserted.length); ) {
      // in step, so that what replaces what stays in one change
      const record = r < removed.length && (r <= n || n >= inserted.length) ? removed[r] : inserted[n];
      if (r < removed.length && (r <= n || n >= inserted.length)) {
        change.removed.push(removed[r++] as string);
        start++;
      } else change.inserted.push(inserted[n++] as string);
      bytes += (record as string).length + recordOverheadBytes;
    }
    yield change;
  }
}

async function wholeSection(database: Database, kind: RuleKind): Promise<string[]> {
  const whole: string[] = [];
  for await (const records of database.records(kind)) for (const record of records) whole.push(record);
  return whole;
}

/** Pairs of records that occur once on each side, in the longest run that rises on both. */
function anchors(old: readonly string[], next: readonly string[]): (readonly [number, number])[] {
  const places = oncePlaces(old);
  const pairs: (readonly [number, number])[] = [];
  for (const [record, place] of oncePlaces(next)) {
    const other = places.get(record);
    if (place >= 0 && other !== undefined && other >= 0) pairs.push([other, place]);
  }
  return longestRising(pairs);
}

/** Where each record stands; -1 when it stands in several places. In order of first occurrence. */
function oncePlaces(records: readonly string[]): Map<string, number> {
  const places = new Map<string, number>();
  records.forEach((record, place) => {
    places.set(record, places.has(record) ? -1 : place);
  });
  return places;
}

function longestRising(pairs: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const tails: number[] = [];
  const previous = new Int32Array(pairs.length).fill(-1);
  pairs.forEach(([old], pair) => {
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((pairs[tails[middle] as number] as readonly [number, number])[0] < old) low = middle + 1;
      else high = middle;
    }
    if (low > 0) previous[pair] = tails[low - 1] as number;
    tails[low] = pair;
  });
  const run: (readonly [number, number])[] = [];
  for (let pair = tails.at(-1) ?? -1; pair >= 0; pair = previous[pair] as number) {
    run.push(pairs[pair] as readonly [number, number]);
  }
  return run.reverse();
}
