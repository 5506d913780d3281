/**
 * A database opened for reading: summary, records block by block, and one rule by its id.
 *
 * Opening reads the directory and the sparse indexes; every number in them is checked against the file before
 * anything is allocated. What a block holds is checked when the block is read.
 */
import type { ByteSink, ByteSource, DigestFactory } from "../encoding/stream.js";
import { sha256Digest } from "../encoding/sha256.js";
import { equalBytes } from "../encoding/bytes.js";
import type { RuleKind, Section } from "../rules/model.js";
import { ruleLanguage } from "../rules/registry.js";
import { parseBlock } from "./block.js";
import { DatabaseWriter } from "./database-writer.js";
import type { KindFacts, Languages } from "./database-writer.js";
import { malformedDatabase, readDirectory } from "./directory.js";
import type { SectionFacts } from "./directory.js";
import { findID, keyBytesMax, parseIndex } from "./index-table.js";
import type { BlockEntry } from "./index-table.js";
import type { DatabaseSummary, SectionSummary } from "./model.js";

const flushEvery = 1024;

/** One section: where its blocks are, and what is in them. */
export class SectionReader {
  readonly facts: SectionFacts;
  readonly blocks: readonly BlockEntry[];
  readonly #source: ByteSource;
  readonly #language: KindFacts;

  constructor(source: ByteSource, facts: SectionFacts, blocks: readonly BlockEntry[], language: KindFacts) {
    this.#source = source;
    this.facts = facts;
    this.blocks = blocks;
    this.#language = language;
  }

  rawBlock(block: number): Promise<Uint8Array> {
    const entry = this.blocks[block] as BlockEntry;
    return this.#source.read(entry.offset, entry.bytes);
  }

  /** @throws VerificationError DATABASE_MALFORMED */
  async block(block: number): Promise<string[]> {
    const entry = this.blocks[block] as BlockEntry;
    const records = parseBlock(
      await this.rawBlock(block),
      entry.records,
      this.facts.order,
      malformedDatabase,
    );
    if (this.facts.order === "sorted" && !(records[0] as string).startsWith(entry.key)) {
      throw malformedDatabase("expected a block to begin with its key");
    }
    return records;
  }

  /** The block that holds a record number below `facts.records`. */
  blockOf(record: number): number {
    return lastBlock(this.blocks, (entry) => entry.first <= record);
  }

  async findRule(id: string): Promise<string | undefined> {
    if (this.facts.order === "sequence") return this.#findInTable(id);
    for (const prefix of this.#language.idPrefixes(id)) {
      const found = await this.#findByPrefix(id, prefix);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async #findInTable(id: string): Promise<string | undefined> {
    const { offset, blockBytes, indexBytes, idBytes, records } = this.facts;
    const table = await this.#source.read(offset + blockBytes + indexBytes, idBytes);
    const record = findID(table, id, records, malformedDatabase);
    if (record === undefined) return undefined;
    const block = this.blockOf(record);
    const found = (await this.block(block))[record - (this.blocks[block] as BlockEntry).first] as string;
    if (this.#language.ruleID(found) !== id)
      throw malformedDatabase("expected the rule that the id table names");
    return found;
  }

  async #findByPrefix(id: string, prefix: string): Promise<string | undefined> {
    // a key is cut short: only a key below the equally short prefix is below it for certain
    const cut = prefix.slice(0, keyBytesMax);
    for (let i = lastBlock(this.blocks, (entry) => entry.key < cut); i < this.blocks.length; i++) {
      const { key } = this.blocks[i] as BlockEntry;
      if (key > prefix && !key.startsWith(prefix)) return undefined;
      for (const record of await this.block(i)) {
        if (record < prefix) continue;
        if (!record.startsWith(prefix)) return undefined;
        if (this.#language.ruleID(record) === id) return record;
      }
    }
    return undefined;
  }
}

/** Last block for which `holds`, which is true for some first blocks and false behind them; 0 if for none. */
function lastBlock(blocks: readonly BlockEntry[], holds: (entry: BlockEntry) => boolean): number {
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(blocks[middle] as BlockEntry)) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

export class Database {
  readonly bytes: number;
  readonly languages: Languages;
  readonly #sections: readonly SectionReader[];

  constructor(bytes: number, sections: readonly SectionReader[], languages: Languages) {
    this.bytes = bytes;
    this.languages = languages;
    this.#sections = sections;
  }

  get sections(): readonly SectionSummary[] {
    return this.#sections.map(({ facts: { kind, order, records, rules } }) => ({
      kind,
      order,
      records,
      rules,
    }));
  }

  section(kind: RuleKind): SectionReader | undefined {
    return this.#sections.find((section) => section.facts.kind === kind);
  }

  /** A section's records in order, in pieces of at most a block, from record number `from` on. */
  async *records(kind: RuleKind, from = 0): AsyncGenerator<string[], void, undefined> {
    const section = this.section(kind);
    if (!section || from >= section.facts.records) return;
    const start = section.blockOf(from);
    for (let i = start; i < section.blocks.length; i++) {
      const records = await section.block(i);
      yield i === start ? records.slice(from - (section.blocks[i] as BlockEntry).first) : records;
    }
  }

  /** The record of the first rule of this id; undefined when there is none. Reads one block, seldom two. */
  async findRule(kind: RuleKind, id: string): Promise<string | undefined> {
    return this.section(kind)?.findRule(id);
  }
}

