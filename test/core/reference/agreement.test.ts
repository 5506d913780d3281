/** Sources over which two readers could disagree, and over which ours once did. */
import { describe, expect, it } from "vitest";
import { byteString, utf8Bytes } from "../../../src/core/encoding/bytes.js";
import type { RuleKind } from "../../../src/core/rules/model.js";
import { readByBoth } from "./both.js";

const names: Readonly<Record<RuleKind, string>> = {
  clamav: "clamav/x.ldb",
  ioc: "ioc/x.txt",
  sigma: "sigma/x.yml",
  suricata: "suricata/x.rules",
  yara: "yara/x.yar",
};
const both = (kind: RuleKind, text: string, path = names[kind]) =>
  readByBoth(kind, { path, bytes: utf8Bytes(text) });

const header = "alert tcp any any -> any any";
const rule = (options: string) => `${header} (${options} sid:5;)\n`;
const yara = (strings: string, condition: string) =>
  `rule a { strings: ${strings} condition: ${condition} }\nrule b { condition: true }\n`;
const sigma = (detection: string, more = "") =>
  `title: x\nid: 7c5d2a1e-0000-4000-8000-0123456789ab\nlogsource:\n    product: p\n${more}detection:\n${detection}`;
const selection = (lines: string) => sigma(`    s:\n${lines}    condition: s\n`);

/** How many rules both find, kind, and the source. */
const rows: readonly (readonly [number, RuleKind, string, string])[] = [
  // found by the second implementation: the byte a0 is white space to `trim`, and the second byte of à
  [1, "suricata", "a character whose last byte is a0", rule("metadata:who à, what x;")],
  [1, "suricata", "a reference that ends in such a character", rule("reference:url,a/à;")],
  [1, "suricata", "a no-break space around a value", rule("classtype:\u00a0x\u00a0;")],
  // more than a call has room for arguments
  [2, "yara", "a very long condition", `rule a { condition: ${Array(400_000).fill("true").join(" or ")} }`],
  // found by the second implementation: what the lexer refused did not count as an error of the rule
  [2, "yara", "an escape that is none", yara('$x = "a\\qb"', "$x")],
  [2, "yara", "a character that is no sign", yara('$x = "ab"', "$x § and true")],
  [2, "yara", "an include within a rule", yara('$x = "ab"', '$x include "y"')],
  [2, "yara", "a module that no engine has", 'import "nope"\nrule a { condition: true }\n'],
  [
    1,
    "sigma",
    "a flow collection over several lines",
    selection("        F: [a,\n            'b c', \"d\\te\"]\n"),
  ],
  [1, "sigma", "text over several lines", selection("        F: one\n          two\n\n          three\n")],
  [
    1,
    "sigma",
    "folded text",
    selection("        F: >\n            one\n            two\n\n              deep\n            three\n"),
  ],
  [
    1,
    "sigma",
    "literal text with a kept end",
    selection("        F: |+\n            one\n\n            two\n\n\n"),
  ],
  [1, "sigma", "an indent that is given", selection("        F: |2-\n            one\n          two\n")],
  [
    1,
    "sigma",
    "quotes within quotes",
    selection("        F: 'it''s \"x\"'\n        G: \"a\\x41\\u00e9 \\\n            b\"\n"),
  ],
  [
    1,
    "sigma",
    "a list at the column of its key",
    selection("        F:\n        - a\n        - b: c\n          d: e\n"),
  ],
  [
    1,
    "sigma",
    "lists in lists",
    selection("        F:\n            - - a\n              - b\n            - []\n            - {}\n"),
  ],
  [
    1,
    "sigma",
    "comments everywhere",
    sigma("    # c\n    s: # d\n        F: a#b # e\n    condition: s\n", "# f\n"),
  ],
  [1, "sigma", "values that are nothing", selection("        F:\n        G: ~\n        H: ''\n")],
  [
    1,
    "sigma",
    "line ends of Windows",
    selection("        F: |\n            a\n            b\n").replace(/\n/g, "\r\n"),
  ],
  [0, "sigma", "an anchor", selection("        F: &a x\n")],
  [0, "sigma", "a key twice", selection("        F: a\n        F: b\n")],
  [0, "sigma", "a tab before a key", selection("\t    F: a\n")],
  [0, "sigma", "a quote that is not closed", selection("        F: 'a\n")],
  [1, "sigma", "a pair in a list", selection("        F: [a: b]\n")],
  [3, "yara", "sets of rules", "rule a1 { condition: true }\nrule c { condition: 1 of (a*, a1) }\n"],
  [
    3,
    "yara",
    "signs, calls and indexes",
    'import "pe"\nrule a { strings: $x = "ab" condition: - 1 < ~ 2 and pe.sections [ 0 ].name == "x" and (@x [ 1 ] - 2 > uint16 ( 0 ) or !x[1] == 3) }\nrule b { condition: a }\n',
  ],
  [
    3,
    "yara",
    "modifiers and their defaults",
    yara(
      '$x = "ab" wide xor(0-255) ascii $y = "cd" base64("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") $z = { 4d 5A ?? ~0a [2-4] ( 01 | 02 0? ) /* c */ } private',
      "all of them",
    ),
  ],
  [2, "yara", "a string that nobody uses", yara('$x = "ab"', "true")],
  [3, "yara", "text that nobody sees", yara('$x = "a\\x00\\xc3\\xa9\\xff\u200b\u00e9"', "$x")],
  [
    7,
    "ioc",
    "every form of a host",
    "a.b\n*.A.b\n.a.b.\n1.2.3.4:80\n[::1]:5\nbücher.example\nx.y/z\nevil\n1.2.3\n",
  ],
  [
    5,
    "ioc",
    "indicators made harmless",
    "hxxps://a[.]b/c\n1[.]2[.]3[.]4\na(dot)b\n[a-z]{2}\\.com\nfxp://x.y[:]21/\n",
  ],
  [
    3,
    "clamav",
    "logical signatures",
    "A;Engine:51-255,Target:1;(0&01)>1,2|1=0;6162??63;EP+0:AABB*CCDD::wi\nB;Target:0;0;!(aa|bb)ccdd{2-}eeff\nC;Target:0;0&1;aabb;0/re\\/x;y/i\nD;Target:0;0;aa*bb\n",
  ],
];

