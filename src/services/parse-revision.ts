/** The rules of some files of a revision, as they would be compiled: where each stands, and what it says. */
import { withoutLines } from "../core/release/left-out.js";
import type { FileFacts } from "../core/release/model.js";
import { ruleLanguage } from "../core/rules/registry.js";
import type { ServiceContext } from "./context.js";
import type { SubmissionRecord } from "./model.js";
import { sourceBatches } from "./source-batches.js";

export interface RulePlace {
  readonly path: string;
  readonly firstLine: number;
  readonly lastLine: number;
}

export interface PlacedRule extends RulePlace {
  readonly id: string;
  readonly record: string;
}

export type ParseContext = Pick<ServiceContext, "records" | "objects" | "workers">;

/** In order of the files. */
export async function* parseRevision(
  { objects, workers }: ParseContext,
  { ruleset, kind, leftOut }: Pick<SubmissionRecord, "ruleset" | "kind" | "leftOut">,
  files: readonly FileFacts[],
): AsyncGenerator<PlacedRule> {
  const language = ruleLanguage(kind);
  const used = files.filter(({ path }) => language.accepts(`${ruleset}/${path}`));
  for await (const batch of sourceBatches(objects, ruleset, used)) {
    for (const whole of await workers.parse(kind, batch)) {
      const path = whole.path.slice(ruleset.length + 1);
      const dropped = new Set(leftOut.filter((one) => one.path === path).map(({ line }) => line));
      const file = withoutLines(kind, whole, dropped);
      for (const [i, record] of file.records.entries()) {
        const id = language.ruleID(record);
        if (id === undefined) continue;
        const firstLine = file.lines[i] as number;
        yield { id, record, path, firstLine, lastLine: file.ends?.[i] ?? firstLine };
      }
    }
  }
}
