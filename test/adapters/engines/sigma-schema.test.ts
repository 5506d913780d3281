/** The schema's opinion on Sigma rules: types and words of fields, each fault at its place. */
import { describe, expect, it } from "vitest";
import { openSigmaSchemaEngine } from "../../../src/adapters/engines/sigma-schema.js";
import { corpusDates, corpusFiles, haveCorpora } from "../../support/corpora.js";
import { askEngine } from "../../support/ask-engine.js";

const engine = openSigmaSchemaEngine();
const id = "929a690e-bef0-4204-a928-ef5e620d6fcc";
const check = (text: string) =>
  askEngine(engine, "sigma", [{ path: "a.yml", bytes: new TextEncoder().encode(text) }]);
const places = async (text: string) => (await check(text)).map(({ line, column }) => `${line}:${column}`);

const rule = (more: string) =>
  `title: T\nid: ${id}\nlogsource: {category: test}\ndetection: {s: {A: 1}, condition: s}\n${more}\n`;
const correlation = (body: string) =>
  `title: T\nid: ${id}\ncorrelation:\n  ${body.replaceAll("; ", "\n  ")}\n`;

describe("the Sigma schema", () => {
  it.each<[string, string[]]>([
    ["level: low", []],
    ["level: severe", ["5:8"]],
    ["status: stable", []],
    ["status: old", ["5:9"]],
    ["date: 2024-01-31", []],
    ["date: 2024/01/31", ["5:7"]],
    ["modified: yesterday", ["5:11"]],
    ["author: 5", ["5:9"]],
    ["author: '5'", []],
    ["tags: [attack.t1059]", []],
    ["tags: [attack.t1059, Attack]", ["5:22"]],
    ["tags: [a.b, a.b]", ["5:7"]],
    ["tags: attack.t1059", ["5:7"]],
    ["references:\n  - https://example.org\n  - 7", ["7:5"]],
    ["falsepositives: [x]", ["5:18"]],
    [`related: [{id: ${id}, type: derived}]`, []],
    [`related:\n  - id: ${id}`, ["6:5"]],
    ["related:\n  - id: x\n    type: friend", ["6:9", "7:11"]],
    ["title2: anything\nown: [1, {a: b}]", []],
    ["level: x\nstatus: y", ["5:8", "6:9"]],
  ])("%s", async (more, expected) => {
    expect(await places(rule(more))).toEqual(expected);
  });

  it("says what is allowed", async () => {
    expect(await check(rule("level: severe"))).toEqual([
      {
        path: "a.yml",
        line: 5,
        column: 8,
        severity: "error",
        code: "SIGMA_SCHEMA",
        message:
          'expected "/level" to be equal to one of the allowed values: informational, low, medium, high, critical',
      },
    ]);
  });

  it("finds what is missing", async () => {
    expect((await check("title: T")).map(({ message }) => message)).toEqual([
      "expected the rule to have required property 'logsource'",
      "expected the rule to have required property 'detection'",
    ]);
  });

  it.each<[string, string[]]>([
    ["type: event_count; rules: [aa]; group-by: [x]; timespan: 1h; condition: {gte: 1}", []],
    ["type: temporal; rules: [aa, bb]; group-by: [x]; timespan: 1h", []],
    ["type: event_count; rules: [aa]; group-by: [x]; timespan: 1h", ["4:3"]],
    ["type: value_count; rules: [aa]; group-by: [x]; timespan: 1h; condition: {gte: 1}", ["8:14"]],
    ["type: value_count; rules: [aa]; group-by: [x]; timespan: 1h; condition: {field: f, gte: 1}", []],
    ["type: temporal; rules: [aa]; group-by: [x]; timespan: 1 hour", ["7:13"]],
    ["type: guess; rules: [aa]; group-by: [x]; timespan: 1h", ["4:9"]],
    ["type: temporal; rules: [aa]; group-by: [x]; timespan: 1h; generate: 5", []],
    ["type: temporal; rules: [aa]; group-by: [x]; timespan: 1h; condition: {above: 5}", ["8:14"]],
  ])("correlation %s", async (body, expected) => {
    expect(await places(correlation(body))).toEqual(expected);
  });

  it("knows filters", async () => {
    const filter = (rules: string) =>
      `title: T\nlogsource: {category: test}\nfilter: {rules: ${rules}, s: {A: 1}, condition: s}\n`;
    expect(await places(filter("[a]"))).toEqual([]);
    expect(await places(filter("[]"))).toEqual(["3:17"]);
  });

  it("takes any key, even one that names a prototype", async () => {
    expect(await places(rule("__proto__: x\nconstructor: y"))).toEqual([]);
  });

  it("leaves to core what is no rule at all, and other kinds alone", async () => {
    expect(await check("a: [")).toEqual([]);
    expect(await askEngine(engine, "sigma", [{ path: "a.yml", bytes: Uint8Array.from([0xff]) }])).toEqual([]);
    expect(
      await askEngine(engine, "yara", [{ path: "a.yml", bytes: new TextEncoder().encode("level: 5") }]),
    ).toEqual([]);
  });

  it("checks every document of every file", async () => {
    const bytes = new TextEncoder().encode(`${rule("level: x")}---\n${rule("level: y")}`);
    const findings = await askEngine(engine, "sigma", [
      { path: "a.yml", bytes },
      { path: "b.yml", bytes },
    ]);
    expect(findings.map(({ path, line }) => `${path}:${line}`)).toEqual([
      "a.yml:5",
      "a.yml:11",
      "b.yml:5",
      "b.yml:11",
    ]);
  });

  it.runIf(haveCorpora)(
    "finds nothing in the real rules",
    async () => {
      const files = await corpusFiles("sigma", corpusDates("sigma").at(-1) as string);
      const rules = files.filter((file) => file.path.endsWith(".yml"));
      expect(await askEngine(engine, "sigma", rules)).toEqual([]);
      console.log(`sigma schema: ${rules.length} files, no finding`);
    },
    60_000,
  );
});
