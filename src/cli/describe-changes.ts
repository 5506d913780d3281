/** Changed rules as lines for a person: what happened, which rule, where. */
import type { SubmissionDiff } from "./api-client.js";

type Change = Pick<SubmissionDiff["rules"][number], "change" | "id" | "before" | "after">;

const signs = { added: "+", changed: "~", removed: "-", moved: ">" } as const;

export function formatTotals(totals: SubmissionDiff["totals"]): string {
  const shown = Object.entries(totals).filter(([, count]) => count > 0);
  if (shown.length === 0) return "no rule changes";
  return shown.map(([word, count]) => `${count.toLocaleString("en-US")} ${word}`).join(", ");
}

export function changeLines(changes: readonly Change[]): string[] {
  return changes.map((one) => `  ${signs[one.change]} ${oneLine(one.id)}  ${placeText(one)}`);
}

export function placeText({ change, before, after }: Change): string {
  if (change === "moved") return `${at(before)} -> ${at(after)}`;
  return at(after ?? before);
}

function at(place: Change["before"]): string {
  return place === null ? "" : `${oneLine(place.path)}:${place.firstLine}`;
}

/** Ids are other people's text. */
export function oneLine(text: string): string {
  return text.replace(/[\s\p{C}]+/gu, " ");
}
