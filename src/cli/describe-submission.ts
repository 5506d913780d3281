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
    ["licence", one.licence],
    ["source", one.source],
    ["patch of", one.patch ? one.base : null],
    [
      "content",
      `${formatCount(one.rules, "rule")} in ${formatCount(one.fileCount, "file")}, ${formatBytes(one.bytes)}`,
    ],
    ["findings", `${formatCount(one.errors, "error")}, ${formatCount(one.warnings, "warning")}`],
    ["left out", one.leaveOutInvalid && one.errors > 0 ? "rules with errors" : null],
    ["approvals", approvalsOf(one)],
    ["decision", decision === null ? null : `${decision.by}, ${formatTime(decision.at)}`],
    ["reason", decision?.reason],
    ["digest", one.digest],
  ]);
  const next = one.state in nextSteps ? `\n\nnext: ${nextSteps[one.state]} ${one.id}` : "";
  const findings = one.findings.length === 0 ? "" : `\n\n${formatFindings(one.findings).trimEnd()}`;
  return facts + findings + next;
}

const nextSteps: Partial<Record<Submission["state"], string>> = {
  open: "somebody else runs rulemint submission approve",
  draft: "ask for review with rulemint submission open",
};

function approvalsOf({ approvals, approvalsNeeded, state }: Submission): string | null {
  if (approvals.length === 0 || (state === "open" && approvalsNeeded === 1)) return null;
  const names = approvals.map(({ by, emergency }) => (emergency ? `${by} (emergency)` : by)).join(", ");
  return state === "open" ? `${names}; ${approvalsNeeded} are needed` : names;
}
