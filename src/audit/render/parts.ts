/** Parts of a page that needs nothing else: no script, no address, and a policy that forbids both. */
import type { Fact, Table, Verdict } from "../report.js";
import { element, escaped } from "./markup.js";
import { styleOf } from "./style.js";

export const verdictWords: Readonly<Record<Verdict, string>> = { proven: "Proven", refused: "REFUSED" };
const noSources = "default-src 'none'; style-src 'unsafe-inline'";

/** @param kind what stands over its title and, printed, at the foot of every sheet. @param body markup */
export function wholePage(kind: string, title: string, body: string): string {
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${noSources}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escaped(title)}</title>`,
    `<style>${styleOf(kind)}</style></head>`,
    element("body", "", element("main", "", body)),
    "</html>\n",
  ].join("\n");
}

/** What the page is, its title, and in a sentence what it comes to. */
export function pageHead(kind: string, title: string, mark: string, word: string, said: string): string {
  return [
    element("p", 'class="over"', escaped(kind)),
    element("h1", "", escaped(title)),
    element(
      "div",
      `class="verdict ${mark}"`,
      element("strong", "", escaped(word)),
      element("p", "", escaped(said)),
    ),
  ].join("");
}

/** Nothing where there is nothing to show. */
export function part(title: string, content: string, count: number | undefined): string {
  if (count === undefined || count === 0) return "";
  return element("section", "", element("h2", "", escaped(title)), content);
}

export function factList(facts: readonly Fact[]): string {
  const rows = facts.map(
    ({ label, value }) => element("dt", "", escaped(label)) + element("dd", "", escaped(value)),
  );
  return element("dl", 'class="facts"', ...rows);
}

export function figureList(list: readonly Fact[]): string {
  const cells = list.map(({ label, value }) =>
    element("div", "", element("span", "", escaped(label)), element("b", "", escaped(value))),
  );
  return element("div", 'class="figures"', ...cells);
}

export function noteList(notes: readonly string[]): string {
  return element("ul", 'class="notes"', ...notes.map((note) => element("li", "", escaped(note))));
}

export function tableOf({ columns, rows }: Pick<Table, "columns" | "rows">): string {
  const marked = rows.some(({ mark }) => mark !== undefined);
  const heads = [...(marked ? [""] : []), ...columns].map((name) => element("th", "", escaped(name)));
  const lines = rows.map(({ cells, mark }) => {
    const attributes = mark === undefined ? "" : `class="mark ${mark}"`;
    const verdict = element("td", attributes, mark ? verdictWords[mark] : "");
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
