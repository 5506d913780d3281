/** Numbers and tables for people: units, separators, aligned columns. */

import { columnEdge } from "./fit-tables.js";

export { formatBytes } from "../core/units.js";

/** `1 rule`, `1,204 rules`. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

/** `2026-08-22 09:14 UTC` */
export function formatTime(time: string): string {
  return `${time.slice(0, 10)} ${time.slice(11, 16)} UTC`;
}

/** Columns padded to their widest cell; a first row of headings. Cells are one line each. The printer fits it to the terminal. */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const clean = rows.map((row) => row.map((cell) => cell.replace(/[\s\p{Cc}]+/gu, " ")));
  const all = [headings.map((heading) => heading.toUpperCase()), ...clean];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(columnEdge)
      .replace(/[ \u00a0]+$/, "");
  return all.map(line).join("\n");
}

/** `3 hours`: one number, of the unit that says enough. */
export function formatAge(seconds: number): string {
  if (seconds < 120) return `${seconds} seconds`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} minutes`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} hours`;
  return `${Math.round(seconds / 86_400)} days`;
}

export type Fact = readonly [name: string, value: string | null | undefined];

/** Facts in groups with a blank line between, all values under each other. Groups without a value are left out. */
export function formatGroups(groups: readonly (readonly Fact[])[]): string {
  const shown = groups
    .map((group) => group.filter(([, value]) => Boolean(value)))
    .filter((group) => group.length > 0);
  const width = Math.max(...shown.flat().map(([name]) => name.length));
  return shown
    .map((group) => formatFacts(group.map(([name, value]) => [name.padEnd(width), value])))
    .join("\n\n");
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
