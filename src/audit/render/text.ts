/** A report as a page of text that a lawyer can read: what was asked, every step in order, its evidence, and the verdict. */
import type { AuditReport, AuditStep, Fact, Table } from "../report.js";

const width = 100;

export function renderText(report: AuditReport): string {
  return [
    ...wrap(report.title, ""),
    `Reference time ${report.at.slice(0, 19).replace("T", " ")} UTC`,
    ...report.facts.flatMap(({ label, value }) => wrap(`${label}: ${value}`, "")),
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
  return facts.flatMap(({ label, value }) => wrap(value, `  ${label.padEnd(longest)}  `));
}

function stepLines(step: AuditStep, number: number): string[] {
  const mark = step.result === "proven" ? "proven" : `REFUSED ${step.code ?? ""}`.trim();
  const lines = step.evidence.flatMap((sentence) => wrap(sentence, "     "));
  return [
    ...wrap(`${step.title}: ${mark} (${step.clause})`, `${String(number).padStart(2)}. `),
    ...lines,
    "",
  ];
}

function tableLines({ title, columns, rows }: Table): string[] {
  const marked = rows.some(({ mark }) => mark !== undefined);
  const verdict = { proven: "proven", refused: "REFUSED" } as const;
  const heads = [...(marked ? [""] : []), ...columns.map((column) => column.toUpperCase())];
  const cells = rows.map(({ cells: own, mark }) => [...(marked ? [mark ? verdict[mark] : ""] : []), ...own]);
  const all = [heads, ...cells].map((row) => row.map((cell) => cell.replace(/\s+/g, " ")));
  const widths = columnWidths(all);
  return [title, ...all.flatMap((row) => rowLines(row, widths)), ""];
}

const columnGap = 2;

/** As wide as their cells, as far as the page allows: the widest give way. */
function columnWidths(rows: readonly (readonly string[])[]): number[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? "").length)));
  const room = width - columnGap * widths.length;
  for (let over = sum(widths) - room; over > 0; over--) {
    const widest = widths.indexOf(Math.max(...widths));
    widths[widest] = (widths[widest] as number) - 1;
  }
  return widths;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** One row, in as many lines as its longest cell needs. */
function rowLines(row: readonly string[], widths: readonly number[]): string[] {
  const folded = row.map((cell, i) => foldWords(cell, widths[i] as number));
  const count = Math.max(1, ...folded.map((lines) => lines.length));
  return Array.from({ length: count }, (_, at) => {
    const parts = folded.map((lines, i) => (lines[at] ?? "").padEnd(widths[i] as number));
    return `${" ".repeat(columnGap)}${parts.join(" ".repeat(columnGap))}`.trimEnd();
  });
}

/** Broken at blanks; a word that is too long, such as a digest, where it ends. */
function foldWords(text: string, room: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    let rest = word;
    if (line !== "" && line.length + 1 + rest.length > room) {
      lines.push(line);
      line = "";
    }
    for (; rest.length > room; rest = rest.slice(room)) lines.push(rest.slice(0, room));
    line = line === "" ? rest : `${line} ${rest}`;
  }
  return line === "" ? lines : [...lines, line];
}

/** Sentences, with an indent for what is carried over. */
function wrap(text: string, indent: string): string[] {
  const hanging = " ".repeat(indent.length + 2);
  return foldWords(text, width - hanging.length).map((line, i) => `${i === 0 ? indent : hanging}${line}`);
}
