/**
 * Writes a database as its records arrive, in memory bounded by a block and the index.
 *
 * The bytes depend on the records alone, never on how they came: one by one, or as whole blocks that an older
 * database already holds.
 */
import { type ByteSink, type DigestFactory, digestOf } from "../encoding/stream.js";
import { ByteWriter } from "../encoding/varint.js";
import { byteString } from "../encoding/bytes.js";
import { limits } from "../limits.js";
import { ruleKinds } from "../rules/model.js";
import type { KindFacts, RuleKind } from "../rules/model.js";
import { blockWeightMax, endsBlock, putRecord, recordWeight, sharedBytes } from "./block.js";
import type { BlockMap } from "./block.js";
import { databaseDigest, databaseMagic, formatDirectory, malformedDatabase } from "./directory.js";
import type { SectionFacts } from "./directory.js";
import { keyBytesMax, writeIndexEntry } from "./index-table.js";
import type { BlockEntry, BlockFacts } from "./index-table.js";
import type { DatabaseSummary } from "./model.js";
import { type BlockSink, Outbox } from "./outbox.js";
import { type OldSequence, SequenceIDs } from "./sequence-ids.js";

export type Languages = (kind: RuleKind) => KindFacts;

const flushBytes = 256 * 1024;

/** What `reuseSection` needs of a section that was opened. */
export interface ReusableSection {
  readonly facts: SectionFacts;
  readonly blocks: readonly BlockEntry[];
}

/** How many of the records of a block, from one to another of its own numbers, are rules. */
export type CountRules = (from: number, end: number) => number;

interface OpenSection {
  readonly kind: RuleKind;
  readonly language: KindFacts;
  readonly offset: number;
  readonly index: ByteWriter;
  /** Of sequences alone. */
  readonly ids: SequenceIDs | undefined;
  keyBefore: string;
  blockBytes: number;
  records: number;
  rules: number;
}

export class DatabaseWriter {
  readonly #out: Outbox;
  readonly #newDigest: DigestFactory;
  readonly #languages: Languages;
  readonly #sections: SectionFacts[] = [];
  readonly #block = new ByteWriter();
  #section: OpenSection | undefined;
  /** The bytes of a record that came as text. */
  #text = new Uint8Array(1024);
  /** The record before is the first `#lastBytes` of these; -1: there is none to compare with. */
  #last = new Uint8Array(1024);
  #lastBytes = -1;
  // the block being filled
  #key = "";
  #count = 0;
  #rules = 0;
  #weight = 0;

  constructor(sink: ByteSink | BlockSink, digest: DigestFactory, languages: Languages) {
    this.#out = new Outbox(sink);
    this.#newDigest = digest;
    this.#languages = languages;
    this.#out.put(databaseMagic);
  }

  /** Bytes written so far, without the block being filled. */
  get length(): number {
    return this.#out.length;
  }

  /** Whether blocks of the database before need not be read: then `reuseBlock` instead of `copyBlock`. */
  get takesReferences(): boolean {
    return this.#out.takesReferences;
  }

  /** Whether the next record starts a block: then a whole block may be copied. */
  get atBlockStart(): boolean {
    return this.#count === 0;
  }

  /** The record that was added last; "" before the first one, and behind blocks that were taken over. */
  get last(): string {
    return this.#lastBytes < 0 ? "" : byteString(this.#last.subarray(0, this.#lastBytes));
  }

