/**
 * A report as one HTML file that needs nothing else: no script, no address, and a policy that forbids both. Printed, it is a document
 * for a file: A4, page numbers, no row cut in two, a place for the auditor's signature.
 */
import type { AuditReport, AuditStep, Fact, Table, Verdict } from "../report.js";
import { renderChain } from "./chain-svg.js";
import { renderChart } from "./chart-svg.js";
import { element, escaped } from "./markup.js";
import { style } from "./style.js";

const words: Readonly<Record<Verdict, string>> = { proven: "Proven", refused: "REFUSED" };
const noSources = "default-src 'none'; style-src 'unsafe-inline'";

export function renderHTML(report: AuditReport): string {
  const { title, chain, charts, steps, tables, notes } = report;
  const body = element(
    "main",
    "",
    ...head(report),
    ...part("Figures", figures(report.figures), report.figures.length),
    ...part("Who vouches for what", chain === null ? "" : renderChain(chain), chain?.lanes.length),
    ...charts.flatMap((chart) => part(chart.title, renderChart(chart), chart.bars.length)),
    ...part(
      "Steps",
      element("ol", 'class="steps"', ...steps.map((step, i) => stepItem(step, i + 1))),
      steps.length,
    ),
    ...tables.flatMap((table) => part(table.title, tableOf(table), table.rows.length)),
    ...part(
      "To bear in mind",
      element("ul", 'class="notes"', ...notes.map((note) => element("li", "", escaped(note)))),
      notes.length,
    ),
    signing(),
  );
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${noSources}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escaped(title)}</title>`,
    `<style>${style}</style></head>`,
    element("body", "", body),
    "</html>\n",
  ].join("\n");
}

function head(report: AuditReport): string[] {
  const { title, at, verdict, conclusion, facts } = report;
  const time = `${at.slice(0, 19).replace("T", " ")} UTC`;
  return [
    element("p", 'class="over"', "Rulemint audit report"),
    element("h1", "", escaped(title)),
    element(
      "div",
      `class="verdict ${verdict}"`,
      element("strong", "", words[verdict]),
      // The word stands before it already.
      element("p", "", escaped(conclusion.replace(/^REFUSED at/, "At"))),
    ),
    factList([{ label: "Reference time", value: time }, ...facts]),
  ];
}

function part(title: string, content: string, count: number | undefined): string[] {
  if (count === undefined || count === 0) return [];
  return [element("section", "", element("h2", "", escaped(title)), content)];
}

function factList(facts: readonly Fact[]): string {
  const rows = facts.map(
    ({ label, value }) => element("dt", "", escaped(label)) + element("dd", "", escaped(value)),
  );
  return element("dl", 'class="facts"', ...rows);
}

function figures(list: readonly Fact[]): string {
  const cells = list.map(({ label, value }) =>
    element("div", "", element("span", "", escaped(label)), element("b", "", escaped(value))),
  );
  return element("div", 'class="figures"', ...cells);
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

function tableOf({ columns, rows }: Table): string {
  const marked = rows.some(({ mark }) => mark !== undefined);
  const heads = [...(marked ? [""] : []), ...columns].map((name) => element("th", "", escaped(name)));
  const lines = rows.map(({ cells, mark }) => {
    const verdict = element("td", mark === undefined ? "" : `class="mark ${mark}"`, mark ? words[mark] : "");
    const own = cells.map((cell) => element("td", "", escaped(cell)));
    return element("tr", "", ...(marked ? [verdict] : []), ...own);
  });
  return element(
    "table",
    "",
    element("thead", "", element("tr", "", ...heads)),
    element("tbody", "", ...lines),
  );
}

function signing(): string {
  const fields = ["Auditor", "Place, date", "Signature"].map((name) => element("div", "", name));
  return element("div", 'class="signing"', ...fields);
}
