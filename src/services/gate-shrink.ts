/** A ruleset that suddenly has far fewer rules was more likely cut by accident than cleaned on purpose. */
import { sourcesOf } from "./build-release.js";
import type { ServiceContext } from "./context.js";
import { defaultGateSettings, type GateAnswer } from "./gate-release.js";
import type { ReleaseRecord, SubmissionRecord } from "./model.js";

/** A ruleset of a handful loses half of it with two rules, and nobody is surprised. */
const noticedRules = 10;

/** SPEC §17.6.2. By ruleset, and over all kinds together. */
export async function checkShrink(
  context: ServiceContext,
  release: ReleaseRecord,
  before: ReleaseRecord | undefined,
): Promise<GateAnswer> {
  if (before === undefined) return { result: "PASSED", detail: "the first release", rules: [] };
  const { shrinkPercentMax } = context.settings.gates ?? defaultGateSettings;
  const old = await rulesOf(context, before);
  const now = await rulesOf(context, release);
  const problems = [...old].flatMap(([ruleset, count]) =>
    shrunk(ruleset, count, now.get(ruleset) ?? 0, shrinkPercentMax),
  );
  const sum = (counts: ReadonlyMap<string, number>) =>
    [...counts.values()].reduce((total, one) => total + one, 0);
  problems.push(...shrunk("all rulesets", sum(old), sum(now), shrinkPercentMax));
  if (problems.length === 0)
    return { result: "PASSED", detail: `${sum(now)} rules, after ${sum(old)}`, rules: [] };
  return { result: "FAILED", detail: problems.join("; "), rules: [] };
}

function shrunk(name: string, old: number, now: number, percentMax: number): string[] {
  const percent = old === 0 ? 0 : (100 * (old - now)) / old;
  if (percent <= percentMax || old - now <= noticedRules) return [];
  return [`${name} has ${now} rules after ${old}, ${Math.round(percent)} % fewer`];
}

async function rulesOf(
  context: ServiceContext,
  { feed, release }: ReleaseRecord,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const { ruleset, submission } of (await sourcesOf(context, feed, release)).revisions) {
    const found = await context.records.get<SubmissionRecord>("submissions", submission);
    counts.set(ruleset, found?.body.rules ?? 0);
  }
  return counts;
}
