/** What bad Sigma gets: each fault its code, at its line and column, and none hidden behind another. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sigmaLanguage } from "../../../../src/core/rules/sigma/language.js";
import { exported, parse, places, someID, withCondition, withDetection, withField } from "./helpers.js";

const sound = "    s: {A: 1}\n    condition: s";

describe("bad Sigma rules", () => {
  it.each<[string, string, string[]]>([
    ["an empty file", "", ["1:1 SIGMA_DOCUMENT"]],
    ["comments alone", "# nothing\n", ["1:1 SIGMA_DOCUMENT"]],
    ["a list", "- title: x", ["1:1 SIGMA_DOCUMENT"]],
    ["a word", "word", ["1:1 SIGMA_DOCUMENT"]],
    ["no YAML", "title: [", ["1:9 SIGMA_YAML"]],
    ["a tab as indent", "a:\n\tb: 1", ["2:1 SIGMA_YAML"]],
    ["a colon too many", "title: a: b", ["1:8 SIGMA_YAML"]],
    ["an unknown escape", 'title: "\\q"', ["1:9 SIGMA_YAML"]],
    ["no title", withDetection(sound).replace("title: T\n", ""), ["1:1 SIGMA_TITLE_MISSING"]],
    ["an empty title", withDetection(sound).replace("title: T", "title:"), ["1:7 SIGMA_TITLE_MISSING"]],
    ["a title of two lines", withDetection(sound).replace("T", '"a\\nb"'), ["1:8 SIGMA_TITLE_MISSING"]],
    ["no id", withDetection(sound).replace(/id: .*\n/, ""), ["1:1 SIGMA_ID_MISSING"]],
    ["an id that is no UUID", withDetection(sound).replace(someID, "my-rule"), ["2:5 SIGMA_ID_MALFORMED"]],
    ["an id that is a list", withDetection(sound).replace(someID, "[a]"), ["2:5 SIGMA_ID_MALFORMED"]],
    [
      "no logsource",
      withDetection(sound).replace("logsource:\n    category: test\n", ""),
      ["1:1 SIGMA_LOGSOURCE"],
    ],
    [
      "a logsource of one word",
      withDetection(sound).replace(":\n    category: test", ": windows"),
      ["3:12 SIGMA_LOGSOURCE"],
    ],
    ["no detection", withDetection(sound).replace(/detection:.*/s, ""), ["1:1 SIGMA_KIND"]],
    ["two kinds", withField("filter: {}"), ["1:1 SIGMA_KIND"]],
    ["an empty detection", withDetection("    {}"), ["6:5 SIGMA_DETECTION"]],
    ["no condition", withDetection("    s: {A: 1}"), ["6:5 SIGMA_CONDITION"]],
    ["an empty condition", withDetection("    s: {A: 1}\n    condition:"), ["7:15 SIGMA_CONDITION"]],
    [
      "a condition that is a mapping",
      withDetection("    s: {A: 1}\n    condition: {a: b}"),
      ["7:16 SIGMA_CONDITION"],
    ],
    ["a selection of one word", withDetection("    s: word\n    condition: s"), ["6:8 SIGMA_SELECTION"]],
    ["an empty selection", withDetection("    s: []\n    condition: s"), ["6:8 SIGMA_SELECTION"]],
    [
      "an alias",
      withDetection("    s: &a {A: 1}\n    t: *a\n    condition: s or t"),
      ["6:11 SIGMA_YAML_ALIAS", "7:8 SIGMA_YAML_ALIAS"],
    ],
    ["a tag", withField("level: !!str low"), ["8:14 SIGMA_YAML_TAG"]],
    ["a tag of somebody's own", withField("level: !x low"), ["8:8 SIGMA_YAML", "8:11 SIGMA_YAML_TAG"]],
    ["a key twice", withField("level: low\nlevel: high"), ["9:1 SIGMA_YAML_KEY"]],
    ["a key that is a list", withField("? [a]\n: b"), ["8:3 SIGMA_YAML_KEY"]],
    ["a key that is too long", withField(`${"k".repeat(300)}: b`), ["8:1 SIGMA_YAML_KEY"]],
    ["an unknown action", `action: maybe\n${withDetection(sound)}`, ["1:9 SIGMA_ACTION"]],
    ["a repetition of nothing", "action: repeat\ntitle: x", ["1:9 SIGMA_ACTION"]],
  ])("reports %s", (_what, source, expected) => {
    expect(places(source)).toEqual(expected);
  });

  it.each<[string, string, string[]]>([
    ["an unknown selection", "sel_a and sel_c", ["9:26 SIGMA_SELECTION_UNDEFINED"]],
    ["an unknown pattern", "1 of other_* or 1 of them", ["9:21 SIGMA_SELECTION_UNDEFINED"]],
    ["an unknown name in quotes", "'sel_a and sel_c'", ["9:27 SIGMA_SELECTION_UNDEFINED"]],
    ["an unknown name behind an escape", '"sel_a\\tand sel_c"', ["9:16 SIGMA_SELECTION_UNDEFINED"]],
    ["every unknown name", "x or y", ["9:16 SIGMA_SELECTION_UNDEFINED", "9:21 SIGMA_SELECTION_UNDEFINED"]],
    ["an operator at the end", "sel_a and", ["9:25 SIGMA_CONDITION_SYNTAX"]],
    ["two operators", "sel_a and or sel_b", ["9:26 SIGMA_CONDITION_SYNTAX"]],
    ["no operator", "sel_a sel_b", ["9:22 SIGMA_CONDITION_SYNTAX"]],
    ["a parenthesis left open", "(sel_a", ["9:22 SIGMA_CONDITION_SYNTAX"]],
    ["a parenthesis too many", "sel_a)", ["9:21 SIGMA_CONDITION_SYNTAX"]],
    ["another number", "2 of sel_*", ["9:18 SIGMA_CONDITION_SYNTAX"]],
    ["nothing of", "1 of", ["9:20 SIGMA_CONDITION_SYNTAX"]],
    ["them alone", "them", ["9:16 SIGMA_CONDITION_SYNTAX"]],
    ["a wildcard without of", "sel_*", ["9:16 SIGMA_CONDITION_SYNTAX"]],
    ["a sign", "sel_a && sel_b", ["9:22 SIGMA_CONDITION_SYNTAX"]],
    ["a pipe at the beginning", "'| count() > 5'", ["9:17 SIGMA_CONDITION_SYNTAX", "9:17 SIGMA_AGGREGATION"]],
    ["an aggregation, as a warning", "all of sel_* and _hidden | count() > 5", ["9:41 SIGMA_AGGREGATION"]],
    ["unused selections, as warnings", "sel_a", ["7:5 SIGMA_SELECTION_UNUSED", "8:5 SIGMA_SELECTION_UNUSED"]],
  ])("reports %s in a condition", (_what, condition, expected) => {
    expect(places(withCondition(condition))).toEqual(expected);
  });

  it.each<[string, string, string[]]>([
    ["is sound", "type: event_count\n  rules: [a]\n  timespan: 10m", []],
    ["has no type", "rules: [a]\n  timespan: 10m", ["4:3 SIGMA_CORRELATION"]],
    ["has an unknown type", "type: guess\n  rules: [a]\n  timespan: 10m", ["4:9 SIGMA_CORRELATION"]],
    ["has no rules", "type: temporal\n  rules: []\n  timespan: 10m", ["5:10 SIGMA_CORRELATION"]],
    ["has no good timespan", "type: temporal\n  rules: [a]\n  timespan: long", ["6:13 SIGMA_CORRELATION"]],
    [
      "has nothing right",
      "x: y",
      ["4:3 SIGMA_CORRELATION", "4:3 SIGMA_CORRELATION", "4:3 SIGMA_CORRELATION"],
    ],
  ])("a correlation that %s", (_what, body, expected) => {
    expect(places(`title: T\nid: ${someID}\ncorrelation:\n  ${body}\n`)).toEqual(expected);
  });

  it("checks filters like rules", () => {
    const filter = (condition: string) =>
      `title: F\nid: ${someID}\nlogsource: {category: test}\nfilter:\n  rules: [a]\n  sel: {A: 1}\n  condition: ${condition}\n`;
    expect(places(filter("not sel"))).toEqual([]);
    expect(places(filter("not other"))).toEqual(["7:18 SIGMA_SELECTION_UNDEFINED"]);
  });

  it("hides no error behind another, and keeps the sound documents of a file", () => {
    const text = [
      "x: [",
      "title: 1\nid: 2",
      withDetection(sound),
      "detection: {s: 5, condition: s and t}",
    ].join("\n---\n");
    const parsed = parse(text);
    expect(new Set(parsed.findings.map(({ code }) => code))).toEqual(
      new Set([
        "SIGMA_YAML",
        "SIGMA_ID_MALFORMED",
        "SIGMA_KIND",
        "SIGMA_TITLE_MISSING",
        "SIGMA_ID_MISSING",
        "SIGMA_LOGSOURCE",
        "SIGMA_SELECTION",
        "SIGMA_SELECTION_UNDEFINED",
      ]),
    );
    expect(parsed.records.map(sigmaLanguage.ruleID)).toEqual([someID]);
  });

  it("refuses bytes that are not UTF-8", () => {
    const parsed = sigmaLanguage.parse({ path: "a.yml", bytes: Uint8Array.from([0x61, 0x0a, 0x62, 0xff]) });
    expect(parsed.findings).toMatchObject([{ line: 2, column: 2, code: "TEXT_NOT_UTF8" }]);
  });
});

