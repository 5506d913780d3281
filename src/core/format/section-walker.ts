/**
 * Goes through an old section and takes it over into a new database. Whole blocks that no change touches are copied as
 * they are; the bytes that come out are the same as if every record had been written anew.
 */
import { BlocksInTurn } from "./blocks-in-turn.js";
import type { SectionReader } from "./database.js";
import type { DatabaseWriter } from "./database-writer.js";
import type { BlockEntry } from "./index-table.js";

export class SectionWalker {
  readonly #section: SectionReader | undefined;
  readonly #blocks: BlocksInTurn | undefined;
  readonly #writer: DatabaseWriter;
  /** Number of the next old record. */
  #at = 0;
  /** The block that is unpacked, and its records. */
  #block = -1;
  #records: readonly string[] = [];
  /** Newest record of the new section; undefined before the first one, and behind copied blocks. */
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

  get last(): string {
    return this.#last ?? "";
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
      const section = this.#section as SectionReader;
      const sorted = section.facts.order === "sorted";
      if (copied && this.#writer.atBlockStart && (sorted || this.#writer.takesReferences)) {
        if (!this.#writer.takesReferences) this.#writer.copyBlock(await this.#raw(block), entry);
        else this.#writer.reuseBlock(entry, sorted ? undefined : await section.idsIn(block));
        this.#last = undefined;
        this.#at = end;
      } else {
        const records = await this.#unpack(block);
        const stop = Math.min(end, until);
        for (; this.#at < stop; this.#at++) this.add(records[this.#at - entry.first] as string);
      }
      await this.#writer.flush();
    }
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
    return (await this.#unpack(block))[number - (section.blocks[block] as BlockEntry).first] as string;
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

  async #unpack(block: number): Promise<readonly string[]> {
    if (block !== this.#block) {
      const section = this.#section as SectionReader;
      this.#records = section.unpacked(section.blocks[block] as BlockEntry, await this.#raw(block));
      this.#block = block;
    }
    return this.#records;
  }

  #raw(block: number): Promise<Uint8Array> {
    return (this.#blocks as BlocksInTurn).block(block);
  }
}
