/** A rule for a person: its lines, who answers for them, since when it is there. */
import type { ExplainedRule } from "./api-client.js";
import { formatFacts, formatTime } from "./figures.js";

export type ExplainedPlace = ExplainedRule["places"][number];

/** `text` gives the lines themselves, where they were fetched. */
export function describeRule(
  rule: ExplainedRule,
  text: (place: ExplainedPlace) => string | undefined,
): string {
  const places = rule.places.map((place) => `${formatFacts(factsOf(place))}${excerpt(place, text(place))}`);
  return [formatFacts(headOf(rule)), ...places].join("\n\n");
}

function headOf({ kind, id, record, history, places }: ExplainedRule): [string, string][] {
  const { since, unchangedSince, complete } = history;
  const beginning = complete ? `release ${since}` : `release ${since} or earlier`;
  return [
    ["rule", `${id} (${kind})`],
    ["record", String(record)],
    ["in the feed since", beginning],
    ["unchanged since", complete || since !== unchangedSince ? `release ${unchangedSince}` : beginning],
    ["stands in", places.length === 1 ? "1 place" : `${places.length} places`],
  ];
}

function factsOf(place: ExplainedPlace): [string, string][] {
  const { firstLine, lastLine } = place;
  const lines = firstLine === lastLine ? `line ${firstLine}` : `lines ${firstLine} to ${lastLine}`;
  return [
    ["file", `${place.ruleset}/${place.path}, ${lines}`],
    ["sha256", place.fileSha256],
    ["submission", `${place.submission}, digest ${place.submissionDigest}`],
    ["author", place.author],
    ["approved", `${formatTime(place.approvedAt)} by ${place.approvedBy}`],
  ];
}

function excerpt({ firstLine }: ExplainedPlace, text: string | undefined): string {
  if (text === undefined) return "";
  return text
    .split("\n")
    .map((line, i) => `\n${String(firstLine + i).padStart(8)}  ${line}`)
    .join("");
}
