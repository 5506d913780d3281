/**
 * A section of a kind that is read line by line, merged from all of its runs. Records that stand in several runs are kept a second
 * time, by themselves: when one of them goes from one run, only that list knows that it may stand in another.
 */
import type { Sha256Hex } from "../brands.js";
import { DatabaseWriter } from "../format/database-writer.js";
import type { SectionReader } from "../format/section-reader.js";
import type { RuleKind } from "../rules/model.js";
import { ruleLanguage } from "../rules/registry.js";
import type { CompileInputs } from "./compile-inputs.js";
import { type KeptRun, openKept } from "./line-runs.js";
import { mergeRuns } from "./merge-runs.js";

/** What a section was made from. */
export interface LineSection {
  /** Keys of the runs, in byte order, as often as they stand in the sources. */
  readonly runs: readonly string[];
  /** Database of the records that stand in more than one of them. */
  readonly repeated: Sha256Hex;
}

export interface LineWork {
  readonly inputs: CompileInputs;
  readonly writer: DatabaseWriter;
}

/** Undefined, and nothing written, when a run is not there any more. */
export async function mergeLines(
  kind: RuleKind,
  runs: readonly string[],
  { inputs, writer }: LineWork,
): Promise<LineSection | undefined> {
  const opened = await openRuns(inputs, kind, runs);
  if (opened === undefined) return undefined;
  try {
    const { sha256 } = await inputs.databases.put(async (sink) => {
      const repeated = new DatabaseWriter(sink, inputs.digest, ruleLanguage);
      repeated.beginSection(kind);
      writer.beginSection(kind);
      const add = (bytes: Uint8Array, length: number, marks: number) => {
        writer.addBytes(bytes, 0, length);
        if (marks > 1) repeated.addBytes(bytes, 0, length);
      };
      await mergeRuns(opened.sections, add, async () => {
        await writer.flush();
        await repeated.flush();
      });
      await writer.endSection();
      await repeated.endSection();
      return repeated.finish();
    });
    return { runs, repeated: sha256 };
  } finally {
    await opened.close();
  }
}

export interface OpenRuns {
  readonly sections: readonly { readonly section: SectionReader; readonly mark: number }[];
  close(): Promise<void>;
}

/** Each run once, its mark being how often its key is in the list. Undefined when one is gone or damaged. */
export async function openRuns(
  inputs: CompileInputs,
  kind: RuleKind,
  runs: readonly string[],
  sign: 1 | -1 = 1,
): Promise<OpenRuns | undefined> {
  const marks = new Map<string, number>();
  for (const key of runs) marks.set(key, (marks.get(key) ?? 0) + sign);
  const open: KeptRun[] = [];
  const close = async () => {
    for (const run of open) await run.close();
  };
  const sections: { section: SectionReader; mark: number }[] = [];
  for (const [key, mark] of marks) {
    const kept = await openKept(inputs, kind, key);
    if (kept === undefined) {
      await close();
      return undefined;
    }
    open.push(kept);
    if (kept.run.section !== undefined) sections.push({ section: kept.run.section, mark });
  }
  return { sections, close };
}