/** @throws VerificationError DATABASE_MALFORMED */
export async function openDatabase(
  source: ByteSource,
  languages: Languages = ruleLanguage,
): Promise<Database> {
  const sections: SectionReader[] = [];
  for (const facts of await readDirectory(source)) {
    const language = languages(facts.kind);
    if (language.order !== facts.order)
      throw malformedDatabase(`expected ${facts.kind} as a ${language.order}`);
    const index = await source.read(facts.offset + facts.blockBytes, facts.indexBytes);
    sections.push(new SectionReader(source, facts, parseIndex(index, facts, malformedDatabase), language));
  }
  return new Database(source.length, sections, languages);
}

/** Sections in the order of `ruleKinds`. Records of sorted kinds are in byte order and unique. */
export async function encodeDatabase(
  sections: Iterable<Section>,
  sink: ByteSink,
  digest: DigestFactory,
  languages: Languages = ruleLanguage,
): Promise<DatabaseSummary> {
  const writer = new DatabaseWriter(sink, digest, languages);
  for (const { kind, records } of sections) {
    writer.beginSection(kind);
    for (let i = 0; i < records.length; i++) {
      writer.add(records[i] as string);
      if (i % flushEvery === 0) await writer.flush();
    }
    await writer.endSection();
  }
  return writer.finish();
}

/**
 * Reads everything, and proves that these are the only bytes that such records can have.
 *
 * @throws VerificationError DATABASE_MALFORMED
 */
export async function checkDatabase(
  source: ByteSource,
  languages: Languages = ruleLanguage,
  digest: DigestFactory = sha256Digest,
): Promise<DatabaseSummary> {
  const database = await openDatabase(source, languages);
  let offset = 0;
  const same: ByteSink = {
    write: async (bytes) => {
      const fits = offset + bytes.length <= source.length;
      if (!fits || !equalBytes(await source.read(offset, bytes.length), bytes)) {
        throw malformedDatabase("expected the canonical form of these records");
      }
      offset += bytes.length;
    },
  };
  const writer = new DatabaseWriter(same, digest, languages);
  for (const { kind } of database.sections) {
    writer.beginSection(kind);
    for await (const records of database.records(kind)) {
      for (const record of records) writer.add(record);
      await writer.flush();
    }
    await writer.endSection();
  }
  const summary = await writer.finish();
  if (summary.bytes !== source.length) throw malformedDatabase("expected nothing behind the database");
  return summary;
}
