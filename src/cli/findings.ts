/** Findings as a compiler prints them: `path:line:column: severity CODE message`. */
import type { Finding } from "../core/rules/model.js";

const shownMax = 200;

export function formatFindings(findings: readonly Finding[]): string {
  const lines = findings
    .slice(0, shownMax)
    .map((one) => `${one.path}:${one.line}:${one.column}: ${one.severity} ${one.code} ${one.message}\n`);
  const rest = findings.length - shownMax;
  return lines.join("") + (rest > 0 ? `and ${rest} more; submission show --json has them all\n` : "");
}
