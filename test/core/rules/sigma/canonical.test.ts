/** The canonical form of Sigma: one spelling for one meaning, and no meaning lost. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { byteString, utf8Bytes } from "../../../../src/core/encoding/bytes.js";
import { sigmaLanguage } from "../../../../src/core/rules/sigma/language.js";
import { canonical, exported, parse, someID, withCondition, withDetection } from "./helpers.js";
import { named } from "../../../support/merged.js";

const fixture = (name: string) =>
  readFileSync(new URL(`../../../fixtures/rules/sigma/${name}`, import.meta.url), "utf8");

/** How the value of a field comes out. */
const spelled = (value: string) =>
  canonical(withDetection(`    s:\n        Field: ${value}\n    condition: s`))
    .split("Field: ")[1]
    ?.split("\n    cond")[0];

describe("canonical Sigma", () => {
  it("writes everything in one way", () => {
    const parsed = parse(fixture("everything.yml"));
    expect(parsed.findings).toEqual([]);
    expect(exported([parsed])[0]?.text).toBe(fixture("everything.canonical.yml"));
  });

  it("gives the same records for its own output", () => {
    const first = parse(fixture("everything.yml"));
    const [file] = exported([first]);
    expect(parse(file?.text ?? "", file?.path).records).toEqual(first.records);
  });

  it("forgets comments, quotes, layout, key order and line ends", () => {
    const block = withDetection("    s:\n        A: x # why\n        B:\n        - 1\n    condition: s");
    const flow = `{detection: {condition: 's', "s": {B: [1], A: "x"}}, id: ${someID}, logsource: {category: test}, title: T}`;
    expect(parse(flow).records).toEqual(parse(block).records);
    expect(parse(block.replaceAll("\n", "\r\n")).records).toEqual(parse(block).records);
  });

  it.each([
    ["plain", "plain"],
    ["'plain'", "plain"],
    ["5", "5"],
    ["'5'", "'5'"],
    ["-1", "-1"],
    ["1.0", "1.0"],
    ["'1.0'", "'1.0'"],
    ["0x1F", "0x1F"],
    ["'0x1F'", "'0x1F'"],
    ["1_000", "1_000"],
    ["0o17", "0o17"],
    ["'017'", "'017'"],
    ["1e3", "1e3"],
    ["12:30:45", "12:30:45"],
    ["'12:30:45'", "'12:30:45'"],
    ["2024-01-01", "2024-01-01"],
    ["'2024-01-01'", "'2024-01-01'"],
    ["2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"],
    ["yes", "yes"],
    ["'yes'", "'yes'"],
    ["'off'", "'off'"],
    ["'y'", "'y'"],
    ["TRUE", "true"],
    ["'true'", "'true'"],
    ["~", "null"],
    ["", "null"],
    ["'null'", "'null'"],
    ["'~'", "'~'"],
    ["''", "''"],
    ["'.inf'", "'.inf'"],
    ["'<<'", "'<<'"],
    ["'='", "'='"],
    ["10.0.0.1", "10.0.0.1"],
    ["'10.0.0.1'", "10.0.0.1"],
    ["'a: b'", "'a: b'"],
    ["'a:b'", "a:b"],
    ["'a #b'", "'a #b'"],
    ["'# b'", "'# b'"],
    ["'a:'", "'a:'"],
    ["'- b'", "'- b'"],
    ["'*x'", "'*x'"],
    ["'a '", "'a '"],
    ["' a'", "' a'"],
    ['"it\'s"', "it's"],
    ['"\'s"', "'''s'"],
    ['"a\\tb"', '"a\\tb"'],
    ['"\\u202e\\x01"', '"\\u202e\\x01"'],
    ['"\\U0001F600x"', "'😀x'"],
    ["'\\n'", "\\n"],
    ["'---'", "'---'"],
    ["'...'", "'...'"],
    ["'\\\\srv\\share'", "\\\\srv\\share"],
    ["|-\n            a\n            b", "|-\n            a\n            b"],
    ["|\n            a\n            b", "|\n            a\n            b"],
    [">-\n            a\n            b", "a b"],
    ['"a\\nb\\n\\n"', "|+\n            a\n            b\n"],
    ['" a\\nb"', '" a\\nb"'],
    ['"a\\n\\tb"', '"a\\n\\tb"'],
    ["{}", "{}"],
    ["[]", "[]"],
  ])("spells the value %j as %j", (source, expected) => {
    expect(spelled(source)).toBe(expected);
  });

  it.each([
    ["sel_a   and(not  sel_b)", "sel_a and (not sel_b)"],
    ["'1 OF sel_* AND ALL of them'", "1 of sel_* and all of them"],
    ["( ( sel_a or sel_b ) and _hidden )", "((sel_a or sel_b) and _hidden)"],
    ["any of sel_? and _hidden", "any of sel_? and _hidden"],
    ["'1 of them and _hidden |   count() by  A > 5'", "1 of them and _hidden | count() by A > 5"],
  ])("spells the condition %s as %s", (source, expected) => {
    expect(/condition: (.*)/.exec(canonical(withCondition(source)))?.[1]).toBe(expected);
  });

  it("keeps a list of conditions a list", () => {
    const text = canonical(withDetection("    a: {A: 1}\n    b: {B: 1}\n    condition: [ a , not  b ]"));
    expect(text).toContain("    condition:\n        - a\n        - not b\n");
  });

  it("stores the id once, as bytes, and finds the rule by it", () => {
    const { records } = parse(withDetection("    s: {A: 1}\n    condition: s"));
    const raw =
      "\u0092\u009a\u0069\u000e\u00be\u00f0\u0042\u0004\u00a9\u0028\u00ef\u005e\u0062\u000d\u006f\u00cc";
    expect(records[0]?.slice(0, 16)).toBe(raw);
    expect(records[0]).not.toContain("id:");
    expect(sigmaLanguage.ruleID(records[0] as string)).toBe(someID);
    expect(sigmaLanguage.idPrefixes(someID.toUpperCase())).toEqual([raw]);
    expect(sigmaLanguage.idPrefixes("no uuid")).toEqual([]);
  });

  it("stores text as UTF-8", () => {
    const { records } = parse(withDetection("    s: {A: é}\n    condition: s"));
    expect(records[0]?.endsWith(byteString(utf8Bytes("A: é\n    condition: s\n")))).toBe(false);
    expect(records[0]).toContain(byteString(utf8Bytes("A: 'é'")));
  });
});

