/** Numbers and tables for people: units, separators, aligned columns. */

export { formatBytes } from "../core/units.js";

/** `1 rule`, `1,204 rules`. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

/** `2026-08-22 09:14 UTC` */
export function formatTime(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 16)} UTC`;
}

/** Columns padded to their widest cell; a first row of headings. Cells are one line each. */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const clean = rows.map((row) => row.map((cell) => cell.replace(/[\s\p{Cc}]+/gu, " ")));
  const all = [headings.map((heading) => heading.toUpperCase()), ...clean];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return all.map(line).join("\n");
}

/**
 * `name   value` lines, names padded; pairs without a value are left out, further lines of a value are
 * indented.
 */
export function formatFacts(facts: readonly (readonly [string, string | null | undefined])[]): string {
  const shown = facts.filter((fact): fact is readonly [string, string] => Boolean(fact[1]));
  const width = Math.max(...shown.map(([name]) => name.length));
  const indent = `\n${" ".repeat(width + 2)}`;
  return shown
    .map(([name, value]) => `${name.padEnd(width)}  ${value.trim().replace(/\r?\n/g, indent)}`)
    .join("\n");
}
