/**
 * Goes through an old section and takes it over into a new database. Whole blocks that no change touches are copied as they are, and of
 * the others the runs of records between two changes; the bytes that come out are the same as if every record had been written anew.
 */
import { BlockMap } from "./block.js";
import { BlocksInTurn } from "./blocks-in-turn.js";
import type { SectionReader } from "./database.js";
import type { CountRules, DatabaseWriter } from "./database-writer.js";
import { malformedDatabase } from "./directory.js";
import type { BlockEntry } from "./index-table.js";

export class SectionWalker {
  readonly #section: SectionReader | undefined;
  readonly #blocks: BlocksInTurn | undefined;
  readonly #writer: DatabaseWriter;
  /** Number of the next old record. */
  #at = 0;
  /** The block at hand, and where its records stand; -1: there is none. */
  #block = -1;
  readonly #map = new BlockMap(malformedDatabase);
  /** Newest record of the new section, when it is known as text. */
  #last: string | undefined;

  constructor(section: SectionReader | undefined, writer: DatabaseWriter) {
    this.#section = section;
    this.#blocks = section && new BlocksInTurn(section);
    this.#writer = writer;
  }

  get at(): number {
    return this.#at;
  }

  get records(): number {
    return this.#section?.facts.records ?? 0;
  }

  /** Newest record of the new section; "" before the first one, and behind copied blocks. */
  get last(): string {
    this.#last ??= this.#writer.last;
    return this.#last;
  }

  /** Keeps all old records that are left; nothing may be added behind them. */
  keepRest(): Promise<void> {
    return this.#keep(this.records, true);
  }

  /** Keeps the old records up to number `until`; behind it `last` is the last of them. */
  keep(until: number): Promise<void> {
    return this.#keep(until, false);
  }

  async #keep(until: number, rest: boolean): Promise<void> {
    while (this.#at < until) {
      const { entry, block } = this.#here();
      const end = entry.first + entry.records;
      // the block must begin the new one too, and the record behind it must be kept, or there is none
      const copied = this.#at === entry.first && (end < until || rest);
      if (copied && this.#writer.atBlockStart) await this.#copy(block, entry);
      else await this.#keepOf(block, entry, Math.min(end, until));
      await this.#writer.flush();
    }
  }

  async #copy(block: number, entry: BlockEntry): Promise<void> {
    if (this.#writer.takesReferences) this.#writer.reuseBlock(entry);
    else this.#writer.copyBlock(await this.#raw(block), entry);
    this.#last = undefined;
    this.#at = entry.first + entry.records;
  }

  /** Keeps the records from here to number `stop`, all of this block. */
  async #keepOf(block: number, entry: BlockEntry, stop: number): Promise<void> {
    const map = await this.#open(block);
    const rules = await this.#rulesOf(entry);
    const { first } = entry;
    // what begins the block there, or stands behind the same record here, is packed as it stands there
    let follows = this.#at === first && this.#writer.atBlockStart;
    while (this.#at < stop) {
      const from = this.#at - first;
      const end = follows && rules ? this.#writer.addRun(map, from, stop - first, first, rules) : from;
      if (end > from) this.#last = undefined;
      else this.add(map.text(from));
      this.#at = first + Math.max(end, from + 1);
      follows = !this.#writer.atBlockStart;
    }
  }

  /** How many of the records of a block, from one to another of its own numbers, are rules; undefined when only they themselves could say. */
  async #rulesOf({ first, records, rules }: BlockEntry): Promise<CountRules | undefined> {
    if (rules === records) return (from, end) => end - from;
    const section = this.#section as SectionReader;
    if (section.facts.order === "sorted") return undefined;
    const marks = await section.ruleMarks();
    return (from, end) => marks.subarray(first + from, first + end).reduce((sum, mark) => sum + mark, 0);
  }

  /** Leaves old records out, and hands back the first `wanted` of them. */
  async remove(count: number, wanted: number): Promise<string[]> {
    const removed: string[] = [];
    for (let i = 0; i < Math.min(count, wanted); i++) removed.push(await this.#record(this.#at + i));
    this.#at += count;
    return removed;
  }

  /** The next old record; "" behind the last one. */
  async next(): Promise<string> {
    return this.#at < this.records ? this.#record(this.#at) : "";
  }

  add(record: string): void {
    this.#writer.add(record);
    this.#last = record;
  }

  async #record(number: number): Promise<string> {
    const section = this.#section as SectionReader;
    const block = section.blockOf(number);
    return (await this.#open(block)).text(number - (section.blocks[block] as BlockEntry).first);
  }

  #here(): { entry: BlockEntry; block: number } {
    const section = this.#section as SectionReader;
    // mostly the block at hand or the one behind it
    for (const block of [this.#block, this.#block + 1]) {
      const entry = section.blocks[block];
      if (entry && entry.first <= this.#at && this.#at < entry.first + entry.records) return { entry, block };
    }
    const block = section.blockOf(this.#at);
    return { entry: section.blocks[block] as BlockEntry, block };
  }

  async #open(block: number): Promise<BlockMap> {
    if (block !== this.#block) {
      const bytes = await this.#raw(block);
      this.#map.open(bytes, ((this.#section as SectionReader).blocks[block] as BlockEntry).records);
      this.#block = block;
    }
    return this.#map;
  }

  /** Good until the next one; so is the block at hand, which may have stood in the same place. */
  #raw(block: number): Promise<Uint8Array> {
    this.#block = -1;
    return (this.#blocks as BlocksInTurn).block(block);
  }
}
