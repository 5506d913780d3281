/**
 * Single records of a sorted section, found without unpacking its blocks: front coding says of most records that they are still below the one
 * that is looked for. Blocks are compared with their digest (SPEC §3.3.3) and a few are kept; of one that is asked for often, every
 * sixteenth record too, to begin from.
 */
import { byteString } from "../encoding/bytes.js";
import { ByteReader } from "../encoding/varint.js";
import { BlockReader, sharedLength } from "./block.js";
import { malformedDatabase } from "./directory.js";
import { type BlockEntry, keyBytesMax } from "./index-table.js";
import { type FoundRule, type SectionReader, lastBlock } from "./section-reader.js";

const restartEvery = 16;
const scansMax = 8;
/** Room for nearly every block, so that one can be read where another stood. */
const placeBytes = 64 * 1024;

export class RecordFinder {
  readonly #section: SectionReader;
  /** The one that was asked last stands last. */
  readonly #kept = new Map<number, SearchedBlock>();
  readonly #keptMax: number;

  constructor(section: SectionReader, blocksKeptMax = 64) {
    this.#section = section;
    this.#keptMax = blocksKeptMax;
  }

  /** The number of this record; undefined when there is none. @throws VerificationError DATABASE_MALFORMED */
  async find(record: string): Promise<number | undefined> {
    const [number] = await this.findAll([record]);
    return number;
  }

  /** `find` for many: what is kept already takes no turn. @throws VerificationError DATABASE_MALFORMED */
  async findAll(records: readonly string[]): Promise<(number | undefined)[]> {
    const numbers: (number | undefined)[] = [];
    for (const record of records) {
      let number: number | undefined;
      for (let block = this.#firstBlock(record); this.#mayHold(block, record); block++) {
        const first = (this.#blockNow(block) ?? (await this.#fetched(block))).first(record);
        if (first === undefined) continue;
        if (first.record === record) number = this.#numberIn(block, first);
        break;
      }
      numbers.push(number);
    }
    return numbers;
  }

  /** The records that begin so, at most `most`. @throws VerificationError DATABASE_MALFORMED */
  async startingWith(prefix: string, most: number): Promise<readonly FoundRule[]> {
    const found: FoundRule[] = [];
    for (let block = this.#firstBlock(prefix); this.#mayHold(block, prefix); block++) {
      for (const one of (this.#blockNow(block) ?? (await this.#fetched(block))).from(prefix)) {
        if (found.length === most || !one.record.startsWith(prefix)) return found;
        found.push({ number: this.#numberIn(block, one), record: one.record });
      }
    }
    return found;
  }

  #firstBlock(record: string): number {
    const cut = record.slice(0, keyBytesMax);
    return lastBlock(this.#section.blocks, ({ key }) => key < cut);
  }

  /** It or what begins like it, from `#firstBlock` on: a key is cut short, so equal keys say nothing. */
  #mayHold(block: number, record: string): boolean {
    const key = this.#section.blocks[block]?.key;
    return key !== undefined && (key <= record.slice(0, keyBytesMax) || key.startsWith(record));
  }

  #numberIn(block: number, { number }: FoundRule): number {
    return (this.#section.blocks[block] as BlockEntry).first + number;
  }

  /**
   * Kept, or read where the one stood that goes for it: whoever asked is done with a block before somebody else has a turn. Undefined where
   * one has to wait for it.
   */
  #blockNow(block: number): SearchedBlock | undefined {
    const kept = this.#kept.get(block);
    if (kept !== undefined) {
      this.#kept.delete(block);
      this.#kept.set(block, kept);
      return kept;
    }
    if (this.#section.source.readNow === undefined) return undefined;
    const { bytes, records } = this.#section.blocks[block] as BlockEntry;
    const free = this.#placeOfOldest();
    const place =
      free !== undefined && free.length >= bytes ? free : new Uint8Array(Math.max(bytes, placeBytes));
    const read = this.#section.rawBlockNow(block, place);
    return read && this.#keep(block, new SearchedBlock(read, records, place));
  }

  async #fetched(block: number): Promise<SearchedBlock> {
    const bytes = await this.#section.rawBlock(block);
    this.#placeOfOldest();
    return this.#keep(block, new SearchedBlock(bytes, (this.#section.blocks[block] as BlockEntry).records));
  }

  #keep(block: number, searched: SearchedBlock): SearchedBlock {
    this.#kept.set(block, searched);
    return searched;
  }

  /** Lets the one go that was not asked for longest, when there are as many as may be kept. */
  #placeOfOldest(): Uint8Array | undefined {
    const [oldest] = this.#kept.size < this.#keptMax ? [] : this.#kept;
    if (oldest === undefined) return undefined;
    const [block, { place }] = oldest;
    this.#kept.delete(block);
    return place;
  }
}

