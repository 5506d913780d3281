import { describe, expect, it } from "vitest";
import { sha256Hex } from "../../../src/core/brands.js";
import { sha256 } from "../../../src/core/encoding/sha256.js";
import { hexText, utf8Bytes } from "../../../src/core/encoding/bytes.js";
import { memorySink, memorySource } from "../../../src/core/encoding/stream.js";
import { sha256Digest } from "../../../src/core/encoding/sha256.js";
import { encodeDatabase, openDatabase } from "../../../src/core/format/database.js";
import { openSourceMap } from "../../../src/core/format/source-map-reader.js";
import { compileSections, type ParsedRevision, sourcePath } from "../../../src/core/release/compile.js";
import type { ReleaseSources, Revision } from "../../../src/core/release/model.js";
import { makeSourceMap, numberedFiles } from "../../../src/core/release/source-map.js";
import type { RuleKind } from "../../../src/core/rules/model.js";
import { ruleLanguage } from "../../../src/core/rules/registry.js";
import { sourceFile } from "../../support/line-languages.js";

const sigma = (id: string, extra = "") =>
  `title: T${extra}\nid: ${id}\nlogsource:\n  category: test\ndetection:\n  s:\n    A: 1\n  condition: s\n`;
const one = "11111111-2222-4333-8444-555555555555";
const two = "11111111-2222-4333-8444-666666666666";

/** Rulesets whose names sort otherwise than their paths do: "-" stands before "/". */
const trees: readonly [string, RuleKind, Record<string, string>, Partial<Revision>?][] = [
  ["a", "ioc", { "z.txt": "# list\nevil.example\n\nbad.example # twice\n", "read.me": "no rules" }],
  ["a-b", "ioc", { "a.txt": "bad.example\nBAD[.]example\n192.0.2.1" }],
  [
    "c",
    "clamav",
    { "x.hdb": "d41d8cd98f00b204e9800998ecf8427e:1:Bad.One\n", "x.ndb": "Bad.One:0:*:aabbccdd" },
  ],
  ["g", "sigma", { "r.yml": `${sigma(one)}\n\n---\n${sigma(two, " 2")}\n`, "s.yml": sigma(one) }],
  [
    "s",
    "suricata",
    {
      "a.rules":
        "# alert tcp any any -> any any (sid:9; rev:1;)\nalert tcp any any \\\n -> any any \\\n (sid:7; rev:2;)",
      "b.rules": "alert tcp any any -> any any (sid:7; rev:1;)",
    },
  ],
  [
    "y",
    "yara",
    {
      "b.yar": 'import "pe"\n\nrule same {\n  condition:\n    true\n}\n',
      "a.yar": "rule same { condition: true } rule next { condition: same }\n",
      "d.yar": "rule gone { condition: true }",
    },
    { leaveOutInvalid: true, leftOut: [{ path: "d.yar", line: 1 }] },
  ],
];

async function world() {
  const parsed: ParsedRevision[] = [];
  for (const [ruleset, kind, texts, choices] of trees) {
    const files = [];
    for (const [path, text] of Object.entries(texts)) {
      files.push({ path, sha256: sha256Hex(hexText(await sha256(utf8Bytes(text)))), bytes: text.length });
    }
    const digest = sha256Hex("0".repeat(64));
    const approval = {
      submission: `s-${ruleset}`,
      digest,
      author: "ann",
      approvedBy: "ben",
      approvedAt: "t",
    };
    const revision = { ruleset, kind, ...approval, leaveOutInvalid: false, leftOut: [], ...choices, files };
    const language = ruleLanguage(kind);
    const sources = Object.entries(texts).map(([path, text]) =>
      sourceFile(sourcePath(revision, { path }), text),
    );
    parsed.push({
      revision,
      files: sources.filter(({ path }) => language.accepts(path)).map(language.parse),
    });
  }
  return parsed;
}

