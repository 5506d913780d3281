/** A verdict on a certificate or a signature, for people: one line a check, its evidence below. */
import type { AuditStep } from "../audit/report.js";

export interface Verdict {
  readonly verdict: "proven" | "refused";
  readonly at: string;
  readonly checks: readonly AuditStep[];
  readonly revocation?: string;
}

export function describeVerdict({ verdict, at, checks, revocation }: Verdict): string {
  const lines = checks.flatMap(({ title, clause, result, code, evidence }) => [
    `${result === "proven" ? "proven " : "REFUSED"} ${title} (${clause})${code === undefined ? "" : `: ${code}`}`,
    ...evidence.map((sentence) => `        ${sentence}`),
  ]);
  const last = verdict === "proven" ? "Verdict: proven" : `Verdict: REFUSED, ${checks.at(-1)?.code ?? ""}`;
  const asked = revocation === undefined || revocation === "asked" ? [] : [`Revocation was ${revocation}.`];
  return [...lines, ...asked, `${last}, as of ${at}.`].join("\n");
}
