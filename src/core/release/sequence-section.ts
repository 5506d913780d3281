/**
 * A section in which order carries meaning, put together from the runs of its files in the order of their keys. Files that stand in the
 * section before are kept where they are; records of the others are left out or put in.
 */
import type { SectionReader } from "../format/section-reader.js";
import { SectionWalker } from "../format/section-walker.js";
import type { RuleKind } from "../rules/model.js";
import { type LineWork, openRuns } from "./line-section.js";
import type { KnownRun } from "./line-runs.js";

/** What stands in a section, in order. */
export interface SequenceFile {
  readonly key: string;
  readonly sequenceKey: string;
  readonly records: number;
}

interface Step {
  readonly keep: number;
  readonly remove: number;
  readonly insert: string | undefined;
}

/** Undefined, and nothing written, when a run is not there any more or two files have the same key. */
export async function writeSequence(
  kind: RuleKind,
  runs: readonly KnownRun[],
  { inputs, writer }: LineWork,
  old: { readonly section: SectionReader; readonly files: readonly SequenceFile[] } | undefined,
): Promise<readonly SequenceFile[] | undefined> {
  const files = inOrder(runs);
  if (files === undefined) return undefined;
  const steps = stepsBetween(old?.files ?? [], files);
  for (const { insert } of steps) {
    const there = insert === undefined || (await openRuns(inputs, kind, [insert]));
    if (there === undefined) return undefined;
    if (there !== true) await there.close();
  }
  writer.beginSection(kind, old?.section);
  const walker = new SectionWalker(old?.section, writer);
  for (const { keep, remove, insert } of steps) {
    await walker.keep(walker.at + keep);
    await walker.remove(remove, 0);
    if (insert === undefined) continue;
    const opened = await openRuns(inputs, kind, [insert]);
    try {
      for (const { section } of opened?.sections ?? []) {
        for (const block of section.blocks.keys())
          for (const record of await section.block(block)) walker.add(record);
        await writer.flush();
      }
    } finally {
      await opened?.close();
    }
  }
  await walker.keepRest();
  await writer.endSection();
  return files;
}

/** Files with records, by their key. */
function inOrder(runs: readonly KnownRun[]): SequenceFile[] | undefined {
  const files = runs.flatMap(({ key, records, sequenceKey }) =>
    sequenceKey === undefined ? [] : [{ key, records, sequenceKey }],
  );
  files.sort((a, b) => (a.sequenceKey < b.sequenceKey ? -1 : 1));
  const clash = files.some(({ sequenceKey }, i) => i > 0 && files[i - 1]?.sequenceKey === sequenceKey);
  return clash ? undefined : files;
}

/** Both lists stand in the order of their keys. */
function stepsBetween(before: readonly SequenceFile[], after: readonly SequenceFile[]): Step[] {
  const steps: Step[] = [];
  let keep = 0;
  const step = (remove: number, insert: string | undefined) => {
    steps.push({ keep, remove, insert });
    keep = 0;
  };
  let i = 0;
  for (const file of after) {
    for (; i < before.length && (before[i] as SequenceFile).sequenceKey < file.sequenceKey; i++)
      step((before[i] as SequenceFile).records, undefined);
    const same = before[i]?.sequenceKey === file.sequenceKey ? before[i++] : undefined;
    if (same?.key === file.key) keep += file.records;
    else step(same?.records ?? 0, file.key);
  }
  for (; i < before.length; i++) step((before[i] as SequenceFile).records, undefined);
  return steps;
}
