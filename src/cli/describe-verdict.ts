/** A verdict on a certificate or a signature, for people: one line a check, its evidence below. */
import type { AuditStep } from "../audit/report.js";

export interface Verdict {
  readonly verdict: "proven" | "refused";
  readonly at: string;
  readonly checks: readonly AuditStep[];
}

export function describeVerdict({ verdict, at, checks }: Verdict): string {
  const lines = checks.flatMap(({ title, clause, result, code, evidence }) => [
    `${result === "proven" ? "proven " : "REFUSED"} ${title} (${clause})${code === undefined ? "" : `: ${code}`}`,
    ...evidence.map((sentence) => `        ${sentence}`),
  ]);
  const last = verdict === "proven" ? "Verdict: proven" : `Verdict: REFUSED, ${checks.at(-1)?.code ?? ""}`;
  return [...lines, `${last}, as of ${at}.`].join("\n");
}
