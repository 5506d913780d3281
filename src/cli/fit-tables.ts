/**
 * Tables on a terminal: the widest columns give way until a row fits its line, and a cell that was cut says so. On a pipe, and with
 * `--json`, nothing is cut. The edge between two columns is a pair of characters that no cell holds: formatTable makes spaces of them.
 */

export const columnEdge = "\u00a0\u00a0";

const gap = 2;
const cellMin = 6;
const cut = "…";

/** `columns` of the terminal; undefined where there is none. */
export function fitTables(text: string, columns: number | undefined): string {
  const lines = text.split("\n");
  const fitted: string[] = [];
  for (let at = 0; at < lines.length; ) {
    let end = at;
    while (end < lines.length && (lines[end] as string).includes(columnEdge)) end++;
    if (end === at) fitted.push(lines[at++] as string);
    else fitted.push(...fitTable(lines.slice(at, end), columns));
    at = Math.max(at, end);
  }
  return fitted.join("\n");
}

function fitTable(lines: readonly string[], columns: number | undefined): string[] {
  const rows = lines.map((line) => line.split(columnEdge));
  // A head may have no word for the last column.
  const columnsMax = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columnsMax }, (_, i) =>
    Math.max(...rows.map((row) => (row[i] ?? "").trimEnd().length)),
  );
  const whole = () => widths.reduce((sum, width) => sum + width, 0) + gap * (widths.length - 1);
  while (columns !== undefined && whole() > columns) {
    const widest = widths.indexOf(Math.max(...widths));
    const width = widths[widest] as number;
    if (width <= cellMin) break;
    widths[widest] = Math.max(cellMin, width - (whole() - columns), nextWidest(widths, widest) - 1);
  }
  return rows.map((row) =>
    row
      .map((cell, i) => fitCell(cell, widths[i] ?? 0))
      .join(" ".repeat(gap))
      .trimEnd(),
  );
}

/** The widest gives way until it is one of several, then they do in turn. */
function nextWidest(widths: readonly number[], widest: number): number {
  return Math.max(0, ...widths.filter((_, i) => i !== widest));
}

function fitCell(cell: string, width: number): string {
  const text = cell.trimEnd();
  return text.length <= width ? text.padEnd(width) : `${text.slice(0, width - 1)}${cut}`;
}