it("stops at keys on one line that are too deep for the reader itself", () => {
  const bytes = new TextEncoder().encode(`title: x\ndetection:\n  condition: ${"a: ".repeat(20_000)}\n`);
  const { findings } = sigmaLanguage.parse({ path: "r/x.yml", bytes });
  expect(findings).toContainEqual(expect.objectContaining({ code: "SIGMA_NESTING", line: 3 }));
});

describe("hostile Sigma", () => {
  const megabyte = 1024 * 1024;

  it.each<[string, string]>([
    ["brackets", "["],
    ["braces", "{a: "],
    ["dashes", "- "],
    ["quotes", '"'],
    ["colons", ": "],
    ["question marks", "? "],
    ["anchors", "&a "],
    ["aliases", "*a "],
    ["tags", "!!x "],
    ["pipes", "|\n "],
    ["documents", "---\n"],
    ["directives", "%\n"],
    ["tabs", "\t\n"],
    ["keys", "a: b\n"],
    ["controls", "\u0001"],
    ["rules", "title: a\n---\n"],
  ])("survives a flood of %s", (_what, piece) => {
    const parsed = parse(piece.repeat(Math.ceil(megabyte / piece.length / 8)));
    expect(parsed.findings.length).toBeGreaterThan(0);
    expect(parsed.records).toEqual([]);
  });

  it.each([
    ["flow", `a: ${"[".repeat(5000)}${"]".repeat(5000)}`],
    ["block", Array.from({ length: 500 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
    ["lists", `${"- ".repeat(5000)}a`],
  ])("stops at nesting that is too deep: %s", (_what, text) => {
    expect(parse(text).findings.map(({ code }) => code)).toEqual(["SIGMA_NESTING"]);
  });

  it("stops at a condition that is too deep, and takes one that is long", () => {
    expect(places(withCondition(`${"(".repeat(5000)}sel_a${")".repeat(5000)}`))[0]).toContain(
      "SIGMA_CONDITION_SYNTAX",
    );
    const long = Array(20_000).fill("not not sel_a").join(" and ");
    expect(parse(withCondition(long)).records).toHaveLength(1);
    expect(parse(withCondition(`1 of ${"*a".repeat(20_000)}b*`)).records).toHaveLength(0);
  });

  it("stops when a shared part multiplies", () => {
    const shared = Array.from({ length: 20_000 }, (_, i) => `k${i}: v`).join("\n");
    const codes = parse(`action: global\n${shared}${"\n---\na: b".repeat(1000)}`).findings.map(
      ({ code }) => code,
    );
    expect(codes).toContain("SIGMA_ACTION");
    expect(codes.length).toBeLessThan(200);
  });

  it("refuses a file that is larger than any of rules", () => {
    expect(places(" ".repeat(5 * megabyte))).toEqual(["1:1 SIGMA_FILE_TOO_LARGE"]);
  });

  it("does not let a small file grow: no aliases", () => {
    const lines = ["a: &a [x, x]", ...Array.from({ length: 30 }, (_, i) => `b${i}: &b${i} [*a, *a]`)];
    expect(new Set(parse(lines.join("\n")).findings.map(({ code }) => code))).toEqual(
      new Set(["SIGMA_YAML_ALIAS"]),
    );
  });

  it("never throws, and always says where", () => {
    const word = fc.constantFrom(
      ..."title: id: logsource: detection: condition: s: a b - [ ] { } , : ? & * ! | > ' \" % @ ` # --- ... | > 1 of them and or not ( )".split(
        " ",
      ),
      "\n",
      "\n  ",
      "\n    ",
      "\t",
      "é",
      "\0",
      "\u2028",
      someID,
      "action: global",
      "action: repeat",
    );
    const words = fc.array(word, { maxLength: 40 }).map((all) => all.join(" "));
    const rule = words.map((inner) => withDetection(`    s: {A: 1}\n    condition: ${inner}`));
    fc.assert(
      fc.property(fc.oneof(words, rule, fc.string({ unit: "binary", maxLength: 100 })), (source) => {
        const parsed = parse(source);
        const lines = new TextDecoder().decode(new TextEncoder().encode(source)).split("\n");
        for (const { line, column } of parsed.findings) {
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(lines.length);
          expect(column).toBeGreaterThanOrEqual(1);
          expect(column).toBeLessThanOrEqual((lines[line - 1] as string).length + 1);
        }
        for (const file of exported([parsed])) expect(parse(file.text).records.length).toBe(1);
      }),
      { numRuns: 1500 },
    );
  });

  it("writes any text so that it is read as the same text, by any key and in any place", () => {
    const value = fc.oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.string({ unit: fc.constantFrom(..." \n\t\r:#-'\"\\ab1.?*&!|>%@`,[]{}é中😀\u2028\u202e\u0085") }),
    );
    // A lone half of a character has no UTF-8; the file would hold U+FFFD in its place.
    const text = value.filter((one) => new TextDecoder().decode(new TextEncoder().encode(one)) === one);
    fc.assert(
      fc.property(
        text,
        text.filter((one) => one.length < 100),
        (one, key) => {
          const quoted = JSON.stringify(one);
          const source = withDetection(
            `    s:\n        - ${JSON.stringify(key)}: ${quoted}\n          L: [${quoted}, ${quoted}]\n    condition: s`,
          );
          const first = parse(source);
          expect(first.findings.filter(({ code }) => code !== "SIGMA_YAML_KEY")).toEqual([]);
          for (const file of exported([first])) expect(parse(file.text).records).toEqual(first.records);
        },
      ),
      { numRuns: 1500 },
    );
  });
});