describe("files of several documents", () => {
  const other = someID.replace("9", "8");
  const body = "logsource: {category: test}\ndetection: {s: {A: 1}, condition: s}";

  it("gives a rule for each, with its line", () => {
    const parsed = parse(
      `title: A\nid: ${someID}\n${body}\n---\n# comment\ntitle: B\nid: ${other}\n${body}\n---\n`,
    );
    expect(parsed.findings).toEqual([]);
    expect(parsed.lines).toEqual([1, 7]);
  });

  it("shares what is global, until it is reset", () => {
    const text = [
      "action: global\nlogsource: {category: test}\nlevel: low\ndetection: {s: {A: 1}, condition: s}",
      `title: A\nid: ${someID}\nlevel: high`,
      "action: reset",
      `title: B\nid: ${other}`,
    ].join("\n---\n");
    const parsed = parse(text);
    expect(exported([parsed])[0]?.text).toContain("condition: s\nlevel: high\n");
    expect(parsed.findings.map(({ line, code }) => `${line} ${code}`)).toEqual(["12 SIGMA_KIND"]);
  });

  it("repeats the rule before, with changes laid over it", () => {
    const text = `title: A\nid: ${someID}\n${body}\n---\naction: repeat\nid: ${other}\ndetection: {s: {B: 2}}`;
    const texts = exported([parse(text)]).map((file) => file.text);
    expect(texts).toHaveLength(2);
    expect(texts[0]).toContain("    s:\n        A: 1\n        B: 2\n");
  });
});

describe("merging and exporting Sigma", () => {
  const rule = (id: string, level: string) =>
    `title: T\nid: ${id}\nlogsource: {category: test}\ndetection: {s: {A: 1}, condition: s}\nlevel: ${level}`;
  const other = someID.replace("9", "1");

  it("sorts by id and drops exact repetitions, whatever order files come in", () => {
    const files = [
      parse(rule(someID, "low"), "b.yml"),
      parse(rule(other, "low"), "a.yml"),
      parse(rule(someID, "low"), "c.yml"),
    ];
    const merged = named(sigmaLanguage.merge, files);
    expect(merged).toEqual(named(sigmaLanguage.merge, [...files].reverse()));
    expect(merged.findings).toEqual([]);
    expect(merged.records.map(sigmaLanguage.ruleID)).toEqual([other, someID]);
    expect(exported(files).map(({ path }) => path)).toEqual([`${other}.yml`, `${someID}.yml`]);
  });

  it("reports an id that two rules claim, at the later one", () => {
    const files = [parse(rule(someID, "low"), "z/b.yml"), parse(rule(someID, "high"), "a/a.yml")];
    expect(sigmaLanguage.merge(files).findings).toEqual([
      {
        path: "z/b.yml",
        line: 1,
        column: 1,
        severity: "error",
        code: "SIGMA_ID_DUPLICATE",
        message: 'expected a new id, got that of another rule in "a/a.yml" line 1',
      },
    ]);
  });

  it.each(["", "short", "0123456789abcdef", "0123456789abcdefno line"])("refuses to export %j", (record) => {
    expect(() => [...sigmaLanguage.exportFiles([record])]).toThrow("expected a Sigma record");
  });
});
