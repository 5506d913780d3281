/** A release for a person: facts, packs, verdicts. */
import { rangeText } from "../core/rules/engine-version.js";
import type { Release } from "./api-client.js";
import { formatBytes, formatFacts, formatTable, formatTime } from "./figures.js";

export function stateOf(one: Release): string {
  return one.waitingFor === null || one.state === "failed" ? one.state : `${one.state}, waiting`;
}

export function describeRelease(one: Release): string {
  const facts = formatFacts([
    ["release", `${one.release} of ${one.feed}`],
    ["state", one.state],
    [one.state === "failed" ? "why" : "waiting for", one.waitingFor],
    ["built", `${formatTime(one.createdAt)} by ${one.createdBy}`],
    ["reason", one.reason],
    ["restores", one.restores === null ? null : `release ${one.restores}`],
    [
      "database",
      one.database === null ? null : `${formatBytes(one.database.bytes)}, sha256 ${one.database.sha256}`,
    ],
    ["engines", engineLine(one)],
    ["manifest", one.manifestSha256 === null ? null : `sha256 ${one.manifestSha256}`],
    ["published", one.publishedAt === null ? null : formatTime(one.publishedAt)],
    ...one.verdicts.map((verdict) => ["verdict", verdictLine(verdict)] as const),
  ]);
  const parts = [facts];
  if (one.gates !== undefined && one.gates.length > 0) parts.push(gateTable(one.gates));
  if (one.packs.length > 0) parts.push(packTable(one));
  return parts.join("\n\n");
}

function engineLine({ engines = {} }: Release): string | null {
  const asked = Object.entries(engines).map(([name, range]) => rangeText(name, range));
  return asked.length === 0 ? null : asked.join("; ");
}

function verdictLine(verdict: Release["verdicts"][number]): string {
  return `${verdict.result} by ${verdict.by}, ${formatTime(verdict.at)}: ${verdict.explanation}`;
}

function gateTable(gates: NonNullable<Release["gates"]>): string {
  const rows = gates.map(({ gate, result, seconds, detail }) => [gate, result, `${seconds} s`, detail]);
  return formatTable(["gate", "result", "took", "what it saw"], rows);
}

function packTable(one: Release): string {
  const rows = one.packs.map((pack) => [
    pack.path,
    pack.kind === "full" ? "any" : String(pack.from),
    formatBytes(pack.bytes),
    pack.sha256.slice(0, 16),
  ]);
  return formatTable(["pack", "from", "size", "sha256 (start)"], rows);
}
