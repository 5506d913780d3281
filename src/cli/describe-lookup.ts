/** What a database says about indicators, for a person. */
import type { LookupAnswer, LookupHit } from "../client/lookup.js";
import type { InstalledRelease } from "../client/model.js";

const relations: Readonly<Record<LookupHit["relation"], string>> = {
  exact: "itself",
  wildcard: "as a name below it",
  parent: "as a name below it",
  network: "as an address in it",
  host: "as its host",
  path: "as its path",
  port: "with this port",
};

const hereWords: Readonly<Record<LookupHit["here"], string>> = {
  exported: "",
  disabled: "; disabled here by your own rule",
  allowed: "; allowed here by your own rule",
};

function verdict({ found, allowed, hits }: LookupAnswer): string {
  if (allowed !== null) {
    const why = allowed.reason === undefined ? "" : ` (${allowed.reason})`;
    const listed = found ? "listed, and " : "not listed; ";
    return `${listed}allowed here by your own rule for ${allowed.what}${why}`;
  }
  if (!found) return "not listed";
  return hits.every(({ here }) => here !== "exported") ? "listed, and switched off here" : "listed";
}

/** For a shell: an indicator may hold anything. */
const quoted = (text: string): string =>
  /^[\w.:/@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

export function describeLookup(
  answers: readonly LookupAnswer[],
  { feed, release }: { readonly feed: string; readonly release: InstalledRelease },
): string {
  const lines = answers.flatMap((answer) => [
    `${answer.asked}: ${verdict(answer)}`,
    ...answer.hits.map(
      ({ indicator, relation, list, number, here }) =>
        `  ${indicator} (${relations[relation]}), ioc/${list}, ${number === null ? "your own" : `record ${number}`}${hereWords[here]}`,
    ),
  ]);
  const made = release.createdAt === null ? "" : `, made ${release.createdAt}`;
  lines.push(`release ${release.release} of ${feed}${made}, database ${release.databaseSha256}`);
  if (answers.some(({ patternsNotAsked }) => patternsNotAsked)) {
    lines.push("listed patterns of host names were not asked");
  }
  const hit = answers.flatMap(({ hits }) => hits).find(({ number }) => number !== null);
  if (hit !== undefined) {
    const words = `--feed ${feed} --release ${release.release} --kind ioc ${quoted(hit.indicator)}`;
    lines.push(`source, of the publisher: rulemint rule explain ${words}`);
  }
  return lines.join("\n");
}
