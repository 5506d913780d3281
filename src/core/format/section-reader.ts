/**
 * One section of an opened database: where its blocks are, what is in them, and where a record or a rule is.
 *
 * A block is compared with its digest when it is read (SPEC §3.3.3); its records are checked when it is unpacked.
 */
import { byteString } from "../encoding/bytes.js";
import { type ByteSource, type DigestFactory, digestOf } from "../encoding/stream.js";
import { parseBlock } from "./block.js";
import type { KindFacts } from "../rules/model.js";
import { malformedDatabase } from "./directory.js";
import type { SectionFacts } from "./directory.js";
import { IDTableReader, keyBytesMax, parseIDTable, parseRuleMarks } from "./index-table.js";
import type { BlockEntry, RuleEntry } from "./index-table.js";

export class SectionReader {
  readonly facts: SectionFacts;
  readonly blocks: readonly BlockEntry[];
  readonly source: ByteSource;
  readonly digest: DigestFactory;
  readonly #language: KindFacts;
  /** The block that `place` looked into last: whoever asks for many records asks in order. */
  #placed: { readonly block: number; readonly records: readonly string[] } | undefined;

  #ruleMarks: Promise<Uint8Array> | undefined;

  constructor(
    source: ByteSource,
    facts: SectionFacts,
    blocks: readonly BlockEntry[],
    { language, digest }: { readonly language: KindFacts; readonly digest: DigestFactory },
  ) {
    this.source = source;
    this.facts = facts;
    this.blocks = blocks;
    this.#language = language;
    this.digest = digest;
  }

  /** SPEC §3.3.3. @throws VerificationError DATABASE_MALFORMED */
  async rawBlock(block: number): Promise<Uint8Array> {
    const entry = this.blocks[block] as BlockEntry;
    return this.compared(entry, await this.source.read(entry.offset, entry.bytes));
  }

  /** `rawBlock` without waiting, maybe in `into` (`ByteSource.read`); undefined where the database is not on this machine. */
  rawBlockNow(block: number, into?: Uint8Array): Uint8Array | undefined {
    const entry = this.blocks[block] as BlockEntry;
    const bytes = this.source.readNow?.(entry.offset, entry.bytes, into);
    return bytes && this.compared(entry, bytes);
  }

  /** The same bytes, if they are those that the index names. @throws VerificationError DATABASE_MALFORMED */
  compared(entry: BlockEntry, bytes: Uint8Array): Uint8Array {
    if (byteString(digestOf(this.digest, bytes)) === entry.digest) return bytes;
    throw malformedDatabase(`expected the block that the index names at ${entry.offset}, got other bytes`);
  }

  /** @throws VerificationError DATABASE_MALFORMED */
  async block(block: number): Promise<string[]> {
    return this.unpacked(this.blocks[block] as BlockEntry, await this.rawBlock(block));
  }

  /** @throws VerificationError DATABASE_MALFORMED */
  unpacked(entry: BlockEntry, bytes: Uint8Array): string[] {
    const records = parseBlock(bytes, entry.records, this.facts.order, malformedDatabase);
    if (this.facts.order === "sorted" && !(records[0] as string).startsWith(entry.key)) {
      throw malformedDatabase("expected a block to begin with its key");
    }
    return records;
  }

  /** The block that holds a record number below `facts.records`. */
  blockOf(record: number): number {
    return lastBlock(this.blocks, (entry) => entry.first <= record);
  }

  /** Index and id table, as they stand in the file. */
  tables(): Promise<Uint8Array> {
    const { offset, blockBytes, indexBytes, idBytes } = this.facts;
    return this.source.read(offset + blockBytes, indexBytes + idBytes);
  }

  /** Sequences: every rule, in the order of the id table. */
  async ids(): Promise<Iterable<RuleEntry>> {
    return parseIDTable(await this.#ids(), this.facts.records, malformedDatabase);
  }

  /** The same without an object for each of them. */
  async idTable(): Promise<IDTableReader> {
    return new IDTableReader(await this.#ids(), this.facts.records, malformedDatabase);
  }

  /** Sequences: of each record 1 when it is a rule, else 0. */
  ruleMarks(): Promise<Uint8Array> {
    this.#ruleMarks ??= this.#ids().then((table) =>
      parseRuleMarks(table, this.facts.records, malformedDatabase),
    );
    return this.#ruleMarks;
  }

  #ids(): Promise<Uint8Array> {
    const { offset, blockBytes, indexBytes, idBytes } = this.facts;
    return this.source.read(offset + blockBytes + indexBytes, idBytes);
  }

  /** Sorted sections: the number of the first record that is not below this one, and whether it is this one. */
  async place(record: string): Promise<{ number: number; found: boolean }> {
    const cut = record.slice(0, keyBytesMax);
    for (let i = lastBlock(this.blocks, (entry) => entry.key < cut); i < this.blocks.length; i++) {
      if (this.#placed?.block !== i) this.#placed = { block: i, records: await this.block(i) };
      const { records } = this.#placed;
      if ((records.at(-1) as string) < record) continue;
      const at = firstNotBelow(records, record);
      return { number: (this.blocks[i] as BlockEntry).first + at, found: records[at] === record };
    }
    return { number: this.facts.records, found: false };
  }

  /** The record of the first rule of this id; reads one block, seldom two. */
  async findRule(id: string): Promise<string | undefined> {
    for await (const { record } of this.rulesOf(id)) return record;
    return undefined;
  }

  /** Every rule of this id, in the order of the section. */
  async *rulesOf(id: string): AsyncGenerator<FoundRule, void, undefined> {
    if (this.facts.order === "sequence") return yield* this.#listed(id);
    for (const prefix of this.#language.idPrefixes(id)) yield* this.#prefixed(prefix);
  }

  async *#listed(id: string): AsyncGenerator<FoundRule, void, undefined> {
    for (const entry of await this.ids()) {
      if (entry.id > id) return;
      if (entry.id !== id) continue;
      const number = entry.record;
      const block = this.blockOf(number);
      const record = (await this.block(block))[number - (this.blocks[block] as BlockEntry).first] as string;
      if (this.#language.ruleID(record) !== id)
        throw malformedDatabase("expected the rule that the id table names");
      yield { number, record };
    }
  }

  async *#prefixed(prefix: string): AsyncGenerator<FoundRule, void, undefined> {
    // a key is cut short: only a key below the equally short prefix is below it for certain
    const cut = prefix.slice(0, keyBytesMax);
    for (let i = lastBlock(this.blocks, (entry) => entry.key < cut); i < this.blocks.length; i++) {
      const { key, first } = this.blocks[i] as BlockEntry;
      if (key > prefix && !key.startsWith(prefix)) return;
      for (const [place, record] of (await this.block(i)).entries()) {
        if (record < prefix) continue;
        if (!record.startsWith(prefix)) return;
        if (this.#isFoundBy(record, prefix)) yield { number: first + place, record };
      }
    }
  }

  /** An id may be written in several ways; what counts is that the rule's own id leads to it. */
  #isFoundBy(record: string, prefix: string): boolean {
    const id = this.#language.ruleID(record);
    return id !== undefined && this.#language.idPrefixes(id).includes(prefix);
  }
}

/** A rule, and its number among the records of its section. */
export interface FoundRule {
  readonly number: number;
  readonly record: string;
}

function firstNotBelow(records: readonly string[], record: string): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((records[middle] as string) < record) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Last block for which `holds`, which is true for some first blocks and false behind them; 0 if for none. */
export function lastBlock(blocks: readonly BlockEntry[], holds: (entry: BlockEntry) => boolean): number {
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(blocks[middle] as BlockEntry)) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
