/** What bad YARA gets: each fault its code, at its line and column, and none hidden behind another. */
import { describe, expect, it } from "vitest";
import { yaraLanguage } from "../../../../src/core/rules/yara/language.js";
import { errorsOf, parse, places, withCondition, withStrings } from "./helpers.js";

const long = "a".repeat(129);

describe("bad YARA files", () => {
  it.each<[string, string, string[]]>([
    ["an include", 'include "other.yar"\nrule a {condition: true}', ["1:1 YARA_INCLUDE_REFUSED"]],
    ["an include inside a rule", 'rule a {\n include "x"\n condition: true}', ["2:2 YARA_INCLUDE_REFUSED"]],
    ["a byte order mark", "\uFEFFrule a {condition: true}", ["1:1 YARA_CHARACTER"]],
    ["a stray word", "garbage\nrule a {condition: true}", ["1:1 YARA_SYNTAX"]],
    ["letters outside ASCII", "rule a {condition: true é and false}", ["1:25 YARA_CHARACTER"]],
    ["a form feed", "rule a\f{condition: true}", ["1:7 YARA_CHARACTER"]],
    ["an unknown module", 'import "nope"\nrule a {condition: true}', ["1:8 YARA_MODULE_UNKNOWN"]],
    ["an import without quotes", "import pe\nrule a {condition: true}", ["1:8 YARA_SYNTAX"]],
    [
      "an import after a rule of its name",
      'rule pe {condition: true}\nimport "pe"',
      ["2:8 YARA_IMPORT_LATE"],
    ],
    ["an unterminated comment", "rule a {condition: true}\n/* x", ["2:1 YARA_COMMENT_UNTERMINATED"]],
    ["a rule without a name", "rule {condition: true}", ["1:6 YARA_SYNTAX"]],
    ["a keyword as name", "rule condition {condition: true}", ["1:6 YARA_SYNTAX"]],
    ["a name that is too long", `rule ${long} {condition: true}`, ["1:6 YARA_IDENTIFIER_TOO_LONG"]],
    ["a rule twice", "rule a {condition: true}\nrule a {condition: true}", ["2:6 YARA_RULE_DUPLICATE"]],
    ["no tag after a colon", "rule a : {condition: true}", ["1:10 YARA_SYNTAX"]],
    ["a tag twice", "rule a : t t {condition: true}", ["1:12 YARA_TAG_DUPLICATE"]],
    ["an empty rule", "rule a {}", ["1:9 YARA_SYNTAX"]],
    ["a rule that does not end", "rule a {condition: true", ["1:24 YARA_SYNTAX"]],
    ["a brace too many", "rule a {condition: true}}", ["1:25 YARA_SYNTAX"]],
    ["an empty meta section", "rule a {meta: condition: true}", ["1:15 YARA_SYNTAX"]],
    ["a float in meta", "rule a {meta: x = 1.5 condition: true}", ["1:19 YARA_SYNTAX"]],
    ["an empty strings section", "rule a {strings: condition: true}", ["1:18 YARA_SYNTAX"]],
    ["sections out of order", 'rule a {strings: $a="x" meta: x=1 condition: $a}', ["1:25 YARA_SYNTAX"]],
    [
      "a rule that matches a set used before",
      "rule a1 {condition: true}\nrule b {condition:any of (a*)}\nrule a2 {condition: true}",
      ["3:6 YARA_RULE_IN_SET"],
    ],
  ])("reports %s", (_what, source, expected) => {
    expect(places(source)).toEqual(expected);
  });

  it.each<[string, string, string[]]>([
    ["an unknown escape", '$a = "a\\qb"', ["2:8 YARA_ESCAPE"]],
    ["an escape cut short", '$a = "a\\x4"', ["2:8 YARA_ESCAPE"]],
    ["a string without an end", '$a = "abc\n$b = "x"', ["2:6 YARA_STRING_UNTERMINATED"]],
    ["an empty string", '$a = ""', ["2:6 YARA_STRING_EMPTY"]],
    ["a string that is too long", `$a = "${"x".repeat(8191)}"`, ["2:6 YARA_STRING_TOO_LONG"]],
    ["a NUL", '$a = "a\0"', ["2:8 YARA_CHARACTER"]],
    ["a string twice", '$a = "x"\n$a = "y"', ["3:1 YARA_STRING_DUPLICATE"]],
    ["no value", "$a =\n$b = {01}", ["3:1 YARA_SYNTAX"]],
    ["a modifier twice", '$a = "x" wide wide', ["2:15 YARA_MODIFIER"]],
    ["xor with nocase", '$a = "x" xor nocase', ["2:6 YARA_MODIFIER"]],
    ["base64 with fullword", '$a = "x" base64 fullword', ["2:6 YARA_MODIFIER"]],
    ["a range of xor upside down", '$a = "x" xor(9-3)', ["2:13 YARA_MODIFIER"]],
    ["a range of xor beyond a byte", '$a = "x" xor(1-256)', ["2:13 YARA_MODIFIER"]],
    ["a short alphabet", '$a = "x" base64("abc")', ["2:17 YARA_MODIFIER"]],
    ["two alphabets", `$a = "x" base64 base64wide("${"!".repeat(64)}")`, ["2:6 YARA_MODIFIER"]],
    ["xor on a regular expression", "$a = /x/ xor", ["2:10 YARA_SYNTAX"]],
    ["wide on a hex string", "$a = {01} wide", ["2:11 YARA_SYNTAX"]],
    ["a regular expression without an end", "$a = /abc\n$b = {01}", ["2:6 YARA_REGEXP_UNTERMINATED"]],
    ["a hex string without an end", '$a = { 01 02\n$b = "x"', ["2:6 YARA_HEX_UNTERMINATED"]],
    ["half a byte", "$a = { 01 2 03 }", ["2:11 YARA_HEX_SYNTAX"]],
    ["no hex digits", "$a = { 01 GG }", ["2:11 YARA_HEX_SYNTAX"]],
    ["an empty hex string", "$a = { }", ["2:8 YARA_HEX_SYNTAX"]],
    ["a jump at the beginning", "$a = { [2] 01 }", ["2:8 YARA_HEX_JUMP"]],
    ["a jump at the end", "$a = { 01 [2] }", ["2:11 YARA_HEX_JUMP"]],
    ["a jump of nothing", "$a = { 01 [0] 02 }", ["2:11 YARA_HEX_JUMP"]],
    ["a jump upside down", "$a = { 01 [4-2] 02 }", ["2:11 YARA_HEX_JUMP"]],
    ["a jump that is none", "$a = { 01 [x] 02 }", ["2:11 YARA_HEX_JUMP"]],
    ["an open jump inside an alternative", "$a = { ( 01 [2-] 02 | 03 ) }", ["2:13 YARA_HEX_JUMP"]],
    ["a long jump inside an alternative", "$a = { ( 01 [201] 02 | 03 ) }", ["2:13 YARA_HEX_JUMP"]],
    ["an alternative without an end", "$a = { ( 01 | 02 }", ["2:8 YARA_HEX_SYNTAX"]],
    ["a bar outside an alternative", "$a = { 01 | 02 }", ["2:11 YARA_HEX_SYNTAX"]],
    ["an empty alternative", "$a = { ( 01 | ) 02 }", ["2:15 YARA_HEX_SYNTAX"]],
    ["nothing after ~", "$a = { 01 ~ 02 }", ["2:6 YARA_NEEDS_NEWER_ENGINE", "2:11 YARA_HEX_SYNTAX"]],
    ["an empty regular expression", "$a = /a|*/", ["2:9 YARA_REGEXP_SYNTAX"]],
    ["a group without an end", "$a = /a(b/", ["2:8 YARA_REGEXP_SYNTAX"]],
    ["an end without a group", "$a = /ab)/", ["2:9 YARA_REGEXP_SYNTAX"]],
    ["an empty group", "$a = /a()/", ["2:9 YARA_REGEXP_SYNTAX"]],
    ["a class without an end", "$a = /a[bc/", ["2:8 YARA_REGEXP_SYNTAX"]],
    ["a range upside down", "$a = /a[z-a]/", ["2:9 YARA_REGEXP_SYNTAX"]],
    ["letters outside ASCII in a class", "$a = /[aé]/", ["2:9 YARA_REGEXP_SYNTAX"]],
    ["a repetition upside down", "$a = /a{3,2}/", ["2:8 YARA_REGEXP_SYNTAX"]],
    ["a repetition that is too large", "$a = /a{32768}/", ["2:8 YARA_REGEXP_SYNTAX"]],
    ["a repetition of nothing", "$a = /a{0}/", ["2:8 YARA_REGEXP_SYNTAX"]],
    ["a quantifier twice", "$a = /a**/", ["2:9 YARA_REGEXP_SYNTAX"]],
    ["a back-reference", "$a = /(a)\\1/", ["2:10 YARA_REGEXP_SYNTAX"]],
    ["a hex escape cut short", "$a = /a\\xZ/", ["2:8 YARA_REGEXP_SYNTAX"]],
    ["greedy with ungreedy", "$a = /a+b+?c/", ["2:6 YARA_REGEXP_SYNTAX"]],
  ])("reports %s", (_what, strings, expected) => {
    expect(places(withStrings(strings))).toEqual(expected);
  });

  it.each<[string, string, string[]]>([
    ["an unknown string", "$c", ["2:1 YARA_STRING_UNDEFINED"]],
    [
      "an unknown count, offset and length",
      "#c > @d + !e",
      ["2:1", "2:6", "2:11"].map((p) => `${p} YARA_STRING_UNDEFINED`),
    ],
    ["an empty set", "any of ($c*, $a)", ["2:9 YARA_STRING_UNDEFINED"]],
    ["an anonymous string outside a loop", "$", ["2:1 YARA_STRING_ANONYMOUS"]],
    ["an unknown name", "foo", ["2:1 YARA_IDENTIFIER_UNDEFINED"]],
    ["a module without its import", "pe.is_pe", ["2:1 YARA_IDENTIFIER_UNDEFINED"]],
    [
      "an unknown rule in a set",
      "any of (b, c*)",
      ["2:9 YARA_IDENTIFIER_UNDEFINED", "2:12 YARA_IDENTIFIER_UNDEFINED"],
    ],
    ["a truth in a comparison", "($a and $b) == 1", ["2:1 YARA_SYNTAX"]],
    ["a chain of comparisons", "1 < 2 < 3", ["2:7 YARA_SYNTAX"]],
    ["nothing after an operator", "$a and", ["3:1 YARA_SYNTAX"]],
    ["text against a number", '"a" == 1', ["2:5 YARA_TYPE"]],
    ["arithmetic on text", '"a" + 1 == 1', ["2:5 YARA_TYPE"]],
    ["a float among bits", "1.5 & 1 == 1", ["2:5 YARA_TYPE"]],
    ["contains on a number", '1 contains "a"', ["2:3 YARA_TYPE"]],
    ["matches without a regular expression", '"a" matches "b"', ["2:13 YARA_SYNTAX"]],
    ["a division by zero", "1 \\ 0 == 1", ["2:3 YARA_TYPE"]],
    ["an offset that is no integer", '$a at "x"', ["2:7 YARA_TYPE"]],
    ["a range upside down", "$a in (9..3)", ["2:8 YARA_VALUE"]],
    ["a percentage beyond 100", "101% of them", ["2:1 YARA_VALUE"]],
    ["a sum before a percent sign", "1 + 50 % of them", ["2:10 YARA_SYNTAX"]],
    ["an integer that is too large", "filesize > 9223372036854775808", ["2:12 YARA_INTEGER_TOO_LARGE"]],
    ["megabytes that are too many", "filesize > 8796093022208MB", ["2:12 YARA_INTEGER_TOO_LARGE"]],
    ["a loop over strings in another", "for any of them : (for any of them : ($))", ["2:20 YARA_LOOPS"]],
    ["two variables for one value", "for any i, j in (1, 2) : (i == j)", ["2:17 YARA_LOOP_VARIABLE"]],
    [
      "a loop variable twice",
      "for any i in (1) : (for any i in (1) : (i == 1))",
      ["2:29 YARA_LOOP_VARIABLE"],
    ],
    ["a mixed set", 'for any i in (1, "a") : (i == 1)', ["2:18 YARA_TYPE"]],
    ["a loop over a number", "for any i in (1) : (for any j in i : (j == 1))", ["2:34 YARA_TYPE"]],
    ["a member of a rule", "a.b", ["2:1 YARA_TYPE"]],
  ])("reports %s", (_what, condition, expected) => {
    expect(places(withCondition(condition))).toEqual(expected);
  });

  it("reports loops that are too deep", () => {
    const loops = "for all i in (1..2) : (".replace("i", "i%");
    const deep = [1, 2, 3, 4, 5].map((n) => loops.replace("%", String(n))).join("");
    expect(places(withCondition(`${deep}true${")".repeat(5)}`))).toEqual(["2:97 YARA_LOOPS"]);
  });

  it("reports every string that the condition does not use, as the engine would one by one", () => {
    const source = 'rule a { strings:\n$a = "x"\n$b = "y"\n$ = "z"\n$_c = "spare"\ncondition: $b }';
    expect(places(source)).toEqual([
      "2:1 YARA_STRING_UNREFERENCED",
      "4:1 YARA_STRING_UNREFERENCED",
      "5:1 YARA_NEEDS_NEWER_ENGINE",
    ]);
  });

  it("hides no error behind another: in one declaration, one rule, one file", () => {
    const source = [
      "rule one {",
      "  meta:",
      "    a = 1.5",
      '    b = "\\q"',
      "  strings:",
      "    $a = { 0 [x] }",
      '    $b = "" wide wide',
      "    $c : /x/",
      "    $d = /(/",
      "  condition:",
      "    $e and #f > 0 and nothing",
      "}",
      "rule two { condition: and }",
      "rule three { condition: one and two and false",
      "}",
      'rule three : t t { strings: $u = "u" condition: true }',
    ].join("\n");
    expect(places(source)).toEqual([
      "3:9 YARA_SYNTAX",
      "4:10 YARA_ESCAPE",
      "6:5 YARA_STRING_UNREFERENCED",
      "6:12 YARA_HEX_SYNTAX",
      "6:14 YARA_HEX_JUMP",
      "6:14 YARA_HEX_JUMP",
      "7:5 YARA_STRING_UNREFERENCED",
      "7:10 YARA_STRING_EMPTY",
      "7:18 YARA_MODIFIER",
      "8:5 YARA_STRING_UNREFERENCED",
      "8:8 YARA_SYNTAX",
      "9:5 YARA_STRING_UNREFERENCED",
      "9:11 YARA_REGEXP_SYNTAX",
      "11:5 YARA_STRING_UNDEFINED",
      "11:12 YARA_STRING_UNDEFINED",
      "11:23 YARA_IDENTIFIER_UNDEFINED",
      "13:23 YARA_SYNTAX",
      "16:6 YARA_RULE_DUPLICATE",
      "16:16 YARA_TAG_DUPLICATE",
      "16:29 YARA_STRING_UNREFERENCED",
    ]);
    expect(parse(source).records.map(yaraLanguage.ruleID)).toEqual([undefined, "three"]);
  });

  it("speaks plainly", () => {
    expect(errorsOf(withCondition("pe.is_pe"))[0]?.message).toBe(
      'expected a rule or module known here, got "pe"; import "pe" is missing',
    );
    expect(errorsOf("rule a {condition: true")[0]?.message).toBe(
      "expected an operator or }, got the end of the file",
    );
  });

  it.each([
    [[0x72, 0xff], 1, 2],
    [[0x0a, 0x2f, 0x2f, 0xc3, 0x28], 2, 3],
    [[0xed, 0xa0, 0x80], 1, 1],
  ])("refuses bytes that are not UTF-8, even in comments: %j", (bytes, line, column) => {
    const parsed = yaraLanguage.parse({ path: "a.yar", bytes: Uint8Array.from(bytes) });
    expect(parsed.records).toEqual([]);
    expect(parsed.findings).toMatchObject([{ line, column, code: "TEXT_NOT_UTF8", severity: "error" }]);
  });

  it.each([
    ["$a = { 01 ~02 }", "a not operator"],
    ["$_a = { 01 }", undefined],
  ])("warns of what older engines of the line do not know: %s", (strings, what) => {
    const codes = parse(withStrings(strings)).findings.map(({ severity, code }) => `${severity} ${code}`);
    expect(codes).toEqual(what === undefined ? [] : ["warning YARA_NEEDS_NEWER_ENGINE"]);
  });
});
