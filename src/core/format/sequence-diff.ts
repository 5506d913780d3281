/**
 * What separates two sequences. They are compared by numbers that stand for their records, so that memory holds a few words of each record
 * and no text. Records that occur once on each side are anchors (Bram Cohen's patience diff).
 */
import { byteString } from "../encoding/bytes.js";
import { BlockReader } from "./block.js";
import { BlocksInTurn } from "./blocks-in-turn.js";
import { malformedDatabase } from "./directory.js";
import type { BlockEntry } from "./index-table.js";
import { type SectionChange, changeBytesMax, recordOverheadBytes } from "./section-change.js";
import type { SectionReader } from "./section-reader.js";

/** Octets of a record's SHA-256 that tell it from all others. */
const digestBytes = 16;

export async function* diffSequences(
  from: SectionReader | undefined,
  to: SectionReader | undefined,
): AsyncGenerator<SectionChange> {
  const numbers = new RecordNumbers(from, to);
  const old = await numbers.of(from);
  const next = await numbers.of(to);
  const [oldRecords, nextRecords] = [new RecordsInTurn(from), new RecordsInTurn(to)];
  let i = 0;
  let j = 0;
  const ends: readonly Anchor[] = [...anchors(old, next, numbers.count), [old.length, next.length]];
  for (const [anchorOld, anchorNew] of ends) {
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
    yield* cutChanges(
      { records: oldRecords, at: i, end: endOld },
      { records: nextRecords, at: j, end: endNew },
    );
    i = anchorOld;
    j = anchorNew;
  }
}

/** The same number, the same record. Blocks that both sections have are not read: a number each for what stands where in them. */
class RecordNumbers {
  readonly #inBoth: ReadonlySet<string>;
  /** By digest: of a record its number, of a block that of its first record. They differ in length. */
  readonly #known = new Map<string, number>();
  count = 0;

  constructor(from: SectionReader | undefined, to: SectionReader | undefined) {
    const old = new Set(from?.blocks.map(({ digest }) => digest));
    this.#inBoth = new Set(to?.blocks.map(({ digest }) => digest).filter((digest) => old.has(digest)));
  }

  /** One for each record, in order. */
  async of(section: SectionReader | undefined): Promise<Int32Array> {
    if (section === undefined) return new Int32Array(0);
    const numbers = new Int32Array(section.facts.records);
    const blocks = new BlocksInTurn(section);
    const reader = new BlockReader(section.facts.order, malformedDatabase);
    for (const [block, { digest, first, records }] of section.blocks.entries()) {
      if (this.#inBoth.has(digest)) {
        const start = this.#number(digest, records);
        for (let i = 0; i < records; i++) numbers[first + i] = start + i;
        continue;
      }
      reader.open(await blocks.block(block), records);
      for (let i = first; reader.next(); i++) {
        const running = section.digest();
        running.update(reader.bytes.subarray(0, reader.length));
        numbers[i] = this.#number(byteString(running.finish().subarray(0, digestBytes)), 1);
      }
    }
    return numbers;
  }

  #number(digest: string, records: number): number {
    const known = this.#known.get(digest);
    if (known !== undefined) return known;
    const number = this.count;
    this.#known.set(digest, number);
    this.count += records;
    return number;
  }
}

/** Records of a section by rising number. */
class RecordsInTurn {
  readonly #section: SectionReader | undefined;
  readonly #blocks: BlocksInTurn | undefined;
  #first = 0;
  #records: readonly string[] = [];

  constructor(section: SectionReader | undefined) {
    this.#section = section;
    this.#blocks = section && new BlocksInTurn(section);
  }

  async at(number: number): Promise<string> {
    if (number >= this.#first + this.#records.length) {
      const section = this.#section as SectionReader;
      const block = section.blockOf(number);
      this.#records = await (this.#blocks as BlocksInTurn).records(block);
      this.#first = (section.blocks[block] as BlockEntry).first;
    }
    return this.#records[number - this.#first] as string;
  }
}

/** Some records of a section, one after the other. */
interface Stretch {
  readonly records: RecordsInTurn;
  readonly at: number;
  readonly end: number;
}

async function* cutChanges(old: Stretch, next: Stretch): AsyncGenerator<SectionChange> {
  let [i, j] = [old.at, next.at];
  while (i < old.end || j < next.end) {
    const change = { at: i, removed: [] as string[], inserted: [] as string[], before: "", behind: "" };
    for (let bytes = 0; bytes <= changeBytesMax && (i < old.end || j < next.end); ) {
      // in step, so that what replaces what stays in one change
      const goes = i < old.end && (i - old.at <= j - next.at || j >= next.end);
      const record = goes ? await old.records.at(i++) : await next.records.at(j++);
      (goes ? change.removed : change.inserted).push(record);
      bytes += record.length + recordOverheadBytes;
    }
    yield change;
  }
}

/** Where a record stands in the old section, and where in the new one. */
type Anchor = readonly [number, number];

/** Of records that occur once on each side, those in the longest run that rises on both. */
function anchors(old: Int32Array, next: Int32Array, count: number): Anchor[] {
  const [oldPlaces, nextPlaces] = [oncePlaces(old, count), oncePlaces(next, count)];
  const once = next.filter((number, place) => {
    return nextPlaces[number] === place && (oldPlaces[number] as number) >= 0;
  });
  const run = longestRising(once.map((number) => oldPlaces[number] as number));
  return Array.from(run, (place) => {
    const number = once[place] as number;
    return [oldPlaces[number] as number, nextPlaces[number] as number];
  });
}

/** Where each number stands; below 0 when it stands in several places, or in none. */
function oncePlaces(numbers: Int32Array, count: number): Int32Array {
  const [none, several] = [-2, -1];
  const places = new Int32Array(count).fill(none);
  for (const [place, number] of numbers.entries()) places[number] = places[number] === none ? place : several;
  return places;
}

/** Places of the longest rising run of different numbers. */
function longestRising(numbers: Int32Array): Int32Array {
  const tails = new Int32Array(numbers.length);
  const previous = new Int32Array(numbers.length).fill(-1);
  let length = 0;
  for (const [place, number] of numbers.entries()) {
    let low = 0;
    let high = length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((numbers[tails[middle] as number] as number) < number) low = middle + 1;
      else high = middle;
    }
    if (low > 0) previous[place] = tails[low - 1] as number;
    tails[low] = place;
    if (low === length) length++;
  }
  const run = new Int32Array(length);
  for (let i = length - 1, place = tails[i] as number; i >= 0; i--, place = previous[place] as number)
    run[i] = place;
  return run;
}
