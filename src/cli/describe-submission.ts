/** A submission for a person: facts, then every finding. */
import type { Submission } from "./api-client.js";
import { formatBytes, formatCount, formatFacts, formatTime } from "./figures.js";
import { formatFindings } from "./findings.js";

export function describeSubmission(one: Submission): string {
  const decision = one.decision;
  const facts = formatFacts([
    ["submission", one.id],
    ["state", one.state],
    ["ruleset", `${one.ruleset} (${one.kind})`],
    ["author", `${one.author}, ${formatTime(one.createdAt)}`],
    ["message", one.message],
    [
      "content",
      `${formatCount(one.rules, "rule")} in ${formatCount(one.fileCount, "file")}, ${formatBytes(one.bytes)}`,
    ],
    ["findings", `${formatCount(one.errors, "error")}, ${formatCount(one.warnings, "warning")}`],
    ["left out", one.leaveOutInvalid && one.errors > 0 ? "rules with errors" : null],
    ["decision", decision === null ? null : `${decision.by}, ${formatTime(decision.at)}`],
    ["reason", decision?.reason],
    ["digest", one.digest],
  ]);
  const next =
    one.state === "open" ? `\n\nnext: somebody else runs rulemint submission approve ${one.id}` : "";
  const findings = one.findings.length === 0 ? "" : `\n\n${formatFindings(one.findings).trimEnd()}`;
  return facts + findings + next;
}