async function mapOf(parsed: readonly ParsedRevision[]) {
  const sources: ReleaseSources = { schema: 1, revisions: parsed.map(({ revision }) => revision) };
  const sections = compileSections(parsed);
  const database = memorySink();
  const { sha256: databaseSha256 } = await encodeDatabase(sections, database, sha256Digest);
  const sink = memorySink();
  const facts = await makeSourceMap({ sources, sections, databaseSha256 }, sink, sha256Digest);
  return { sources, facts, bytes: sink.bytes(), database: database.bytes(), databaseSha256 };
}

/** `ruleset/path:line+lines` for each place of each rule of an id. */
async function placesOf(kind: RuleKind, id: string): Promise<string[][]> {
  const { sources, bytes, database } = await mapOf(await world());
  const files = numberedFiles(sources);
  const map = await openSourceMap(memorySource(bytes));
  const found = [];
  for await (const { number } of (await openDatabase(memorySource(database))).rulesOf(kind, id)) {
    const places = await map.placesOf(kind, number);
    found.push(
      places.map(({ file, line, lines }) => {
        const { revision, file: named } = files[file] as (typeof files)[number];
        return `${sourcePath(revision, named)}:${line}+${lines}`;
      }),
    );
  }
  return found;
}

describe("SPEC §15.1: the source map of a release", () => {
  it.each([
    ["an indicator", "ioc", "evil.example", [["a/z.txt:2+1"]]],
    [
      "an indicator of two rulesets, three times",
      "ioc",
      "bad.example",
      [["a/z.txt:4+1", "a-b/a.txt:1+1", "a-b/a.txt:2+1"]],
    ],
    [
      "an indicator as people write it",
      "ioc",
      "BAD[.]example",
      [["a/z.txt:4+1", "a-b/a.txt:1+1", "a-b/a.txt:2+1"]],
    ],
    ["signatures that share a name", "clamav", "Bad.One", [["c/x.hdb:1+1"], ["c/x.ndb:1+1"]]],
    ["a Sigma rule of two files", "sigma", one, [["g/r.yml:1+8", "g/s.yml:1+8"]]],
    ["the second document of a file", "sigma", two.toUpperCase(), [["g/r.yml:12+8"]]],
    ["the revision of a rule that was taken, on three lines", "suricata", "1:7", [["s/a.rules:2+3"]]],
    ["a sid without its generator", "suricata", "7", [["s/a.rules:2+3"]]],
    ["a rule that is switched off", "suricata", "1:9", [["s/a.rules:1+1"]]],
    ["two YARA rules of one name in two files", "yara", "same", [["y/a.yar:1+1"], ["y/b.yar:3+4"]]],
    ["the second YARA rule of a line", "yara", "next", [["y/a.yar:1+1"]]],
    ["a rule that was left out", "yara", "gone", []],
    ["an id that nobody has", "sigma", "00000000-0000-4000-8000-000000000000", []],
  ] as const)("names the lines of %s", async (_, kind, id, expected) => {
    expect(await placesOf(kind, id)).toEqual(expected);
  });

  it("is the same for rulesets and files in any order, and names its digest, its database and its tree", async () => {
    const parsed = await world();
    const turned = [...parsed].reverse().map(({ revision, files }) => ({
      revision: { ...revision, files: [...revision.files].reverse() },
      files: [...files].reverse(),
    }));
    const [made, again] = [await mapOf(parsed), await mapOf(turned)];
    expect(again.bytes).toEqual(made.bytes);
    expect(made.facts).toEqual({ sha256: hexText(await sha256(made.bytes)), bytes: made.bytes.length });
    expect((await openSourceMap(memorySource(made.bytes))).head.databaseSha256).toBe(made.databaseSha256);
  });

  it("SPEC §15.1.2 does not depend on who wrote and who approved: that stands in the approvals", async () => {
    const parsed = await world();
    const others = parsed.map(({ revision, files }) => ({
      revision: { ...revision, author: "eve", approvedBy: "dan", submission: "s-9" },
      files,
    }));
    expect((await mapOf(others)).bytes).toEqual((await mapOf(parsed)).bytes);
  });
});
