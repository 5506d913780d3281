/**
 * From frozen sources to a stored database, at the cost of what changed: sections whose rulesets are the same are taken over as they
 * are; in kinds that are read line by line the records that came and went are found in the parts of files that changed, and only the
 * blocks around them are written. The bytes are those of a compilation from nothing (SPEC §2.3.4), which is what happens without memory.
 */
import type { Sha256Hex } from "../brands.js";
import { hexText } from "../encoding/bytes.js";
import { sha256 } from "../encoding/sha256.js";
import { VerificationError } from "../errors.js";
import { type Database, openDatabase } from "../format/database.js";
import { DatabaseWriter } from "../format/database-writer.js";
import type { DatabaseSummary } from "../format/model.js";
import type { BlockSink } from "../format/outbox.js";
import type { SectionReader } from "../format/section-reader.js";
import { type RuleKind, ruleKinds } from "../rules/model.js";
import { ruleLanguage } from "../rules/registry.js";
import type { CompileInputs } from "./compile-inputs.js";
import { newMemory, recall, remember } from "./compile-memory.js";
import { type LineSection, mergeLines } from "./line-section.js";
import { type KnownRun, runsOf } from "./line-runs.js";
import type { ReleaseSources, Revision } from "./model.js";
import { rebuildSections } from "./rebuild.js";
import { type SequenceFile, writeSequence } from "./sequence-section.js";
import { formatSourceTree } from "./sources.js";
import { updateLines } from "./update-lines.js";

/** What is remembered of a database: for each kind, what it was made from. */
interface DatabaseOrigin {
  readonly kinds: Readonly<Partial<Record<RuleKind, SectionOrigin>>>;
}

interface SectionOrigin {
  /** Of the revisions of this kind. */
  readonly sources: string;
  /** Kinds that are read line by line, and sequences; absent when the section was made in one piece. */
  readonly lines?: LineSection;
  readonly files?: readonly SequenceFile[];
}

/** The database that this one is made from, opened. */
interface Base {
  readonly database: Database;
  readonly origin: DatabaseOrigin;
}

/** @throws VerificationError RULES_INVALID, RULE_CONFLICT; OperationError of stores and workers; whatever `inputs` throw */
export async function compileDatabase(
  sources: ReleaseSources,
  inputs: CompileInputs,
): Promise<DatabaseSummary> {
  try {
    return await compileFrom(sources, inputs, inputs.base);
  } catch (error) {
    // A memory, or a stored database, that is damaged: what can be made again is made again.
    if (!(error instanceof VerificationError) || error.code !== "DATABASE_MALFORMED") throw error;
    return compileFrom(sources, { ...inputs, memory: newMemory(inputs.memory) }, undefined);
  }
}

async function compileFrom(
  sources: ReleaseSources,
  inputs: CompileInputs,
  from: Sha256Hex | undefined,
): Promise<DatabaseSummary> {
  const source = from === undefined ? undefined : await inputs.databases.open(from);
  try {
    const origin = source && (await recall<DatabaseOrigin>(inputs.memory, originKey(inputs, from as string)));
    const base = source &&
      origin && { database: await openDatabase(source, ruleLanguage, inputs.digest), origin };
    const kinds: Partial<Record<RuleKind, SectionOrigin>> = {};
    const write = async (sink: BlockSink) => {
      const writer = new DatabaseWriter(sink, inputs.digest, ruleLanguage);
      for (const kind of ruleKinds) {
        const made = await compileKind(kind, sources, { inputs, writer, base });
        if (made !== undefined) kinds[kind] = made;
      }
      return writer.finish();
    };
    const summary = await inputs.databases.put(write, base && from);
    await remember(inputs.memory, originKey(inputs, summary.sha256), { kinds } satisfies DatabaseOrigin);
    return summary;
  } finally {
    await source?.close();
  }
}

interface Work {
  readonly inputs: CompileInputs;
  readonly writer: DatabaseWriter;
  readonly base: Base | undefined;
}

/** Undefined when there are no rulesets of the kind. */
async function compileKind(
  kind: RuleKind,
  sources: ReleaseSources,
  work: Work,
): Promise<SectionOrigin | undefined> {
  const revisions = sources.revisions.filter((revision) => revision.kind === kind);
  if (revisions.length === 0) return undefined;
  const { inputs, writer, base } = work;
  const tree = hexText(await sha256(formatSourceTree({ schema: 1, revisions })));
  const before = base?.origin.kinds[kind];
  const section = base?.database.section(kind);
  if (before?.sources === tree) {
    if (section !== undefined) await writer.reuseSection(section, await section.tables());
    return before;
  }
  for (const look of mergesRuns(kind) ? [false, true] : []) {
    const runs = await allRuns(inputs, revisions, look);
    const made = runs && (await writeRuns(kind, runs, work, section, before));
    if (made !== undefined) return { sources: tree, ...made };
  }
  await writeWhole(kind, revisions, work);
  return { sources: tree };
}

function mergesRuns(kind: RuleKind): boolean {
  const { readLines, sequenceKey } = ruleLanguage(kind);
  return readLines !== undefined || sequenceKey !== undefined;
}

async function allRuns(
  inputs: CompileInputs,
  revisions: readonly Revision[],
  look: boolean,
): Promise<KnownRun[] | undefined> {
  const all: KnownRun[] = [];
  for (const revision of revisions) {
    const runs = await runsOf(inputs, revision, look);
    if (runs === undefined) return undefined;
    all.push(...runs);
  }
  return all;
}

/** Undefined, and nothing written, when a run is not there any more, or two rulesets cannot stand beside each other. */
async function writeRuns(
  kind: RuleKind,
  runs: readonly KnownRun[],
  { inputs, writer }: Work,
  section: SectionReader | undefined,
  before: SectionOrigin | undefined,
): Promise<Omit<SectionOrigin, "sources"> | undefined> {
  if (ruleLanguage(kind).readLines === undefined) {
    const old = section && before?.files && { section, files: before.files };
    const files = await writeSequence(kind, runs, { inputs, writer }, old);
    return files && { files };
  }
  const keys = runs.map(({ key }) => key).sort();
  const old = section && before?.lines && { section, lines: before.lines };
  const updated = old && (await updateLines(kind, keys, { inputs, writer, ...old }));
  const lines = updated ?? (await mergeLines(kind, keys, { inputs, writer }));
  return lines && { lines };
}

/** All records in memory, and every finding where it belongs. */
async function writeWhole(
  kind: RuleKind,
  revisions: readonly Revision[],
  { inputs, writer }: Work,
): Promise<void> {
  for (const { records } of await rebuildSections({ schema: 1, revisions }, inputs)) {
    writer.beginSection(kind);
    for (const [i, record] of records.entries()) {
      writer.add(record);
      if (i % 1024 === 0) await writer.flush();
    }
    await writer.endSection();
  }
}

function originKey({ compilerSha256 }: CompileInputs, database: string): string {
  return `origin-${compilerSha256.slice(0, 16)}-${database}`;
}
