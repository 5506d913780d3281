/** What every rule language that is read line by line must hold, and short forms for tests of them. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { utf8Bytes } from "../../src/core/encoding/bytes.js";
import type { Finding, ParsedFile, RuleLanguage, SourceFile } from "../../src/core/rules/model.js";
import { named } from "./merged.js";

export function sourceFile(path: string, content: string | Uint8Array): SourceFile {
  return { path, bytes: typeof content === "string" ? utf8Bytes(content) : content };
}

/** `line:column CODE`, warnings with a question mark behind. */
export function told(findings: readonly Finding[]): string[] {
  return findings.map(
    ({ line, column, code, severity }) => `${line}:${column} ${code}${severity === "warning" ? "?" : ""}`,
  );
}

/** The exported files of one section as text. */
export function exported(language: RuleLanguage, records: Iterable<string>): Map<string, string> {
  const texts = new Map<string, string>();
  for (const file of language.exportFiles(records)) {
    texts.set(file.path, Array.from(file.chunks, (chunk) => Buffer.from(chunk).toString("utf8")).join(""));
  }
  return texts;
}

/** Exports a section and parses what came out. */
export function parseExport(language: RuleLanguage, records: Iterable<string>): ParsedFile[] {
  return [...language.exportFiles(records)].map((file) => {
    expect(language.accepts(file.path)).toBe(true);
    return language.parse({
      path: file.path,
      bytes: new Uint8Array(Buffer.concat(Array.from(file.chunks, (chunk) => chunk.slice()))),
    });
  });
}

export function errorsOf(files: readonly ParsedFile[]): Finding[] {
  return files.flatMap((file) => file.findings.filter(({ severity }) => severity === "error"));
}

/** Properties and hostile files. `line` makes lines that are rules, nearly rules, or neither. */
export function holdsForLines(language: RuleLanguage, path: string, line: fc.Arbitrary<string>): void {
  const text = fc.array(line, { maxLength: 12 }).map((lines) => lines.join("\n"));

  it("never throws, and every finding points into the file", () => {
    const content = fc.oneof(
      text.map(utf8Bytes),
      fc.uint8Array({ maxLength: 400 }),
      fc.string({ unit: "grapheme", maxLength: 200 }).map(utf8Bytes),
    );
    fc.assert(
      fc.property(content, (bytes) => {
        const parsed = language.parse({ path, bytes });
        const lines = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes).split("\n");
        expect(parsed.records.length).toBe(parsed.lines.length);
        for (const at of parsed.lines) expect(at >= 1 && at <= lines.length).toBe(true);
        for (const { line: at, column } of parsed.findings) {
          expect(at >= 1 && at <= lines.length).toBe(true);
          expect(column >= 1 && column <= (lines[at - 1] as string).length + 1).toBe(true);
        }
      }),
      { numRuns: 400 },
    );
  });

  it("reads back what it exports", () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 3 }), (texts) => {
        const files = texts.map((content, i) => language.parse(sourceFile(`${i}-${path}`, content)));
        const { records } = language.merge(files);
        const back = parseExport(language, records);
        expect(errorsOf(back)).toEqual([]);
        expect(language.merge(back).records).toEqual(records);
        for (const record of records) {
          const id = language.ruleID(record) as string;
          expect(language.idPrefixes(id).some((prefix) => record.startsWith(prefix))).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("merges to the same records, findings and places in any order of files", () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 4 }), (texts) => {
        const files = texts.map((content, i) => language.parse(sourceFile(`${i}-${path}`, content)));
        const merged = named(language.merge, files);
        expect(named(language.merge, [...files].reverse())).toEqual(merged);
        expect([...merged.records].sort()).toEqual(merged.records);
        expect(new Set(merged.records).size).toBe(merged.records.length);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ["one line of 10 MB", () => "a".repeat(10_000_000)],
    ["10 MB of semicolons", () => ";".repeat(10_000_000)],
    ["10 MB of colons", () => ":".repeat(10_000_000)],
    ["10 MB of brackets", () => "[(".repeat(5_000_000)],
    ["10 MB of blanks before a word", () => `${" ".repeat(10_000_000)}x`],
    ["a million short wrong lines", () => "?\n".repeat(1_000_000)],
    ["a million lines that go on", () => "x\\\n".repeat(1_000_000)],
    ["a million rules cut short", () => "alert (\n".repeat(1_000_000)],
    ["NUL bytes", () => "\0".repeat(1_000_000)],
  ])("gets through %s with a bounded number of findings", (_name, make) => {
    const parsed = language.parse(sourceFile(path, make()));
    // An ignore list takes any word as a name.
    expect(parsed.findings.length + parsed.records.length).toBeGreaterThan(0);
    expect(parsed.findings.length).toBeLessThanOrEqual(10_001);
  });

  it("reports lines that are not UTF-8 and goes on with the others", () => {
    const bytes = new Uint8Array([0x23, 0xff, 0x0a, 0x23, 0xc3, 0xa9, 0xed, 0xa0, 0x80, 0x0a, 0x23]);
    expect(told(language.parse(sourceFile(path, bytes)).findings)).toEqual([
      "1:2 TEXT_NOT_UTF8",
      "2:3 TEXT_NOT_UTF8",
    ]);
  });
}
