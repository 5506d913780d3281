/** What an overseer's FAILED verdict says of the first difference: which rule, and what was done to it. */
import { describe, expect, it } from "vitest";
import { explainDifference } from "../../src/assay/explain-difference.js";
import type { Database } from "../../src/core/format/database.js";
import type { RuleKind } from "../../src/core/rules/model.js";
import { ruleLanguage } from "../../src/core/rules/registry.js";
import { utf8Bytes } from "../../src/core/encoding/bytes.js";

/** The records of one kind, as its own parser gives them, in batches as a database does. */
function databaseOf(kind: RuleKind, text: string): Database {
  const { records } = ruleLanguage(kind).parse({ path: "a", bytes: utf8Bytes(text) });
  return {
    async *records(wanted: RuleKind) {
      for (const record of wanted === kind ? records : []) yield [record];
    },
  } as unknown as Database;
}
const hosts = (...names: string[]) => databaseOf("ioc", names.map((name) => `${name}.example\n`).join(""));
const rule = (name: string, text = "bytes") => `rule ${name} { strings: $a = "${text}" condition: $a }\n`;

describe("the first difference", () => {
  it.each<[string, Database, Database, RegExp | undefined]>([
    ["is none", hosts("a", "b"), hosts("a", "b"), undefined],
    [
      "is a rule left out amid others",
      hosts("a", "b", "c"),
      hosts("a", "c"),
      /^ioc rule "b.example" is in the sources and missing from the release \(record 1\)$/,
    ],
    ["is the last rule, left out", hosts("a", "b"), hosts("a"), /"b.example" is in the sources and missing/],
    [
      "is a rule added amid others",
      hosts("a", "c"),
      hosts("a", "b", "c"),
      /^ioc rule "b.example" is in the release and in no source \(record 1\)$/,
    ],
    [
      "is a rule added at the end",
      hosts("a"),
      hosts("a", "b"),
      /"b.example" is in the release and in no source/,
    ],
    [
      "is a rule put in the place of another",
      hosts("a", "b", "d"),
      hosts("a", "c", "d"),
      /^ioc record 1 should be "b.example" and is "c.example", which is in no source$/,
    ],
    [
      "is two rules that changed places",
      hosts("a", "b"),
      hosts("b", "a"),
      /^ioc record 0 should be "a.example" and is "b.example": the order is another$/,
    ],
    [
      "is a rule that says something else",
      databaseOf("yara", rule("A") + rule("B")),
      databaseOf("yara", rule("A") + rule("B", "other")),
      /^yara rule "B" differs from its source \(record 2\), at character \d+: "bytes.*" by the source, "other.*" in the release$/,
    ],
    [
      "is a line that is no rule",
      databaseOf("yara", `import "pe"\n${rule("A")}`),
      databaseOf("yara", rule("A")),
      /^yara record 0 should be without an id \("a pe"\) and is without an id \("a"\), which is in no source$/,
    ],
  ])("%s", async (_what, mine, theirs, said) => {
    const found = await explainDifference(mine, theirs);
    if (said === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(said);
  });
});
