import { describe, expect, it } from "vitest";
import { assembleSections } from "../../../src/core/rules/assemble.js";
import type { ParsedFile, RuleKind } from "../../../src/core/rules/model.js";
import { ruleLanguage } from "../../../src/core/rules/registry.js";
import { sourceFile, told } from "../../support/line-languages.js";

const texts: readonly (readonly [RuleKind, string, string])[] = [
  ["yara", "y/b.yar", "rule second { condition: true }"],
  ["yara", "y/a.yar", "rule first { condition: true }"],
  // Between them in byte order, behind both in UTF-16 order.
  ["yara", "y/\uffee.yar", "rule third { condition: true }"],
  ["yara", "y/\u{1f98a}.yar", "rule fourth { condition: true }"],
  ["suricata", "s/b.rules", "alert tcp any any -> any any (sid:5; rev:1;)"],
  [
    "suricata",
    "s/a.rules",
    "alert tcp any any -> any any (sid:5; rev:2;)\nalert tcp any any -> any any (sid:4;)",
  ],
  ["ioc", "i/a.txt", "b.example\na.example"],
  ["ioc", "i/b.txt", "a.example\n# nothing"],
  ["clamav", "c/empty.ign2", "# nothing"],
];

function parsed(order: readonly (readonly [RuleKind, string, string])[]): Map<RuleKind, ParsedFile[]> {
  const files = new Map<RuleKind, ParsedFile[]>();
  for (const [kind, path, text] of order) {
    const file = ruleLanguage(kind).parse(sourceFile(path, text));
    expect(file.findings).toEqual([]);
    files.set(kind, [...(files.get(kind) ?? []), file]);
  }
  return files;
}

describe("the sections of a database", () => {
  const { sections, findings } = assembleSections(parsed(texts));

  it("stand in the order of the kinds, empty ones left out", () => {
    expect(sections.map(({ kind, order }) => [kind, order])).toEqual([
      ["ioc", "sorted"],
      ["suricata", "sorted"],
      ["yara", "sequence"],
    ]);
  });

  it("hold sorted records once, and sequences in byte order of their paths", () => {
    const ids = sections.map(({ kind, records }) =>
      records.map((record) => ruleLanguage(kind).ruleID(record)).filter(Boolean),
    );
    expect(ids).toEqual([
      ["a.example", "b.example"],
      ["1:4", "1:5"],
      ["first", "second", "third", "fourth"],
    ]);
  });

  it("come with what shows only when files meet", () => {
    expect(told(findings)).toEqual(["1:1 SURICATA_SID_SUPERSEDED?"]);
  });

  it("do not depend on the order of files or kinds", () => {
    expect(assembleSections(parsed([...texts].reverse()))).toEqual({ sections, findings });
  });

  it("are none when there is nothing", () => {
    expect(assembleSections(new Map())).toEqual({ sections: [], findings: [] });
  });
});
