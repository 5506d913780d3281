/**
 * What endpoints reported of a release, as one HTML file for people: adoption and failures as curves, what people and the policy did
 * meanwhile, and the counts. It needs nothing else and asks nobody: whoever made it read the reports with a token of their own.
 */
import type { Fact } from "../../audit/report.js";
import {
  factList,
  figureList,
  noteList,
  pageHead,
  part,
  tableOf,
  wholePage,
} from "../../audit/render/parts.js";
import type { ReportCurve, Rollout } from "../api-client.js";
import { formatTime } from "../figures.js";
import { type Curves, renderCurves, shown } from "./curves-svg.js";

const kind = "Rulemint rollout report";
const hourMs = 3_600_000;

/**
 * @param rollout the feed's; what it says of another release is left out
 * @param at when the reports were read
 */
export function renderReportsPage(curve: ReportCurve, rollout: Rollout | undefined, at: Date): string {
  const { feed, release, region, anonymous, total, hours, groups } = curve;
  const own = rollout?.candidate === release ? rollout : undefined;
  const events = own?.events ?? [];
  const title = `Release ${release} of ${feed}: adoption and failures`;
  const [adoption, failures] = drawn(curve, events, at);
  const facts: Fact[] = [
    { label: "Read", value: formatTime(at.toISOString()) },
    { label: "Region", value: region ?? "all" },
    ...(own === undefined || own.state === "done"
      ? []
      : [{ label: "Others have", value: `release ${own.stable}` }]),
  ];
  const reports = total.installed + total.failed + total.rolledBack;
  const bad = reports === 0 ? 0 : Math.round(((total.failed + total.rolledBack) * 1000) / reports);
  const figures: [string, number][] = [
    ["Installed", total.installed],
    ["Failed", total.failed],
    ["Rolled back", total.rolledBack],
    ["Of 1000 reports, bad", bad],
  ];
  const body = [
    pageHead(kind, title, own?.state === "halted" ? "refused" : "proven", ...standing(own)),
    factList(facts),
    part("Figures", figureList(figures.map(([label, value]) => ({ label, value: shown(value) }))), 1),
    part("Adoption", renderCurves(adoption), hours.length),
    part("Failures", renderCurves(failures), hours.length),
    part("What was done", tableOf(eventTable(events)), events.length),
    part("What endpoints say", tableOf(groupTable(groups)), groups.length),
    part("Hour by hour", tableOf(hourTable(hours)), hours.length),
    part("To bear in mind", noteList(notes(anonymous)), 1),
  ];
  return wholePage(kind, title, body.join(""));
}

function standing(rollout: Rollout | undefined): [word: string, said: string] {
  if (rollout === undefined)
    return ["Not in a rollout", "Another release has followed it, or its feed has no rings."];
  const { state, stages, stage, events } = rollout;
  const ring = `${stages[stage]?.permille ?? 0} of 1000 endpoints, ring ${stage + 1} of ${stages.length}`;
  if (state === "running") return ["Running", `For ${ring}.`];
  if (state === "done") return ["Done", "For everybody."];
  const halt = events.findLast(({ what }) => what === "halted");
  return ["HALTED", `Nobody else gets it. ${halt?.reason ?? ""}`.trim()];
}

/** Straight through the hour: when in it a report was made is not kept. */
function drawn({ hours }: ReportCurve, events: Rollout["events"], at: Date): [Curves, Curves] {
  const marks = events.map((one) => Date.parse(one.at));
  const starts = hours.map(({ hour }) => Date.parse(`${hour}:00:00Z`));
  const ends = starts.map((start) => Math.min(start + hourMs, Math.max(at.getTime(), start)));
  const from = Math.min(...starts, ...marks);
  const to = Math.max(from + 1, ...ends, ...marks);
  const summed = (count: (hour: ReportCurve["hours"][number]) => number) => {
    let sum = 0;
    return hours.flatMap((hour, i) => {
      const before = sum;
      sum += count(hour);
      const points = [[starts[i] ?? from, before] as const, [ends[i] ?? to, sum] as const];
      return i === hours.length - 1 ? [...points, [to, sum] as const] : points;
    });
  };
  const frame = { from, to, marks };
  const installed = { name: "installed", colour: "#1a6b34", points: summed((one) => one.installed) };
  const failed = { name: "failed", colour: "#a3201a", points: summed((one) => one.failed) };
  const back = {
    name: "rolled back",
    colour: "#8a5a00",
    dashes: "5 3",
    points: summed((one) => one.rolledBack),
  };
  return [
    { ...frame, title: "Endpoints that installed it, in all", curves: [installed] },
    { ...frame, title: "Endpoints that failed or went back, in all", curves: [failed, back] },
  ];
}

const cells = (...row: readonly (string | number)[]) => ({
  cells: row.map((one) => (typeof one === "number" ? shown(one) : one)),
});

const eventTable = (events: Rollout["events"]) => ({
  columns: ["", "when", "what", "by", "why"],
  rows: events.map((one, i) =>
    cells(i + 1, formatTime(one.at), act(one), one.by.join(" and ") || "policy", one.reason),
  ),
});

const act = ({ what, permille }: Rollout["events"][number]): string =>
  permille === 0 ? what : `${what}, ${permille} of 1000`;

const groupTable = (groups: ReportCurve["groups"]) => ({
  columns: ["outcome", "path", "code", "endpoints", "rules loaded"],
  rows: groups.map(({ outcome, path, code, count, rules }) =>
    cells(outcome, path ?? "few", code ?? "", count, [...new Set(rules ?? [])].map(shown).join(" to ")),
  ),
});

const hourTable = (hours: ReportCurve["hours"]) => ({
  columns: ["hour", "installed", "failed", "rolled back"],
  rows: hours.map((one) =>
    cells(formatTime(`${one.hour}:00:00Z`), one.installed, one.failed, one.rolledBack),
  ),
});

const notes = (anonymous: number): string[] => [
  "Endpoints report only where their owners chose to: silence says nothing of the others.",
  "Reports name nobody and prove nothing: anybody can send some. The policy counts with that (SPEC §16.4.4).",
  `Fewer than ${anonymous} endpoints are not told apart: a quiet hour is counted with the next one, a rare outcome as "few".`,
];
