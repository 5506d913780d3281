/** Slow and over-broad rules get a warning with a code and a line; ordinary ones get none. */
import { performance } from "node:perf_hooks";
import { describe, expect, it } from "vitest";
import type { RuleKind } from "../../../../src/core/rules/model.js";
import { withQuality } from "../../../../src/core/rules/quality/judge.js";
import { regexpHazard } from "../../../../src/core/rules/quality/regexps.js";
import { ruleLanguage } from "../../../../src/core/rules/registry.js";

const names = { yara: "a.yar", suricata: "a.rules", sigma: "a.yml", clamav: "a.ndb", ioc: "a.txt" } as const;

function codes(kind: RuleKind, text: string, name: string = names[kind]): string[] {
  const parsed = ruleLanguage(kind).parse({ path: `r/${name}`, bytes: new TextEncoder().encode(text) });
  expect(parsed.findings.filter(({ severity }) => severity === "error")).toEqual([]);
  const { findings } = withQuality(kind, parsed);
  return findings
    .filter(({ code }) => /^RULE_|^INDICATOR_/.test(code))
    .map(({ code, line }) => `${code}:${line}`);
}

describe("a regular expression", () => {
  it.each([
    ["(a+)+", "nested"],
    ["(a*)*b", "nested"],
    ["((ab)+c?)*", "nested"],
    ["(?:x|x)+", "nested"],
    ["(.|a)*", "nested"],
    ["(a{2,}){3,}", "nested"],
    ["(\\w|\\d)+", "nested"],
    ["([a-f]x|[e-z]y)*", "nested"],
    ["((?:ab)c|(?:ad)e)+", "nested"],
    ["a*a*a*b", "nested"],
    ["\\d+\\w*[0-9a-f]+!", "nested"],
    ["((ab)|(cd))+", undefined],
    ["([a-f]|[^a-f])+", undefined],
    ["a*b*a*b*", undefined],
    ["a*a*!a*a*", undefined],
    ["\\s+\\w+\\s+", undefined],
    ["\\x41*[\\x42-\\x5a]*A*", undefined],
    ["a.*b", "unbounded"],
    ["a.+?b", "unbounded"],
    ["a.{3,}b", "unbounded"],
    ["(ab|cd)+", undefined],
    ["[a-z+*]+x{1,9}", undefined],
    ["a.{0,100}b", undefined],
    ["\\(a+\\)+", undefined],
    ["(a{2}){3}", undefined],
    ["[^]]+[\\]]+", undefined],
    ["", undefined],
  ])("%j is %s", (source, expected) => {
    expect(regexpHazard(source)).toBe(expected);
  });

  it.each(["(", "[", "(a|", "\\", "(?<x", "a{9,"])("of a million %j takes no time", (part) => {
    const began = performance.now();
    regexpHazard(part.repeat(1_000_000 / part.length));
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

const yara = (strings: string, condition = "any of them") =>
  `rule a {\n  strings:\n    ${strings}\n  condition:\n    ${condition}\n}\n`;
const suricata = (options: string, header = "alert tcp any any -> any 80") =>
  `${header} (msg:"x"; ${options} sid:1; rev:1;)\n`;
const sigma = (detection: string) =>
  `title: Wide\nid: 10000000-0000-4000-8000-000000000001\nlogsource:\n  product: windows\n` +
  `detection:\n  selection:\n    ${detection}\n  condition: selection\n`;

describe("a rule", () => {
  it.each<[RuleKind, string, string[]]>([
    ["yara", yara('$a = "four"'), []],
    ["yara", yara('$a = "abc"'), ["RULE_ATOM_SHORT:1"]],
    ["yara", yara('$a = "ab" wide'), []],
    ["yara", yara("$a = { 00 ?? 01 ?? }"), ["RULE_ATOM_SHORT:1"]],
    ["yara", yara("$a = { 4D 5A ?? 01 }"), []],
    ["yara", yara("$a = /evil.*bad/"), ["RULE_REGEXP_UNBOUNDED:1"]],
    ["yara", yara("$a = /evil(a+)+bad/"), ["RULE_REGEXP_CATASTROPHIC:1"]],
    ["yara", "rule b { condition: true }\n", ["RULE_TOO_BROAD:1"]],
    ["yara", "rule b { condition: filesize > 1 }\n", []],
    ["suricata", suricata('content:"evil";'), []],
    ["suricata", suricata('content:"|00 01 02 03|";'), []],
    ["suricata", suricata('content:"ev";'), ["RULE_ATOM_SHORT:1"]],
    ["suricata", suricata('pcre:"/evil/";'), ["RULE_ATOM_SHORT:1"]],
    ["suricata", suricata('content:"evil"; pcre:"/(a+)+b/";'), ["RULE_REGEXP_CATASTROPHIC:1"]],
    ["suricata", suricata("", "alert ip any any -> any any"), ["RULE_TOO_BROAD:1"]],
    ["suricata", suricata("dsize:>100;", "alert ip any any -> any any"), []],
    ["sigma", sigma("Image|endswith: '\\evil.exe'"), []],
    ["sigma", sigma("Image: '*'"), ["RULE_TOO_BROAD:1"]],
    ["sigma", sigma("Image|contains: 'a'"), ["RULE_TOO_BROAD:1"]],
    ["sigma", sigma("Image|re: '(a+)+b'"), ["RULE_REGEXP_CATASTROPHIC:1"]],
    ["clamav", "Desk.One:0:*:6162636465\n", []],
  ])("of %s: %j gives %j", (kind, text, expected) => {
    expect(codes(kind, text)).toEqual(expected);
  });

  it("of clamav is known by the hash of nothing", () => {
    expect(codes("clamav", "d41d8cd98f00b204e9800998ecf8427e:68:Empty\n", "a.hdb")).toEqual([
      "RULE_TOO_BROAD:1",
    ]);
  });
});

describe("an indicator", () => {
  it.each([
    ["bad.example.org", []],
    ["*.ru", ["INDICATOR_TOO_BROAD:1"]],
    ["*.co.uk", ["INDICATOR_TOO_BROAD:1"]],
    ["github.io", ["INDICATOR_TOO_BROAD:1"]],
    ["evil.github.io", []],
    ["www.google.com", ["INDICATOR_POPULAR:1"]],
    ["www.www.google.com", []],
    ["www.googletagmanager.com:443", ["INDICATOR_POPULAR:1"]],
    ["blob.core.windows.net", ["INDICATOR_TOO_BROAD:1"]],
    ["a.blob.core.windows.net", []],
    [`*.${"a".repeat(58)}`, ["INDICATOR_TOO_BROAD:1"]],
    ["http://google.com/evil", []],
    ["8.8.8.8", ["INDICATOR_POPULAR:1"]],
    ["10.1.2.3", ["INDICATOR_RESERVED:1"]],
    ["172.20.0.1", ["INDICATOR_RESERVED:1"]],
    ["172.32.0.1", []],
    ["192.168.1.1:80", ["INDICATOR_RESERVED:1"]],
    ["100.64.3.2", ["INDICATOR_RESERVED:1"]],
    ["224.0.0.1", ["INDICATOR_RESERVED:1"]],
    ["85.0.0.0/8", ["INDICATOR_TOO_BROAD:1"]],
    ["85.1.0.0/16", []],
    ["fe80::1", ["INDICATOR_RESERVED:1"]],
    ["2001:db8::1", ["INDICATOR_RESERVED:1"]],
    ["2a02:1200::1", []],
    ["2000::/3", ["INDICATOR_TOO_BROAD:1"]],
    ["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", ["INDICATOR_COMMON:1"]],
    ["d41d8cd98f00b204e9800998ecf8427f", []],
  ])("%j gives %j", (text, expected) => {
    expect(codes("ioc", `${text}\n`)).toEqual(expected);
  });
});
