/** YARA that was written to hurt: it gets findings, quickly, and never an exception. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ParsedFile } from "../../../../src/core/rules/model.js";
import { canonical, errorsOf, exported, parse, withCondition, withStrings } from "./helpers.js";

const megabyte = 1024 * 1024;
const codes = (text: string) => new Set(parse(text).findings.map((finding) => finding.code));

/** Positions lie inside the text: a line that exists, a column in it or just behind it. */
function checkPlaces(text: string, { findings }: ParsedFile): void {
  const lines = text.split("\n");
  for (const { line, column } of findings) {
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(lines.length);
    expect(column).toBeGreaterThanOrEqual(1);
    expect(column).toBeLessThanOrEqual((lines[line - 1] as string).length + 1);
  }
}

describe("hostile YARA", () => {
  it.each<[string, string]>([
    ["parentheses", `${"(".repeat(100_000)}true${")".repeat(100_000)}`],
    ["indexes", `${"@a[".repeat(100_000)}1${"]".repeat(100_000)} > 1`],
    ["ranges", `${"#a in (".repeat(100_000)}1..2`],
    ["reads", `${"uint8(".repeat(100_000)}1${")".repeat(100_000)} == 1`],
    ["loops", `${"for all i in (1) : (".repeat(100_000)}true`],
    ["calls", `${"pe.f(".repeat(100_000)}true`],
  ])("stops at %s that are too deep", (_what, condition) => {
    expect(codes(withCondition(condition))).toContain("YARA_NESTING");
  });

  it("stops at groups of a regular expression and of a hex string that are too deep", () => {
    expect(codes(withStrings(`$a = /${"(".repeat(4000)}a${")".repeat(4000)}/`))).toContain("YARA_NESTING");
    expect(codes(withStrings(`$a = {${" (".repeat(4000)} 01${" )".repeat(4000)} }`))).toContain(
      "YARA_NESTING",
    );
  });

  it("takes what is long but not deep", () => {
    expect(errorsOf(withCondition(`${"not ".repeat(200_000)}$a`))).toEqual([]);
    expect(errorsOf(withCondition(`1 == ${"- ~".repeat(100_000)}1`))).toEqual([]);
    expect(errorsOf(withCondition(Array(50_000).fill("$a").join(" and ")))).toEqual([]);
    // Its canonical form has more lines than a call has room for arguments.
    expect(errorsOf(withCondition(Array(400_000).fill("$a").join(" or ")))).toEqual([]);
    expect(errorsOf(withCondition(`1 == ${Array(50_000).fill("1").join(" + ")}`))).toEqual([]);
    expect(errorsOf(withStrings(`$a = {${" 0A".repeat(200_000)} }`))).toEqual([]);
  });

  it("does not let nesting multiply the canonical text", () => {
    const deep = `${"(".repeat(150)}${"$a or $b and ".repeat(1000)}true${")".repeat(150)}`;
    expect(canonical(withCondition(deep)).length).toBeLessThan(40 * deep.length);
  });

  it.each<[string, string]>([
    ["quotes", '"'],
    ["slashes", "/ "],
    ["openings of hex strings", "={"],
    ["openings with comments", "={/*"],
    ["openings on lines", "= { 01\n"],
    ["comments", "/*"],
    ["rules", "rule "],
    ["rules with names", "rule a{"],
    ["modifiers", "private "],
    ["strings", "rule a{strings:$a="],
    ["dollars", "$"],
    ["digits", "9"],
    ["letters", "a"],
    ["words", "a "],
    ["controls", "\u0001"],
    ["accents", "é "],
    ["imports", 'import "'],
    ["includes", 'include "x" '],
    ["brackets", "["],
    ["backslashes", "\\"],
    ["sets", "rule a{condition:any of (a*)}"],
  ])("survives a megabyte of %s", (_what, piece) => {
    const text = piece.repeat(Math.ceil(megabyte / piece.length));
    const parsed = parse(text);
    expect(parsed.findings.length).toBeGreaterThan(0);
    checkPlaces(text, { ...parsed, findings: parsed.findings.slice(0, 50) });
  });

  it.each(["x ", 'rule a { strings: $a = "x" '])("survives a megabyte of modifiers after %s", (before) => {
    expect(codes(before + "private ".repeat(megabyte / 8)).size).toBeGreaterThan(0);
  });

  it.each<[string, string]>([
    ["a class", `[${"a-".repeat(4000)}`],
    ["braces", "a{".repeat(4000)],
    ["ranges", `a${"{1,".repeat(2500)}`],
    ["quantifiers", `a${"*?".repeat(4000)}`],
    ["bars", "|".repeat(8000)],
  ])("survives a regular expression full of %s", (_what, body) => {
    expect(parse(withStrings(`$a = /${body}/`)).path).toBe("set/a.yar");
  });

  const word = fc.constantFrom(
    ..."rule private global import include meta strings condition : = { } ( ) [ ] , . .. $a $b $ $a* #a @a !a 1 1.5 0x1F 10KB".split(
      " ",
    ),
    ..."and or not all any none of them for in at i true false filesize matches contains + - * \\ % & | ^ ~ << < == !=".split(
      " ",
    ),
    ..."wide ascii xor base64 nocase fullword private uint16 entrypoint defined pe a b".split(" "),
    '"text"',
    '"\\x00"',
    '"',
    "/re/i",
    "/",
    "{ 01 ?? }",
    "{",
    "// c\n",
    "/* c */",
    "/*",
    '"pe"',
    "\n",
    "é",
    "\0",
    "\ud800",
  );

  it("never throws, and always says where, whatever the words", () => {
    const text = fc.array(word, { maxLength: 60 }).map((words) => words.join(" "));
    const rule = text.map((inner) => `rule a { strings: $a = "x" $b = { 01 } condition: ${inner} }`);
    fc.assert(
      fc.property(fc.oneof(text, rule, fc.string({ unit: "binary", maxLength: 200 })), (source) => {
        const parsed = parse(source);
        checkPlaces(new TextDecoder().decode(new TextEncoder().encode(source)), parsed);
        // What is accepted is accepted again in its canonical form, and is the same.
        for (const file of exported([parsed]))
          expect(parse(file.text, file.path).records).toEqual(parsed.records);
      }),
      { numRuns: 2000 },
    );
  });

  it("never throws for bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const text = Buffer.from(bytes).toString("latin1");
        expect(() => parse(text)).not.toThrow();
      }),
    );
  });
});
