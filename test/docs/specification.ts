/** docs/SPEC.md as data: its clauses, and who cites them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = new URL("../..", import.meta.url).pathname;

export interface Clause {
  readonly number: string;
  readonly text: string;
}

export interface Citation {
  readonly number: string;
  /** `src/…/file.ts:12` */
  readonly place: string;
}

/** Every numbered heading and every clause, in order. A clause reaches to the next one. */
export function readClauses(): Clause[] {
  const clauses: { number: string; text: string }[] = [];
  for (const line of readFileSync(join(root, "docs/SPEC.md"), "utf8").split("\n")) {
    const number = /^(?:#{2,3}|-) (\d+(?:\.\d+)*) /.exec(line)?.[1];
    if (number !== undefined) clauses.push({ number, text: line });
    else if (clauses.length > 0) (clauses.at(-1) as { text: string }).text += `\n${line}`;
  }
  return clauses;
}

/** `SPEC §6.3.2`, also in rows such as `SPEC §3, §4` and `SPEC §5.4.7 and §5.4.8`. */
export function readCitations(folder: "src" | "test"): Citation[] {
  return sourceFiles(folder).flatMap((file) =>
    readFileSync(join(root, file), "utf8")
      .split("\n")
      .flatMap((line, i) => citedIn(line).map((number) => ({ number, place: `${file}:${i + 1}` }))),
  );
}

export function citedIn(line: string): string[] {
  const rows = line.match(/SPEC §\d+(?:\.\d+)*(?:(?:,| and|, and) §\d+(?:\.\d+)*)*/g) ?? [];
  return rows.flatMap((row) => (row.match(/\d+(?:\.\d+)*/g) ?? []) as string[]);
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((name) => `${folder}/${name}`)
    .filter((name) => /\.tsx?$/.test(name) && !name.startsWith("test/docs/spec"));
}
