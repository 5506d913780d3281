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

/** For a shell: an indicator may hold anything. */
const quoted = (text: string): string =>
  /^[\w.:/@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

export function describeLookup(
  answers: readonly LookupAnswer[],
  { feed, release }: { readonly feed: string; readonly release: InstalledRelease },
): string {
  const lines = answers.flatMap(({ asked, found, hits }) => [
    `${asked}: ${found ? "listed" : "not listed"}`,
    ...hits.map(
      ({ indicator, relation, list, number }) =>
        `  ${indicator} (${relations[relation]}), ioc/${list}, record ${number}`,
    ),
  ]);
  const made = release.createdAt === null ? "" : `, made ${release.createdAt}`;
  lines.push(`release ${release.release} of ${feed}${made}, database ${release.databaseSha256}`);
  if (answers.some(({ patternsNotAsked }) => patternsNotAsked)) {
    lines.push("listed patterns of host names were not asked");
  }
  const [hit] = answers.flatMap(({ hits }) => hits);
  if (hit !== undefined) {
    const words = `--feed ${feed} --release ${release.release} --kind ioc ${quoted(hit.indicator)}`;
    lines.push(`source, of the publisher: rulemint rule explain ${words}`);
  }
  return lines.join("\n");
}
