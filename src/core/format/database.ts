/**
 * A database opened for reading: summary, records block by block, and one rule by its id.
 *
 * Opening reads the directory and the tables; every number in them is checked against the file before anything is allocated,
 * and the tables against their digest. A block is compared with its digest when it is read. So whoever knows that `sha256` is
 * the right one knows that of everything that comes out.
 */
import type { ByteSink, ByteSource, DigestFactory } from "../encoding/stream.js";
import { sha256Digest } from "../encoding/sha256.js";
import type { Sha256Hex } from "../brands.js";
import { equalBytes } from "../encoding/bytes.js";
import { type RuleKind, type Section, ruleKinds } from "../rules/model.js";
import { kindFacts } from "../rules/kind-facts.js";
import { BlocksInTurn } from "./blocks-in-turn.js";
import { DatabaseWriter } from "./database-writer.js";
import type { Languages } from "./database-writer.js";
import { malformedDatabase, readDirectory } from "./directory.js";
import type { SectionFacts } from "./directory.js";
import { parseIndex } from "./index-table.js";
import type { BlockEntry } from "./index-table.js";
import type { DatabaseSummary, SectionSummary } from "./model.js";
import type { BlockSink } from "./outbox.js";
import { type FoundRule, SectionReader } from "./section-reader.js";

export { SectionReader };

const flushEvery = 1024;

export class Database {
  /** SPEC §3.3.1: what this database is known by. */
  readonly sha256: Sha256Hex;
  readonly bytes: number;
  readonly languages: Languages;
  readonly #sections: readonly SectionReader[];

  constructor(sha256: Sha256Hex, bytes: number, sections: readonly SectionReader[], languages: Languages) {
    this.sha256 = sha256;
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
    const blocks = new BlocksInTurn(section);
    for (let i = start; i < section.blocks.length; i++) {
      const records = await blocks.records(i);
      yield i === start ? records.slice(from - (section.blocks[i] as BlockEntry).first) : records;
    }
  }

  /** Every rule of this id: files of one kind may give a name twice. */
  async *rulesOf(kind: RuleKind, id: string): AsyncGenerator<FoundRule, void, undefined> {
    const section = this.section(kind);
    if (section) yield* section.rulesOf(id);
  }

  /** The record of the first rule of this id; undefined when there is none. Reads one block, seldom two. */
  async findRule(kind: RuleKind, id: string): Promise<string | undefined> {
    return this.section(kind)?.findRule(id);
  }
}

/** With `kinds`, as if it had no other sections: nothing of those is read. @throws VerificationError DATABASE_MALFORMED */
export async function openDatabase(
  source: ByteSource,
  languages: Languages = kindFacts,
  digest: DigestFactory = sha256Digest,
  kinds: readonly RuleKind[] = ruleKinds,
): Promise<Database> {
  const directory = await readDirectory(source, digest);
  const sections: SectionReader[] = [];
  for (const facts of directory.sections.filter(({ kind }) => kinds.includes(kind))) {
    const language = languages(facts.kind);
    if (language.order !== facts.order)
      throw malformedDatabase(`expected ${facts.kind} as a ${language.order}`);
    const index = await readTables(source, facts, digest);
    const blocks = parseIndex(index, facts, malformedDatabase);
    sections.push(new SectionReader(source, facts, blocks, { language, digest }));
  }
  return new Database(directory.sha256, source.length, sections, languages);
}

/** SPEC §3.3.3: the index, after it and the id table have been compared with their digest. */
async function readTables(
  source: ByteSource,
  { kind, offset, blockBytes, indexBytes, idBytes, sha256 }: SectionFacts,
  digest: DigestFactory,
): Promise<Uint8Array> {
  const running = digest();
  const index = await source.read(offset + blockBytes, indexBytes);
  running.update(index);
  running.update(await source.read(offset + blockBytes + indexBytes, idBytes));
  if (equalBytes(running.finish(), sha256)) return index;
  throw malformedDatabase(`expected the tables of ${kind} that the directory names, got other bytes`);
}

/**
 * Reads everything, and gives the digest that the database is known by. Its records are not looked at: whoever compares the
 * answer with a signed digest need not.
 *
 * @throws VerificationError DATABASE_MALFORMED
 */
export async function digestDatabase(
  source: ByteSource,
  digest: DigestFactory,
  languages: Languages = kindFacts,
): Promise<Sha256Hex> {
  const database = await openDatabase(source, languages, digest);
  for (const { kind } of database.sections) {
    const section = database.section(kind) as SectionReader;
    const blocks = new BlocksInTurn(section);
    for (const block of section.blocks.keys()) await blocks.block(block);
  }
  return database.sha256;
}

/** Sections in the order of `ruleKinds`. Records of sorted kinds are in byte order and unique. */
export async function encodeDatabase(
  sections: Iterable<Section>,
  sink: ByteSink | BlockSink,
  digest: DigestFactory,
  languages: Languages = kindFacts,
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
  languages: Languages = kindFacts,
  digest: DigestFactory = sha256Digest,
): Promise<DatabaseSummary> {
  const database = await openDatabase(source, languages, digest);
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
