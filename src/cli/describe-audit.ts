/** An audit as a page that a lawyer can read: what was asked, every step in order, its evidence, and the verdict in one sentence. */
import type { AuditReport, AuditStep } from "../audit/report.js";

const width = 100;

export function describeAudit(report: AuditReport): string {
  const subject =
    report.release === null ? `feed ${report.feed}` : `release ${report.release} of feed ${report.feed}`;
  const steps = report.steps.map((step, i) => describeStep(step, i + 1));
  return [
    `Audit of ${subject}`,
    `Reference time ${report.at.slice(0, 19).replace("T", " ")} UTC`,
    "",
    ...steps,
    conclusion(report, subject),
  ].join("\n");
}

function describeStep(step: AuditStep, number: number): string {
  const mark = step.result === "proven" ? "proven" : `REFUSED ${step.code ?? ""}`.trim();
  const lines = step.evidence.flatMap((sentence) => wrap(sentence, "     "));
  return [`${String(number).padStart(2)}. ${step.title}: ${mark} (${step.clause})`, ...lines, ""].join("\n");
}

function conclusion({ verdict, steps }: AuditReport, subject: string): string {
  if (verdict === "proven") {
    return `Verdict: every one of ${steps.length} steps was proven. ${subject[0]?.toUpperCase()}${subject.slice(1)} is what its signers say it is.`;
  }
  const failed = steps.find(({ result }) => result === "refused");
  return `Verdict: REFUSED at "${failed?.title ?? "the start"}". Nothing that rests on this step may be relied on.`;
}

function wrap(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(" ")) {
    if (line.trim() !== "" && line.length + word.length + 1 > width) {
      lines.push(line);
      line = `${indent}  `;
    }
    line += line.trim() === "" ? word : ` ${word}`;
  }
  return [...lines, line];
}
