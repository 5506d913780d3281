import { describe, expect, it } from "vitest";
import { sha256Hex } from "../../../src/core/brands.js";
import { RulemintError } from "../../../src/core/errors.js";
import { type ParsedRevision, compileSections, sourcePath } from "../../../src/core/release/compile.js";
import type { Revision } from "../../../src/core/release/model.js";
import type { RuleKind, Section } from "../../../src/core/rules/model.js";
import { ruleLanguage } from "../../../src/core/rules/registry.js";
import { sourceFile } from "../../support/line-languages.js";

const digest = sha256Hex("0".repeat(64));

function revision(
  ruleset: string,
  kind: RuleKind,
  texts: Readonly<Record<string, string>>,
  choices: Partial<Pick<Revision, "leaveOutInvalid" | "leftOut">> = {},
): ParsedRevision {
  const files = Object.keys(texts).map((path) => ({ path, sha256: digest, bytes: 1 }));
  const approval = { submission: "s", digest, author: "ann", approvedBy: "ben", approvedAt: "t" };
  const made = { ruleset, kind, ...approval, leaveOutInvalid: false, leftOut: [], ...choices, files };
  const parsed = Object.entries(texts).map(([path, text]) =>
    ruleLanguage(kind).parse(sourceFile(sourcePath(made, { path }), text)),
  );
  return { revision: made, files: parsed };
}

const revisions = [
  revision("y", "yara", {
    "b.yar": "rule second { condition: true }",
    "a.yar": "rule first { condition: true }",
    // Between them in byte order, behind both in UTF-16 order.
    "\uffee.yar": "rule third { condition: true }",
    "\u{1f98a}.yar": "rule fourth { condition: true }",
  }),
  revision("s", "suricata", {
    "b.rules": "alert tcp any any -> any any (sid:5; rev:1;)",
    "a.rules": "alert tcp any any -> any any (sid:5; rev:2;)\nalert tcp any any -> any any (sid:4;)",
  }),
  revision("i", "ioc", { "a.txt": "b.example\na.example" }),
  revision("j", "ioc", { "b.txt": "a.example\n# nothing" }),
  revision("c", "clamav", { "empty.ign2": "# nothing" }),
];

const idsOf = (section: Section | undefined): string[] =>
  (section?.records ?? []).flatMap((record) => ruleLanguage(section?.kind as RuleKind).ruleID(record) ?? []);

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof RulemintError) return error.code;
    throw error;
  }
  return "none";
}

describe("the sections of a database", () => {
  const sections = compileSections(revisions);

  it("stand in the order of the kinds, empty ones left out", () => {
    expect(sections.map(({ kind, order }) => [kind, order])).toEqual([
      ["ioc", "sorted"],
      ["suricata", "sorted"],
      ["yara", "sequence"],
    ]);
  });

  it("hold sorted records once, and sequences in byte order of their paths", () => {
    expect(sections.map(idsOf)).toEqual([
      ["a.example", "b.example"],
      ["1:4", "1:5"],
      ["first", "second", "third", "fourth"],
    ]);
  });

  it("do not depend on the order of revisions or files", () => {
    const turned = revisions.toReversed().map((one) => ({ ...one, files: one.files.toReversed() }));
    expect(compileSections(turned)).toEqual(sections);
  });

  it("are none when there is nothing", () => {
    expect(compileSections([])).toEqual([]);
  });
});

describe("what stops a compilation", () => {
  const sid7 = "alert tcp any any -> any any (sid:7;)";
  const other = { "b.rules": "alert udp any any -> any any (sid:7;)\nalert tcp any any -> any any (sid:8;)" };

  it("is an error in a revision that was approved whole", () => {
    const broken = revision("s", "suricata", { "a.rules": `${sid7}\nalert tcp any` });
    expect(codeOf(() => compileSections([broken]))).toBe("RULES_INVALID");
  });

  it("is no error when the revision was approved without the rules that have one", () => {
    const texts = { "a.rules": `${sid7}\nalert tcp any` };
    const tolerant = revision("s", "suricata", texts, { leaveOutInvalid: true });
    expect(compileSections([tolerant]).map(idsOf)).toEqual([["1:7"]]);
  });

  it("is a rule of two rulesets, unless one was approved without what clashes", () => {
    const one = revision("one", "suricata", { "a.rules": sid7 });
    expect(codeOf(() => compileSections([one, revision("two", "suricata", other)]))).toBe("RULE_CONFLICT");
    const tolerant = revision("two", "suricata", other, { leaveOutInvalid: true });
    expect(compileSections([one, tolerant]).map(idsOf)).toEqual([["1:7", "1:8"]]);
  });

  it("is not a rule that an engine refused and the approval names", () => {
    const leftOut = [{ path: "b.rules", line: 1 }];
    expect(compileSections([revision("s", "suricata", other, { leftOut })]).map(idsOf)).toEqual([["1:8"]]);
  });
});
