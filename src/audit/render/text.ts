/** A report as a page of text that a lawyer can read: what was asked, every step in order, its evidence, and the verdict. */
import type { AuditReport, AuditStep, Fact, Table } from "../report.js";

const width = 100;

export function renderText(report: AuditReport): string {
  return [
    report.title,
    `Reference time ${report.at.slice(0, 19).replace("T", " ")} UTC`,
    ...report.facts.map(({ label, value }) => `${label}: ${value}`),
    "",
    ...section("Figures", factLines(report.figures)),
    ...report.steps.flatMap((step, i) => stepLines(step, i + 1)),
    ...report.tables.flatMap(tableLines),
    ...section(
      "To bear in mind",
      report.notes.flatMap((note) => wrap(note, "  - ")),
    ),
    ...wrap(`Verdict: ${report.conclusion}`, ""),
  ].join("\n");
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines, ""];
}

function factLines(facts: readonly Fact[]): string[] {
  const longest = Math.max(0, ...facts.map(({ label }) => label.length));
  return facts.map(({ label, value }) => `  ${label.padEnd(longest)}  ${value}`);
}

function stepLines(step: AuditStep, number: number): string[] {
  const mark = step.result === "proven" ? "proven" : `REFUSED ${step.code ?? ""}`.trim();
  const lines = step.evidence.flatMap((sentence) => wrap(sentence, "     "));
  return [`${String(number).padStart(2)}. ${step.title}: ${mark} (${step.clause})`, ...lines, ""];
}

function tableLines({ title, columns, rows }: Table): string[] {
  const marked = rows.some(({ mark }) => mark !== undefined);
  const verdict = { proven: "proven", refused: "REFUSED" } as const;
  const heads = [...(marked ? [""] : []), ...columns.map((column) => column.toUpperCase())];
  const cells = rows.map(({ cells: own, mark }) => [...(marked ? [mark ? verdict[mark] : ""] : []), ...own]);
  const widths = heads.map((_, i) => Math.max(...[heads, ...cells].map((row) => (row[i] ?? "").length)));
  const line = (row: readonly string[]) =>
    `  ${row.map((cell, i) => cell.replace(/\s+/g, " ").padEnd(widths[i] as number)).join("  ")}`.trimEnd();
  return [title, line(heads), ...cells.map(line), ""];
}

function wrap(text: string, indent: string): string[] {
  const hanging = " ".repeat(indent.length);
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(" ")) {
    if (line.trim() !== "" && line.length + word.length + 1 > width) {
      lines.push(line);
      line = `${hanging}  `;
    }
    line += line.trim() === "" || line === indent ? word : ` ${word}`;
  }
  return [...lines, line];
}
