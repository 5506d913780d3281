/** An endpoint's local rules for a person: what is chosen, what it does, and what to look at. */
import type { LocalCheck } from "../client/local-rules/check-local-rules.js";
import type { LocalConflict, LocalCounts, LocalEffect, RuleChoice } from "../client/local-rules/model.js";
import type { LocalStatus } from "../client/local-rules/status.js";
import { type RuleKind, ruleKinds } from "../core/rules/model.js";
import { formatCount, formatTable, formatTime } from "./figures.js";

export function describeRules(status: LocalStatus): string {
  const { choices, own, effect } = status;
  if (choices.length + own.length === 0 && status.problem === null) {
    return "Nothing local: the engines get what was published. See rulemint client rules --help.";
  }
  const parts = [describeTable(status, effect), describeEffect(effect), describeTroubles(status, effect)];
  return parts.filter((part) => part !== "").join("\n\n");
}

export function describeCheck({ status, effect, refusal, isAsked }: LocalCheck): string {
  const asked = isAsked
    ? "The engine is content with it."
    : "No engine was asked (client configure --engine-check).";
  const verdict = refusal === null ? asked : `The engine refuses it. ${refusal.code}: ${refusal.message}`;
  const parts = [describeEffect(effect), describeTroubles(status, effect), verdict];
  return parts.filter((part) => part !== "").join("\n\n");
}

function describeTable({ choices, own }: LocalStatus, effect: LocalEffect | null): string {
  const rows = choices.map((one, i) => [
    one.verb,
    one.kind,
    shownWhat(one),
    matchText(effect?.matches[i], one),
    one.since.slice(0, 10),
    one.reason ?? "",
  ]);
  const files = own.map((one) => ["own", one.kind, one.name, "", one.since.slice(0, 10), one.reason ?? ""]);
  const all = [...rows, ...files];
  return all.length === 0 ? "" : formatTable(["", "kind", "what", "matches", "since", "reason"], all);
}

const shownWhat = ({ by, what }: RuleChoice): string =>
  by === "digest" ? `sha256:${what.slice(0, 16)}… until it changes` : what;

function matchText(matches: number | undefined, { verb }: RuleChoice): string {
  if (matches === undefined) return "";
  return matches === 0 && verb !== "allow" ? "none" : String(matches);
}

/** `ioc       1,204 published: 2 disabled, 1 allowed; 3 of your own` */
export function describeEffect(effect: LocalEffect | null): string {
  if (effect === null) return "";
  const rows = ruleKinds.flatMap((kind: RuleKind) => {
    const counts = effect.counts[kind];
    return counts === undefined || isUntouched(counts) ? [] : [`${kind.padEnd(9)} ${countText(counts)}`];
  });
  return rows.join("\n");
}

const isUntouched = (counts: LocalCounts): boolean => changesOf(counts).length + counts.own === 0;

function countText(counts: LocalCounts): string {
  const changes = changesOf(counts);
  const own = counts.own === 0 ? "" : `${changes.length > 0 ? "; " : ", "}${counts.own} of your own`;
  return `${formatCount(counts.published, "rule")} published${changes.length > 0 ? `: ${changes.join(", ")}` : ""}${own}`;
}

function changesOf({ disabled, allowed, enabled, replaced }: LocalCounts): string[] {
  const words = [
    [disabled, "disabled"],
    [allowed, "allowed"],
    [enabled, "switched on"],
    [replaced, "replaced"],
  ] as const;
  return words.flatMap(([count, word]) => (count === 0 ? [] : [`${count.toLocaleString("en-US")} ${word}`]));
}

export function describeTroubles(status: LocalStatus, effect: LocalEffect | null): string {
  const { problem, setAside, inForce } = status;
  const lines = [
    ...(problem?.damage === "lost"
      ? ["! what was chosen is damaged on disk, and its copy too: nothing of it is in force (rules reset)"]
      : []),
    ...(problem?.damage === "copy" ? ["! what was chosen was damaged on disk; its copy is in force"] : []),
    ...(setAside === null
      ? []
      : [
          `! your own rules are set aside since ${formatTime(setAside.at)}. ${setAside.code}: ${setAside.message}`,
          "  change them, or try again with: client update --again",
        ]),
    ...(inForce || problem !== null ? [] : ["! not exported yet: the next update does it"]),
    ...(effect?.conflicts ?? []).map(conflictLine),
    ...(effect !== null && effect.conflictsLeftOut > 0 ? [`! and ${effect.conflictsLeftOut} more`] : []),
  ];
  return lines.join("\n");
}

const conflictLine = ({ kind, what, message }: LocalConflict): string => `! ${kind} ${what}: ${message}`;

/** One line of `client status`; null where there is nothing to say. */
export function rulesLine(status: LocalStatus): string | null {
  const { choices, own, effect, problem } = status;
  if (choices.length + own.length === 0 && problem === null) return null;
  const said = (["disable", "enable", "allow"] as const).flatMap((one) => {
    const count = choices.filter(({ verb }) => verb === one).length;
    return count === 0 ? [] : [`${count} ${one === "allow" ? "allowed" : `${one}d`}`];
  });
  const files = own.length === 0 ? [] : [`${formatCount(own.length, "own file")}`];
  const sum = (counter: keyof LocalCounts) =>
    Object.values(effect?.counts ?? {}).reduce((total, counts) => total + counts[counter], 0);
  const out = sum("disabled") + sum("allowed") + sum("replaced");
  const did = effect === null ? "" : `: ${formatCount(out, "rule")} out, ${sum("own") + sum("enabled")} in`;
  const troubles = describeTroubles(status, effect)
    .split("\n")
    .filter((line) => line !== "");
  return [`${[...said, ...files].join(", ") || "none readable"}${did}`, ...troubles].join("\n");
}