/** A record that is kept: its number in the block, and where the one behind it begins. */
interface Restart extends FoundRule {
  readonly end: number;
}

const start: Restart = { record: "", number: -1, end: 0 };

class SearchedBlock {
  /** Where it was read, if that may be used again. */
  readonly place: Uint8Array | undefined;
  readonly #bytes: Uint8Array;
  readonly #records: number;
  /** Made when a block has been asked for some times: they cost as much as a few scans. */
  #restarts: readonly Restart[] = [start];
  #asked = 0;

  constructor(bytes: Uint8Array, records: number, place?: Uint8Array) {
    this.place = place;
    this.#bytes = bytes;
    this.#records = records;
  }

  /** The first record that is not below this one. */
  first(wanted: string): FoundRule | undefined {
    return this.#firstFrom(wanted, new ByteReader(this.#bytes, malformedDatabase));
  }

  /** The records that are not below this one, in order. */
  *from(wanted: string): Generator<FoundRule> {
    const reader = new ByteReader(this.#bytes, malformedDatabase);
    let found = this.#firstFrom(wanted, reader);
    while (found !== undefined) {
      yield found;
      const number = found.number + 1;
      if (number === this.#records) return;
      const shared = reader.varint(found.record.length);
      const rest = reader.text(reader.varint(reader.left));
      found = { record: found.record.slice(0, shared) + rest, number };
    }
  }

  /** Leaves the reader behind it. */
  #firstFrom(wanted: string, reader: ByteReader): FoundRule | undefined {
    if (++this.#asked === scansMax) this.#restarts = this.#makeRestarts();
    const { record, number, end } = this.#restartFor(wanted);
    reader.skip(end);
    if (record === wanted && number >= 0) return { record, number };
    const bytes = this.#bytes;
    // Every record before the one at hand is below `wanted` and shares its first `match` bytes with it, no more.
    let match = sharedLength(record, wanted);
    for (let next = number + 1; next < this.#records; next++) {
      const shared = reader.varint(bytes.length);
      const rest = reader.varint(reader.left);
      const from = reader.offset;
      reader.skip(rest);
      // The byte that put the record before below stands in this one too.
      if (shared > match) continue;
      let at = 0;
      if (shared === match) {
        while (at < rest && match < wanted.length && bytes[from + at] === wanted.charCodeAt(match)) {
          at++;
          match++;
        }
        const isBelow = at === rest || (bytes[from + at] as number) < wanted.charCodeAt(match);
        if (match < wanted.length && isBelow) continue;
      }
      const text = wanted.slice(0, shared) + byteString(bytes.subarray(from, from + rest));
      return { record: text, number: next };
    }
    return undefined;
  }

  /** The last that is below it or the same. */
  #restartFor(wanted: string): Restart {
    let [low, high] = [0, this.#restarts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#restarts[middle] as Restart).record <= wanted) low = middle;
      else high = middle - 1;
    }
    return this.#restarts[low] as Restart;
  }

  #makeRestarts(): Restart[] {
    const restarts = [start];
    const reader = new BlockReader("sorted", malformedDatabase);
    reader.open(this.#bytes, this.#records);
    for (let number = 0; reader.next(); number++) {
      if (number % restartEvery < restartEvery - 1) continue;
      const record = byteString(reader.bytes.subarray(0, reader.length));
      restarts.push({ record, number, end: reader.start + reader.length - reader.shared });
    }
    return restarts;
  }
}
