/** Where a rule comes from, one row a kind of rule and a form of its id: submission, file, lines, author, reviewer. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { releaseNumber } from "../../src/core/brands.js";
import type { RuleKind } from "../../src/core/rules/model.js";
import { explainRule } from "../../src/services/explain-rule.js";
import { ann, ben, type Desk, feed, openDesk } from "./desk.js";

const rea = { name: "rea", roles: ["reviewer"] } as const;
const sigmaID = "11111111-2222-4333-8444-555555555555";
const sigma = `title: T\nid: ${sigmaID}\nlogsource:\n  category: test\ndetection:\n  s:\n    A: 1\n  condition: s\n`;
const suricata = "# why\nalert tcp any any \\\n  -> any any (sid:7; rev:1;)\n";

/** Ruleset, kind, files; who wrote it. Two of them have a YARA rule of one name, and one indicator stands in two. */
const rulesets: readonly (readonly [string, RuleKind, Record<string, string>, typeof ann])[] = [
  ["files", "clamav", { "a.hdb": "d41d8cd98f00b204e9800998ecf8427e:1:Bad.One\n" }, ann],
  ["hosts", "ioc", { "h.txt": "# list\nevil.example\n192.0.2.7\n" }, ann],
  ["hosts-too", "ioc", { "h.txt": "evil.example\n" }, ben],
  ["logs", "sigma", { "r.yml": sigma }, ann],
  ["net", "suricata", { "n.rules": suricata }, ben],
  ["samples", "yara", { "a.yar": "\nrule Twice {\n  condition: true\n}\n" }, ann],
  ["samples-too", "yara", { "b.yar": "private rule Twice { condition: false }\n" }, ben],
];

let desk: Desk;
const submissions = new Map<string, { readonly id: string; readonly digest: string }>();

beforeAll(async () => {
  desk = await openDesk();
  for (const [ruleset, kind, files, by] of rulesets) {
    const submitted = await desk.submit(ruleset, kind, files, { by });
    submissions.set(ruleset, await desk.approve(submitted, rea));
  }
  await desk.release();
});
afterAll(() => desk.close());

const explain = (id: string, kind?: RuleKind, release = 1) =>
  explainRule(desk.context, ann, { feed, release: releaseNumber(release), id, ...(kind && { kind }) });

describe("SPEC §15.1.4 a rule is explained by file, lines, submission, author and reviewer", () => {
  const rows: readonly (readonly [string, RuleKind, string, string, readonly string[]])[] = [
    ["a ClamAV signature", "clamav", "Bad.One", "Bad.One", ["files/a.hdb:1-1 ann"]],
    ["an address", "ioc", "192.0.2.7", "192.0.2.7", ["hosts/h.txt:3-3 ann"]],
    [
      "an indicator of two rulesets",
      "ioc",
      "evil[.]example",
      "evil.example",
      ["hosts/h.txt:2-2 ann", "hosts-too/h.txt:1-1 ben"],
    ],
    ["a Sigma rule", "sigma", sigmaID.toUpperCase(), sigmaID, ["logs/r.yml:1-8 ann"]],
    ["a Suricata rule on two lines", "suricata", "1:7", "1:7", ["net/n.rules:2-3 ben"]],
    ["a Suricata rule by its sid alone", "suricata", "7", "1:7", ["net/n.rules:2-3 ben"]],
  ];

  it.each(rows)("%s", async (_what, kind, asked, id, places) => {
    const [rule, ...others] = await explain(asked);
    expect(others).toEqual([]);
    expect(rule).toMatchObject({ kind, id, history: { since: 1, unchangedSince: 1, complete: true } });
    const found = rule?.places.map((place) => {
      expect(place).toMatchObject({ approvedBy: "rea" });
      const { id: submission, digest: submissionDigest } = submissions.get(place.ruleset) as {
        id: string;
        digest: string;
      };
      expect(place).toMatchObject({ submission, submissionDigest });
      return `${place.ruleset}/${place.path}:${place.firstLine}-${place.lastLine} ${place.author}`;
    });
    expect(found).toEqual(places);
  });

  it("two YARA rules of one name, in two rulesets, are two rules with a place each, by path", async () => {
    const found = await explain("Twice", "yara");
    const places = found.map(({ places: all }) =>
      all.map(({ ruleset, firstLine, lastLine, author }) => `${ruleset}:${firstLine}-${lastLine} ${author}`),
    );
    expect(places).toEqual([["samples-too:1-1 ben"], ["samples:2-4 ann"]]);
  });

  it.each([
    ["an id that nobody has", "Nothing", undefined, 1],
    ["an id of another kind", "Bad.One", "ioc", 1],
    ["a release that is not there", "Bad.One", undefined, 2],
    ["an empty id", "", undefined, 1],
  ] as const)("%s is NOT_FOUND", async (_what, id, kind, release) => {
    await expect(explain(id, kind, release)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
