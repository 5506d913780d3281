/** What is left of files with errors: parsed again, it is what was sound before, at the same lines. */
import { describe, expect, it } from "vitest";
import { utf8Bytes, utf8Text } from "../../../src/core/encoding/bytes.js";
import type { RuleKind } from "../../../src/core/rules/model.js";
import { ruleLanguage } from "../../../src/core/rules/registry.js";
import { soundPart } from "../../../src/core/rules/sound-part.js";
import { randomFrom } from "../../support/mutants.js";

const partOf = (kind: RuleKind, path: string, text: string, without: readonly number[] = []) => {
  const file = { path, bytes: utf8Bytes(text) };
  const left = soundPart(file, ruleLanguage(kind).parse(file), new Set(without));
  return left && utf8Text(left);
};

describe("what is sound of a file with errors", () => {
  it.each([
    ["blank where a rule has one", "rule A { condition: $x }\nrule B { condition: true }", 1],
    [
      "with rules on one line told apart",
      "rule A { condition: $x } rule B { condition: true } rule C { bad }",
      0,
    ],
    [
      "without a comment that ends elsewhere",
      "rule A { condition: $x } /* of A\n of B */ rule B { condition: true }",
      1,
    ],
    ["without a stray character", "\u0001\nrule B { condition: true }", 1],
  ])("is %s", (_, text, line) => {
    const left = partOf("yara", "r/a.yar", text) as string;
    expect(left.trim()).toBe("rule B { condition: true }");
    expect(left.split("\n").map(({ length }) => length)).toEqual(
      text.split("\n").map(({ length }) => length),
    );
    expect(left.split("\n")[line]).toContain("rule B");
    expect(left.indexOf("rule B")).toBe(text.indexOf("rule B"));
  });

  it("has the imports that are sound", () => {
    const text =
      'import "pe" import "nothing"\nrule A { condition: pe.is_pe and $x }\nrule B { condition: pe.is_pe }';
    const left = partOf("yara", "r/a.yar", text) as string;
    expect(left.replace(/ {2,}/g, " ").trim()).toBe('import "pe" \n \nrule B { condition: pe.is_pe }');
  });

  it("is nothing when no rule is left", () => {
    expect(partOf("yara", "r/a.yar", 'import "pe"\nrule A { condition: $x }')).toBeUndefined();
    expect(
      partOf("yara", "r/a.yar", "rule A { condition: $x }\nrule B { condition: A }", [2]),
    ).toBeUndefined();
    expect(partOf("clamav", "r/a.ndb", "nonsense\n")).toBeUndefined();
  });

  it("is the lines of rules where rules are lines", () => {
    const lines = ["Desk.A:0:*:6162636465", "nonsense", "Desk.B:0:*:6162636466", "Desk.C:0:*:6162636467", ""];
    const left = partOf("clamav", "r/a.ndb", lines.join("\n"), [3]) as string;
    expect(left.split("\n").map((line) => line.trim())).toEqual([lines[0], "", "", lines[3], ""]);
  });

  it("gives, for any damage, the same records at the same lines and no error", () => {
    const next = randomFrom(11);
    const sound = Array.from({ length: 12 }, (_, i) =>
      i % 3 === 0
        ? `rule R${i} { condition: filesize > ${i} }`
        : `rule R${i} : tag {\n  strings:\n    $a = "text ${i}" // note\n    $b = { 61 6${i % 10} ?? }\n  condition:\n    any of them /* and */\n}`,
    );
    const pieces = [
      "{",
      "}",
      '"',
      "/*",
      "*/",
      "//",
      "\n",
      "rule",
      "condition:",
      "$",
      'include "x"',
      "é",
      "/",
      'import "pe" ',
    ];
    let broken = 0;
    for (let round = 0; round < 3000; round++) {
      let text = sound.join(round % 2 === 0 ? "\n" : " ");
      for (let k = 0; k <= next(3); k++) {
        const at = next(text.length);
        text = text.slice(0, at) + pieces[next(pieces.length)] + text.slice(at + next(3));
      }
      const file = { path: "r/a.yar", bytes: utf8Bytes(text) };
      const parsed = ruleLanguage("yara").parse(file);
      if (!parsed.findings.some(({ severity }) => severity === "error")) continue;
      broken++;
      const left = soundPart(file, parsed, new Set());
      const again = left === undefined ? undefined : ruleLanguage("yara").parse({ ...file, bytes: left });
      expect(again?.findings.filter(({ severity }) => severity === "error") ?? [], text).toEqual([]);
      const rules = (records: readonly string[] = [], lines: readonly number[] = []) =>
        records.flatMap((record, i) => (i > 0 ? [[lines[i], record]] : []));
      expect(rules(again?.records, again?.lines), text).toEqual(rules(parsed.records, parsed.lines));
    }
    expect(broken).toBeGreaterThan(1500);
  });
});