describe("both implementations", () => {
  it.each(rows)("SPEC §3.7.4 find %i records in %s: %s", (count, kind, _what, source) => {
    const { first, second } = both(kind, source);
    expect(second).toEqual(first);
    expect(first).toHaveLength(count);
  });

  it("keep the whole character in what they write", () => {
    const { first } = both("suricata", rule("metadata:who à, what x;"));
    expect(first[0]).toContain(byteString(utf8Bytes("metadata:who à, what x;")));
  });

  it.each<[string, string, number]>([
    [
      "hdb",
      `${"aB".repeat(16)}:0012:Name\n${"a".repeat(32)}:*:Any:73\n${"a".repeat(32)}:*:Any\n${"a".repeat(30)}:1:Short\n`,
      2,
    ],
    ["msb", `44:${"0".repeat(64)}:Name:10:20\n0:${"0".repeat(64)}:Zero\n`, 1],
    ["ndb", "A:1:EP+0,3:AABBcc(L)dd\nB:0:EP+0:aabbcc\nC:*:*:aabb\nD:0:EOF-10:aa[1-3]bbccdd\n", 2],
    ["ign2", `Name\nName:${"F".repeat(32)}\ndb:12:Name\nNa me\n`, 3],
  ])("find the same in a file .%s", (extension, source, count) => {
    const { first, second } = both("clamav", source, `clamav/x.${extension}`);
    expect(second).toEqual(first);
    expect(first).toHaveLength(count);
  });
});
