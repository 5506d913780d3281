/**
 * A section of a kind that is read line by line, made from the one before: of the runs that came and went the records that came and went,
 * and then only the blocks around those.
 *
 * A record stands in the section while at least one run holds it. Whether one that a run lost stands in another is known from the list
 * of repeated records; for those that are in it the other runs are asked.
 */
import { byteString } from "../encoding/bytes.js";
import { openDatabase } from "../format/database.js";
import { DatabaseWriter } from "../format/database-writer.js";
import type { SectionReader } from "../format/section-reader.js";
import { SectionWalker } from "../format/section-walker.js";
import type { RuleKind } from "../rules/model.js";
import { ruleLanguage } from "../rules/registry.js";
import type { CompileInputs } from "./compile-inputs.js";
import { type LineSection, type LineWork, type OpenRuns, openRuns } from "./line-section.js";
import { openKept } from "./line-runs.js";
import { mergeRuns } from "./merge-runs.js";

/** From here on merging everything is not much dearer. */
const changesMax = 100_000;
const askedMax = 200;

interface UpdateWork extends LineWork {
  readonly section: SectionReader;
  readonly lines: LineSection;
}

/** A record that is to be in a section, or not. In order, each once. */
export interface RecordChange {
  readonly record: string;
  readonly stays: boolean;
}

/** Undefined, and nothing written, when it is better or necessary to merge everything. */
export async function updateLines(
  kind: RuleKind,
  runs: readonly string[],
  { inputs, writer, section, lines }: UpdateWork,
): Promise<LineSection | undefined> {
  const { came, gone } = difference(lines.runs, runs);
  const moved = await movedRecords(inputs, kind, came, gone);
  if (moved === undefined || moved.length > changesMax) return undefined;
  const source = await inputs.databases.open(lines.repeated);
  if (source === undefined) return undefined;
  try {
    const repeated = (await openDatabase(source, ruleLanguage, inputs.digest)).section(kind);
    const judged = await judge(inputs, kind, runs, { moved, section, repeated });
    if (judged === undefined) return undefined;
    const { sha256 } = await inputs.databases.put(async (sink) => {
      const again = new DatabaseWriter(sink, inputs.digest, ruleLanguage);
      await applyChanges(kind, repeated, again, judged.repeated);
      return again.finish();
    }, lines.repeated);
    await applyChanges(kind, section, writer, judged.section);
    return { runs, repeated: sha256 };
  } finally {
    await source.close();
  }
}

/** Of two sorted lists, what only one of them has. */
function difference(before: readonly string[], after: readonly string[]): { came: string[]; gone: string[] } {
  const came: string[] = [];
  const gone: string[] = [];
  let i = 0;
  for (const key of after) {
    while (i < before.length && (before[i] as string) < key) gone.push(before[i++] as string);
    if (before[i] === key) i++;
    else came.push(key);
  }
  gone.push(...before.slice(i));
  return { came, gone };
}

/** Records that stand in more runs than before (`by` above 0) or in fewer. Undefined when a run is gone. */
async function movedRecords(
  inputs: CompileInputs,
  kind: RuleKind,
  came: readonly string[],
  gone: readonly string[],
): Promise<{ record: string; by: number }[] | undefined> {
  const moved: { record: string; by: number }[] = [];
  const opened: OpenRuns[] = [];
  try {
    for (const [keys, sign] of [
      [came, 1],
      [gone, -1],
    ] as const) {
      const some = await openRuns(inputs, kind, keys, sign);
      if (some === undefined) return undefined;
      opened.push(some);
    }
    await mergeRuns(
      opened.flatMap(({ sections }) => sections),
      (bytes, length, by) => {
        if (by === 0 || moved.length > changesMax) return;
        moved.push({ record: byteString(bytes.subarray(0, length)), by });
      },
    );
    return moved;
  } finally {
    for (const some of opened) await some.close();
  }
}

/** What becomes of each moved record, in the section and in the list of repeated ones. */
async function judge(
  inputs: CompileInputs,
  kind: RuleKind,
  runs: readonly string[],
  known: {
    readonly moved: readonly { readonly record: string; readonly by: number }[];
    readonly section: SectionReader;
    readonly repeated: SectionReader | undefined;
  },
): Promise<{ section: RecordChange[]; repeated: RecordChange[] } | undefined> {
  const section: RecordChange[] = [];
  const repeated: RecordChange[] = [];
  const ask: string[] = [];
  for (const { record, by } of known.moved) {
    const twice = (await known.repeated?.place(record))?.found === true;
    if (by < 0 && twice) ask.push(record);
    else if (by < 0) section.push({ record, stays: false });
    else if ((await known.section.place(record)).found) {
      if (!twice) repeated.push({ record, stays: true });
    } else {
      section.push({ record, stays: true });
      if (by > 1) repeated.push({ record, stays: true });
    }
  }
  if (ask.length > askedMax) return undefined;
  const counts = await countIn(inputs, kind, runs, ask);
  if (counts === undefined) return undefined;
  for (const [i, record] of ask.entries()) {
    const count = counts[i] as number;
    if (count === 0) section.push({ record, stays: false });
    if (count < 2) repeated.push({ record, stays: false });
  }
  return { section: section.sort(byRecord), repeated: repeated.sort(byRecord) };
}

const byRecord = (a: RecordChange, b: RecordChange) => (a.record < b.record ? -1 : 1);

/** In how many runs each of a few records stands. */
async function countIn(
  inputs: CompileInputs,
  kind: RuleKind,
  runs: readonly string[],
  records: readonly string[],
): Promise<number[] | undefined> {
  const counts = records.map(() => 0);
  if (records.length === 0) return counts;
  for (const key of runs) {
    const kept = await openKept(inputs, kind, key);
    if (kept === undefined) return undefined;
    try {
      for (const [i, record] of records.entries()) {
        if ((await kept.run.section?.place(record))?.found) counts[i] = (counts[i] as number) + 1;
      }
    } finally {
      await kept.close();
    }
  }
  return counts;
}

/** The old section with these changes. */
export async function applyChanges(
  kind: RuleKind,
  old: SectionReader | undefined,
  writer: DatabaseWriter,
  changes: readonly RecordChange[],
): Promise<void> {
  writer.beginSection(kind, old);
  const walker = new SectionWalker(old, writer);
  for (const { record, stays } of changes) {
    const { number, found } = (await old?.place(record)) ?? { number: 0, found: false };
    await walker.keep(number);
    if (stays && !found) walker.add(record);
    if (!stays && found) await walker.remove(1, 0);
  }
  await walker.keepRest();
  await writer.endSection();
}
