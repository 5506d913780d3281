/**
 * A report as one HTML file that needs nothing else. Printed, it is a document for a file: A4, page numbers, no row cut in two, a place for
 * the auditor's signature.
 */
import type { AuditReport, AuditStep } from "../report.js";
import { renderChain } from "./chain-svg.js";
import { renderChart } from "./chart-svg.js";
import { element, escaped } from "./markup.js";
import {
  factList,
  figureList,
  noteList,
  pageHead,
  part,
  tableOf,
  verdictWords as words,
  wholePage,
} from "./parts.js";

const kind = "Rulemint audit report";

export function renderHTML(report: AuditReport): string {
  const { title, chain, charts, figures, steps, tables, notes } = report;
  const items = steps.map((step, i) => stepItem(step, i + 1));
  const body = [
    head(report),
    part("Figures", figureList(figures), figures.length),
    part("Who vouches for what", chain === null ? "" : renderChain(chain), chain?.lanes.length),
    ...charts.map((chart) => part(chart.title, renderChart(chart), chart.bars.length)),
    part("Steps", element("ol", 'class="steps"', ...items), steps.length),
    ...tables.map((table) => part(table.title, tableOf(table), table.rows.length)),
    part("To bear in mind", noteList(notes), notes.length),
    signing(),
  ];
  return wholePage(kind, title, body.join(""));
}

function head({ title, at, verdict, conclusion, facts }: AuditReport): string {
  const time = `${at.slice(0, 19).replace("T", " ")} UTC`;
  // The word stands before it already.
  const said = conclusion.replace(/^REFUSED at/, "At");
  return (
    pageHead(kind, title, verdict, words[verdict], said) +
    factList([{ label: "Reference time", value: time }, ...facts])
  );
}

function stepItem({ title, clause, result, evidence, code }: AuditStep, number: number): string {
  const said = code === undefined ? words[result] : `${words[result]} ${code}`;
  return element(
    "li",
    "",
    element("span", 'class="number"', String(number)),
    element("h3", "", escaped(title)),
    element("span", `class="result ${result}"`, escaped(said), element("small", "", escaped(clause))),
    element("ul", 'class="evidence"', ...evidence.map((line) => element("li", "", escaped(line)))),
  );
}

function signing(): string {
  const fields = ["Auditor", "Place, date", "Signature"].map((name) => element("div", "", name));
  return element("div", 'class="signing"', ...fields);
}
