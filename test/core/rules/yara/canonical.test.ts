/** The canonical form of YARA: every construct, one layout, and nothing lost or invented by a second pass. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { yaraLanguage } from "../../../../src/core/rules/yara/language.js";
import { canonical, errorsOf, exported, parse, withCondition, withStrings } from "./helpers.js";

const fixture = (name: string) =>
  readFileSync(new URL(`../../../fixtures/rules/yara/${name}`, import.meta.url), "utf8");

const stringOf = (declaration: string) => /\$a = .*/.exec(canonical(withStrings(declaration)))?.[0];
const conditionOf = (condition: string) =>
  canonical(withCondition(condition))
    .split("and ")
    .slice(1)
    .join("and ")
    .replace(/\s*\}\n$/, "");

describe("canonical YARA", () => {
  it("writes every construct of the language in one way", () => {
    const source = fixture("everything.yar");
    expect(errorsOf(source)).toEqual([]);
    expect(canonical(source)).toBe(fixture("everything.canonical.yar"));
  });

  it("gives the same records for its own output", () => {
    const first = parse(fixture("everything.yar"));
    const [file] = exported([first]);
    expect(parse(file?.text ?? "", file?.path).records).toEqual(first.records);
  });

  it("forgets comments, white space and line ends", () => {
    const spread = 'rule a // b\r\n:t\r\n{\r\n/* c */strings:$a="x"\r\ncondition:\t$a/**/and\r\ntrue}';
    const dense = 'rule a:t{strings:$a="x"condition:$a and true}';
    expect(parse(spread).records).toEqual(parse(dense).records);
  });

  it.each([
    ['"a\\x41\\x7A"', '"aAz"', "escapes that are not needed"],
    ['"\\xe4\\xb8\\xad"', '"中"', "UTF-8 that was escaped byte by byte"],
    ['"\\x80\\xC3\\xA9"', '"\\x80\\xC3\\xA9"', "bytes that are no UTF-8, all of them"],
    ['"a\tb"', '"a\\tb"', "a raw tab"],
    ['"a\u202eb\u00a0\u200b"', '"a\\xE2\\x80\\xAEb\\xC2\\xA0\\xE2\\x80\\x8B"', "what a reviewer cannot see"],
    ['"\\\\" wide ascii', '"\\\\" ascii wide', "modifiers, in their order"],
    ['"x" xor(0x00-0xff)', '"x" xor', "a range that is the default"],
    ['"x" xor(3-3)', '"x" xor(3)', "a range of one"],
    ["{01  0A[ 2 - 4 ]??}", "{ 01 0A [2-4] ?? }", "hex spacing and case"],
    ["{ 0a [-] ff [ 03 ] 00 }", "{ 0A [-] FF [3] 00 }", "jumps"],
    ["/a\\/[b]/is", "/a\\/[b]/is", "regular expressions, as they are"],
  ])("spells %s as %s: %s", (source, expected) => {
    expect(stringOf(`$a = ${source}`)).toBe(`$a = ${expected}`);
  });

  it.each([
    ["#a==1", "#a == 1"],
    ["0XF == 1 or 0xAB==0xab", undefined],
    ["0xAB==1MB", "0xab == 1MB"],
    ["1+ 2*- 3 ==~0", "1 + 2 * -3 == ~0"],
    ["$a  at  (1)", "$a at (1)"],
    ["uint8 ( 0 )== 1", "uint8(0) == 1"],
    ["@a [ 1 ]>0", "@a[1] > 0"],
    ["(#a+1)*2==4", "(#a + 1) * 2 == 4"],
    ["for any i in(1,2):(@a[i]==0)", "for any i in (1, 2) : (@a[i] == 0)"],
  ])("lays out %s", (source, expected) => {
    if (expected === undefined) expect(errorsOf(withCondition(source))).not.toEqual([]);
    else expect(conditionOf(source)).toBe(expected);
  });

  it("puts imports first, sorted and once, and keeps the order of the rules", () => {
    const text = canonical('import "pe" rule z{condition:true} import "elf" import "pe" rule a{condition:z}');
    expect(text.startsWith('import "elf"\nimport "pe"\n\nrule z\n')).toBe(true);
    expect(text.indexOf("rule z")).toBeLessThan(text.indexOf("rule a"));
  });

  it("takes the order of modifiers of a rule, and doubled ones, for meaningless", () => {
    const [one, other] = [
      "private global private rule a{condition:true}",
      "global private rule a{condition:true}",
    ];
    expect(parse(one).records).toEqual(parse(other).records);
  });

  it("names a rule, and only a rule", () => {
    const { records } = parse("global private rule under_score9 : tag {condition: true}");
    expect(records.map(yaraLanguage.ruleID)).toEqual([undefined, "under_score9"]);
    expect(yaraLanguage.idPrefixes("under_score9")).toEqual([]);
  });

  it("says at which line each record starts", () => {
    expect(parse("\n\nrule a {condition: true}\n\nprivate\nrule b {condition: true}").lines).toEqual([
      1, 3, 5,
    ]);
  });

  it("gives no records for a file without rules", () => {
    expect(parse('// nothing\nimport "pe"')).toMatchObject({ records: [], findings: [] });
  });
});
