/** An endpoint for a person: what it holds, how old that is, what went wrong last, and what was proven. */
import type { LeftOut, UpdateResult } from "../client/model.js";
import type { ExportChoices } from "../client/export-choices.js";
import type { HealthChoices } from "../client/health.js";
import type { ReportChoices } from "../client/report-choices.js";
import type { RingChoices } from "../client/ring-choices.js";
import { type NetworkSettings, usualConnections } from "../client/network.js";
import { describeReportChoices } from "./describe-reports.js";
import {
  type Fact,
  formatBytes,
  formatCount,
  formatFacts,
  formatGroups,
  formatTable,
  formatTime,
} from "./figures.js";

export function describeUpdate(result: UpdateResult): string {
  const { outcome, release, from, path, proof } = result;
  const { signature, signedBy } = proof;
  const first = {
    updated:
      from === null ? `Release ${release} applied.` : `Release ${release} applied, from release ${from}.`,
    current: `Release ${release} is the newest, and it is here.`,
    waiting: `Release ${result.newest} is published; release ${release} stays: ${result.why}.`,
    held: `Release ${result.newest} is published and held back here; release ${release} stays.`,
    repaired: `Release ${release} was damaged on disk and has been repaired.`,
  }[outcome];
  const facts = formatFacts([
    ["path", path === null ? null : path.reason],
    ["signed by", signature.signer.subject],
    [
      "stamped",
      `${formatTime(signature.timestamp.time.toISOString())} by ${signature.timestamp.authority.subject}`,
    ],
    ["co-signed", `${signedBy.length} distinct keys, the overseer's among them`],
    ["logged", loggedText(proof.log)],
    ["manifest", `sha256 ${proof.manifestSha256}`],
  ]);
  return `${first}\n${facts}`;
}

/** Which packs were taken, and what was weighed before. */
export function describePath({ path, bytes, bytesOfPath, release }: UpdateResult): string {
  if (path === null) return `No pack was needed: the database of release ${release} is here.`;
  const packs = path.packs.map((pack, i) => [
    `${i + 1}`,
    pack.kind === "full" ? "full" : `${pack.from} to ${pack.to}`,
    formatCount(pack.bytes, "byte"),
    pack.path,
  ]);
  const ways = path.ways.map(({ way, packs, bytes }, i) => [
    { deltas: "fewest bytes by deltas", "release by release": "release by release", full: "full pack" }[way],
    formatCount(packs, "pack"),
    formatCount(bytes, "byte"),
    i === 0 ? "taken" : bytes === path.bytes ? "as much" : `${(bytes / path.bytes).toFixed(1)} times as much`,
  ]);
  const rest = path.bytes - bytesOfPath;
  const lost = bytes - bytesOfPath;
  const notes = [
    rest > 0 ? `\n${formatCount(rest, "byte")} of it were on disk from an earlier try.` : "",
    lost > 0 ? `\n${formatCount(lost, "byte")} more came for packs that were refused.` : "",
  ].join("");
  return `${formatTable(["", "pack", "size", "file"], packs)}${notes}\n\n${formatTable(["way", "packs", "size", ""], ways)}`;
}

function loggedText(log: UpdateResult["proof"]["log"]): string | null {
  if (log === undefined) return null;
  const { origin, size, cosignatures } = log.checkpoint;
  const witnesses = cosignatures.map(({ witness }) => witness).join(", ");
  return `entry ${log.index} of ${size} in ${origin}, witnessed by ${witnesses || "nobody"}`;
}

/** What its owner chose, as `client configure` shows it. */
export function describeConfiguration({ network, rings, exports, health, reports }: Configuration): string {
  const groups = [networkFacts(network), exportFacts(exports), healthFacts(health)];
  const others: Fact[] = [
    ["takes", describeRings(rings)],
    ["reports", describeReportChoices(reports)],
  ];
  return formatGroups([...groups, others]);
}

interface Configuration {
  readonly network: NetworkSettings;
  readonly rings: RingChoices;
  readonly exports: ExportChoices;
  readonly health: HealthChoices | undefined;
  readonly reports: ReportChoices | undefined;
}

function networkFacts(network: NetworkSettings): readonly Fact[] {
  const { mirrors, proxy, direct = [], ca, connectionsMax, bytesPerSecondMax, bytesPerDayMax } = network;
  return [
    ["mirrors", mirrors.join(", ") || "none"],
    ["proxy", proxy ?? "none"],
    ["direct", direct.join(", ") || null],
    ["own CA", ca === undefined ? "none" : `${ca.split("BEGIN CERTIFICATE").length - 1} certificates`],
    ["connections", `up to ${connectionsMax ?? usualConnections} for a large pack`],
    [
      "bandwidth",
      bytesPerSecondMax === undefined ? "not limited" : `${formatBytes(bytesPerSecondMax)} a second`,
    ],
    ["daily budget", bytesPerDayMax === undefined ? "not limited" : formatBytes(bytesPerDayMax)],
  ];
}

export function describeRings({ turn, pin, hold, delayHours }: RingChoices): string {
  const turns = {
    drawn: "as its number falls",
    early: "with the first",
    late: "with the last",
    stable: "only what is for everybody",
  };
  return [
    turns[turn],
    pin === undefined ? null : `pinned to release ${pin}`,
    hold === undefined ? null : hold === true ? "on hold" : `on hold until ${hold}`,
    delayHours === undefined ? null : `not younger than ${formatCount(delayHours, "hour")}`,
  ]
    .filter((part) => part !== null)
    .join(", ");
}

function exportFacts({ kinds, forms, engines }: ExportChoices): readonly Fact[] {
  const named = engines.map(({ name, version, ask, lacks }) => {
    const said = `${name} ${version ?? `as "${ask}" says`}`;
    return lacks.length > 0 ? `${said} without ${lacks.join(", ")}` : said;
  });
  return [
    ["exports", kinds.join(", ") || "nothing"],
    ["ioc as", kinds.includes("ioc") ? forms.ioc.join(", ") : null],
    ["sigma as", kinds.includes("sigma") ? forms.sigma : null],
    ["versions", named.join("; ") || null],
  ];
}

/** `12 rules need Suricata 8 or newer`, what most need first. */
export function describeLeftOut(leftOut: LeftOut): string[] {
  const needs = Object.values(leftOut).flatMap((counts) => Object.entries(counts));
  return needs
    .sort(([, a], [, b]) => b - a)
    .map(([need, rules]) => `${rules} ${rules === 1 ? "rule needs" : "rules need"} ${need}`);
}

function healthFacts(health: HealthChoices | undefined): readonly Fact[] {
  if (health === undefined) return [["engine", "not asked"]];
  const { kind, check, scan, seconds, reload, mustMatch = [], mustNotMatch = [] } = health;
  return [
    ["engine", kind],
    ["check", check ?? null],
    ["scan", scan ?? null],
    ["reload", reload ?? null],
    ["seconds", seconds === undefined ? null : String(seconds)],
    ["must match", mustMatch.join(", ") || null],
    ["must not", mustNotMatch.join(", ") || null],
  ];
}