  /** Kinds in the order of `ruleKinds`; a section without records leaves no trace. @param old the one that records may be taken over from */
  beginSection(kind: RuleKind, old?: OldSequence): void {
    const before = this.#sections.at(-1)?.kind;
    if (this.#section || (before && ruleKinds.indexOf(before) >= ruleKinds.indexOf(kind))) {
      throw new Error(`section ${kind} out of place`);
    }
    const language = this.#languages(kind);
    this.#section = {
      kind,
      language,
      offset: this.length,
      index: new ByteWriter(),
      ids: language.order === "sequence" ? new SequenceIDs(old) : undefined,
      keyBefore: "",
      blockBytes: 0,
      records: 0,
      rules: 0,
    };
    this.#lastBytes = -1;
    this.#key = "";
  }

  /** Records of a sorted section must rise. @throws VerificationError DATABASE_MALFORMED */
  add(record: string): void {
    const { length } = record;
    if (length > this.#text.length) this.#text = new Uint8Array(2 * length);
    let seen = 0;
    for (let i = 0; i < length; i++) {
      const code = record.charCodeAt(i);
      seen |= code;
      this.#text[i] = code;
    }
    if (seen > 0xff) throw new Error("a byte string holds a character above U+00FF");
    this.#add(this.#text, 0, length, record);
  }

  /** The same for the bytes of a record, which are copied: of millions none needs to be an object. */
  addBytes(bytes: Uint8Array, start: number, end: number): void {
    this.#add(bytes, start, end, undefined);
  }

  #add(bytes: Uint8Array, start: number, end: number, text: string | undefined): void {
    const section = this.#open();
    const { onlyRules, order, ruleID } = section.language;
    const length = end - start;
    if (length > limits.recordBytesMax) {
      throw malformedDatabase(`expected records of at most ${limits.recordBytesMax} bytes, got ${length}`);
    }
    const before = this.#lastBytes;
    const shared = sharedBytes(this.#last, before, bytes, start, end);
    const rises =
      shared < length &&
      (shared >= before || (bytes[start + shared] as number) > (this.#last[shared] as number));
    if (order === "sorted" && before >= 0 && !rises) {
      throw malformedDatabase("expected records in rising order");
    }
    const weight = recordWeight(length);
    if (this.#count > 0 && this.#weight + weight > blockWeightMax) this.#endBlock(section);
    const kept = this.#count === 0 ? 0 : shared;
    if (this.#count === 0 && order === "sorted")
      this.#key = byteString(bytes.subarray(start, Math.min(end, start + keyBytesMax)));
    this.#block.varint(kept);
    this.#block.varint(length - kept);
    this.#block.slice(bytes, start + kept, end);
    const id = onlyRules ? "" : ruleID(text ?? byteString(bytes.subarray(start, end)));
    if (id !== undefined) {
      this.#rules++;
      section.ids?.add(id, section.records + this.#count);
    }
    this.#last = putRecord(this.#last, bytes, start, end, shared);
    this.#lastBytes = length;
    this.#count++;
    this.#weight += weight;
    if (endsBlock(bytes, start, end)) this.#endBlock(section);
  }

  /**
   * Takes over records `from` to `most` of a block of another database as they are packed there, as many as have room in this block. They
   * begin a block here too, or stand behind the same record; none of them ends one there but the last one of it.
   *
   * @param first the number of that block's first record in its section
   * @returns where those end that were taken
   */
  addRun(block: BlockMap, from: number, most: number, first: number, rules: CountRules): number {
    const section = this.#open();
    const end = block.endWithin(from, most, blockWeightMax - this.#weight);
    if (end === from) return end;
    if (this.#count === 0 && section.language.order === "sorted") {
      this.#key = byteString(block.bytes(from).subarray(0, Math.min(keyBytesMax, block.length(from))));
    }
    section.ids?.keep(first + from, first + end, section.records + this.#count);
    this.#block.bytes(block.packed(from, end));
    this.#count += end - from;
    this.#rules += rules(from, end);
    this.#weight += block.weight(from, end);
    const length = block.length(end - 1);
    this.#last = putRecord(this.#last, block.bytes(end - 1), 0, length, 0);
    this.#lastBytes = length;
    if (endsBlock(this.#last, 0, length)) this.#endBlock(section);
    return end;
  }

  /**
   * Takes over a block of the old section, which has been compared with its digest: only at a block start, only with the same records
   * behind it as there, and its last record must not be what the next `add` is compared with.
   */
  copyBlock(bytes: Uint8Array, entry: BlockEntry): void {
    this.#takeOver(entry);
    this.#out.block(bytes, entry);
  }

  /** The same for a block that the sink has already. */
  reuseBlock(entry: BlockEntry): void {
    this.#takeOver(entry);
    this.#out.reuse(entry);
  }

  /** A whole section of the database before, its tables as they are. */
  async reuseSection({ facts, blocks }: ReusableSection, tables: Uint8Array): Promise<void> {
    if (this.#section) throw new Error("a section is open");
    const offset = this.length;
    for (const entry of blocks) this.#out.reuse(entry);
    this.#out.put(tables);
    this.#sections.push({ ...facts, offset });
    await this.flush();
  }

  /** Hands finished blocks to the sink when there are enough of them; call it now and then. */
  flush(atLeast = flushBytes): Promise<void> {
    return this.#out.flush(atLeast);
  }

  async endSection(): Promise<void> {
    const section = this.#open();
    if (this.#count > 0) this.#endBlock(section);
    this.#section = undefined;
    if (section.records === 0) return;
    const index = section.index.take();
    const table = (await section.ids?.table(section.rules)) ?? new Uint8Array(0);
    const digest = this.#newDigest();
    for (const part of [index, table]) {
      if (part.length > limits.databaseIndexBytesMax) throw malformedDatabase("expected a smaller index");
      digest.update(part);
      this.#out.put(part);
    }
    const { kind, language, records, rules, offset, blockBytes } = section;
    const facts = { kind, order: language.order, records, rules, offset, blockBytes };
    this.#sections.push({
      ...facts,
      indexBytes: index.length,
      idBytes: table.length,
      sha256: digest.finish(),
    });
    await this.flush();
  }

  async finish(): Promise<DatabaseSummary> {
    if (this.#section) throw new Error("a section is open");
    const end = formatDirectory(this.#sections);
    this.#out.put(end);
    await this.flush(0);
    return {
      sha256: databaseDigest(end, this.#newDigest),
      bytes: this.length,
      sections: this.#sections.map(({ kind, order, records, rules }) => ({ kind, order, records, rules })),
    };
  }

  #open(): OpenSection {
    if (!this.#section) throw new Error("no section is open");
    return this.#section;
  }

  #endBlock(section: OpenSection): void {
    // a sink that takes bytes has them copied at once
    const bytes = this.takesReferences ? this.#block.take() : this.#block.takeView();
    const facts = {
      bytes: bytes.length,
      records: this.#count,
      rules: this.#rules,
      key: this.#key,
      digest: byteString(digestOf(this.#newDigest, bytes)),
    };
    this.#enter(section, facts);
    this.#out.block(bytes, facts);
    this.#count = 0;
    this.#rules = 0;
    this.#weight = 0;
  }

  #takeOver(entry: BlockEntry): void {
    const section = this.#open();
    if (!this.atBlockStart) throw new Error("no block may be copied here");
    section.ids?.keep(entry.first, entry.first + entry.records, section.records);
    this.#enter(section, entry);
    this.#lastBytes = -1;
  }

  #enter(section: OpenSection, entry: BlockFacts): void {
    writeIndexEntry(section.index, section.language.order, section.keyBefore, entry);
    section.keyBefore = entry.key;
    section.blockBytes += entry.bytes;
    section.records += entry.records;
    section.rules += entry.rules;
  }
}
