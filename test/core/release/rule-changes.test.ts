import { describe, expect, it } from "vitest";
import { feedName, releaseNumber } from "../../../src/core/brands.js";
import { utf8Text } from "../../../src/core/encoding/bytes.js";
import { sha256Digest } from "../../../src/core/encoding/sha256.js";
import { memorySink, memorySource } from "../../../src/core/encoding/stream.js";
import { type Database, encodeDatabase, openDatabase } from "../../../src/core/format/database.js";
import {
  compareRules,
  describeRuleChanges,
  formatRuleChanges,
} from "../../../src/core/release/rule-changes.js";
import type { RuleKind } from "../../../src/core/rules/model.js";
import { ruleKinds } from "../../../src/core/rules/model.js";
import { ruleLanguage } from "../../../src/core/rules/registry.js";
import { sourceFile } from "../../support/line-languages.js";

type Sources = Partial<Record<RuleKind, Record<string, string>>>;

async function database(sources: Sources): Promise<Database> {
  const sections = ruleKinds.flatMap((kind) => {
    const files = Object.entries(sources[kind] ?? {});
    const language = ruleLanguage(kind);
    const parsed = files.map(([path, text]) => language.parse(sourceFile(path, text)));
    const { records } = language.merge(parsed);
    return records.length === 0 ? [] : [{ kind, order: language.order, records }];
  });
  const sink = memorySink();
  await encodeDatabase(sections, sink, sha256Digest);
  return openDatabase(memorySource(sink.bytes()));
}

const changes = async (before: Sources | undefined, after: Sources) =>
  compareRules(before && (await database(before)), await database(after));

const sigma = (id: string, title: string) =>
  `title: ${title}\nid: ${id}\nlogsource:\n  category: x\ndetection:\n  a:\n    b: c\n  condition: a\n`;
const one = "11111111-1111-4111-8111-111111111111";
const two = "22222222-2222-4222-8222-222222222222";
const rule = (name: string, text = "x") => `rule ${name} { strings: $a = "${text}" condition: $a }\n`;

describe("SPEC §14.4.1 which rules a release changes", () => {
  it("the first release adds all of them", async () => {
    const found = await changes(undefined, { ioc: { "a.txt": "b.example\na.example\n" } });
    expect(found).toEqual({
      ioc: { added: ["a.example", "b.example"], changed: [], removed: [], others: 0 },
    });
  });

  it("the same rules are no change, whatever the files are called and however they are written", async () => {
    const before = { ioc: { "a.txt": "a.example\nb.example\n" }, sigma: { "a.yml": sigma(one, "t") } };
    const after = {
      ioc: { "z.txt": "b.example # why\n", "y.txt": "a.example\n" },
      sigma: { "b.yml": `# comment\n${sigma(one, "t")}` },
    };
    expect(await changes(before, after)).toEqual({});
  });

  const cases: [string, Sources, Sources, Awaited<ReturnType<typeof changes>>][] = [
    [
      "an indicator that came and one that went",
      { ioc: { "a.txt": "a.example\nb.example\n" } },
      { ioc: { "a.txt": "b.example\nc.example\n" } },
      { ioc: { added: ["c.example"], changed: [], removed: ["a.example"], others: 0 } },
    ],
    [
      "a Sigma rule that says something else",
      { sigma: { "a.yml": sigma(one, "t"), "b.yml": sigma(two, "t") } },
      { sigma: { "a.yml": sigma(one, "other"), "b.yml": sigma(two, "t") } },
      { sigma: { added: [], changed: [one], removed: [], others: 0 } },
    ],
    [
      "a Suricata rule that was disabled",
      { suricata: { "a.rules": "alert tcp any any -> any any (sid:5; rev:1;)" } },
      { suricata: { "a.rules": "# alert tcp any any -> any any (sid:5; rev:1;)" } },
      { suricata: { added: [], changed: ["1:5"], removed: [], others: 0 } },
    ],
    [
      "one of two ClamAV signatures of a name",
      { clamav: { "a.hsb": `${"a".repeat(64)}:1:Name:73\n${"b".repeat(64)}:2:Name:73\n` } },
      { clamav: { "a.hsb": `${"a".repeat(64)}:1:Name:73\n` } },
      { clamav: { added: [], changed: ["Name"], removed: [], others: 0 } },
    ],
    [
      "YARA rules that changed places, and one that changed",
      { yara: { "a.yar": rule("A") + rule("B") + rule("C") } },
      { yara: { "a.yar": rule("C") + rule("A") + rule("B", "y") } },
      { yara: { added: [], changed: ["B"], removed: [], others: 0 } },
    ],
    [
      "a YARA file that is called otherwise: its rules stay, its namespace does not",
      { yara: { "a.yar": rule("A") } },
      { yara: { "b.yar": rule("A") } },
      { yara: { added: [], changed: [], removed: [], others: 2 } },
    ],
    [
      "a kind that is gone altogether",
      { yara: { "a.yar": rule("A") }, ioc: { "a.txt": "a.example" } },
      { ioc: { "a.txt": "a.example" } },
      { yara: { added: [], changed: [], removed: ["A"], others: 1 } },
    ],
  ];
  it.each(cases)("%s", async (_name, before, after, expected) => {
    expect(await changes(before, after)).toEqual(expected);
  });

  it("is JSON with an id a line, and a page on which no id becomes markup", async () => {
    const list = {
      added: ["a`b<script>", " x\n# y", "\u202eabc"],
      changed: Array.from({ length: 700 }, (_, i) => `id-${i}`),
      removed: [],
      others: 1,
    };
    const all = {
      feed: feedName("endpoint"),
      release: releaseNumber(3),
      previous: releaseNumber(1),
      kinds: { ioc: list },
    };
    const json = utf8Text(formatRuleChanges(all));
    expect(JSON.parse(json)).toEqual({ schema: 1, ...all });
    expect(json).toContain('\n    "id-17",\n');
    const page = utf8Text(describeRuleChanges(all));
    expect(page).toContain("# Release 3 of feed endpoint, since release 1\n");
    expect(page).toContain("3 added, 700 changed, 0 removed; 1 records beside the rules");
    expect(page).toContain("and 200 more, in changes.json");
    expect(
      page
        .split("\n")
        .filter((line) => line.startsWith("- "))
        .every((line) => /^- (`[^`]*`|and .*)$/.test(line)),
    ).toBe(true);
    expect(page).not.toContain("\u202e");
  });

  it("says so when there is no change", () => {
    const none = {
      feed: feedName("endpoint"),
      release: releaseNumber(2),
      previous: releaseNumber(1),
      kinds: {},
    };
    expect(utf8Text(describeRuleChanges(none))).toContain("No rule was added, changed or removed.");
  });
});
