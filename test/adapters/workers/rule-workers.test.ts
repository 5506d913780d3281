import { once } from "node:events";
import { afterAll, describe, expect, it } from "vitest";
import { ParserThread } from "../../../src/adapters/workers/parser-thread.js";
import { openRuleWorkers } from "../../../src/adapters/workers/rule-workers.js";
import { sha256Digest } from "../../../src/core/encoding/sha256.js";
import { memorySource } from "../../../src/core/encoding/stream.js";
import { openRun } from "../../../src/core/release/run.js";
import { type RuleKind, ruleKinds, type SourceFile } from "../../../src/core/rules/model.js";
import { withQuality } from "../../../src/core/rules/quality/judge.js";
import { ruleLanguage } from "../../../src/core/rules/registry.js";
import type { RuleWorkers } from "../../../src/ports/rule-workers.js";
import { corpusDates, corpusFiles, haveCorpora } from "../../support/corpora.js";
import { sourceFile } from "../../support/line-languages.js";

const files = Array.from({ length: 40 }, (_, i) =>
  sourceFile(
    `ioc/${i}.txt`,
    `# ${i}\n${"x".repeat(i)}.example\n${i % 7 === 0 ? "wrong" : "1.2.3.4"}\nü${i}.example\n`,
  ),
);

/** As an author gets it: what the parser says, and what a reviewer should know. */
const judged = (kind: RuleKind, file: SourceFile) => withQuality(kind, ruleLanguage(kind).parse(file));

describe("rule workers", () => {
  it.each([0, 1, 2, 5])(
    "%i of them answer as the parser does, in the order of the files",
    async (workers) => {
      const pool = openRuleWorkers({ workers });
      const expected = files.map((file) => judged("ioc", file));
      expect(await pool.parse("ioc", files)).toEqual(expected);
      expect(await pool.parse("ioc", [])).toEqual([]);
      await pool.close();
    },
  );

  it("answer the same when they were started before there was work, and may end without any", async () => {
    const pool = openRuleWorkers({ workers: 2, warm: true });
    expect(await pool.parse("ioc", files)).toEqual(files.map((file) => judged("ioc", file)));
    await pool.close();
    await openRuleWorkers({ workers: 2, warm: true }).close();
  });

  it("make the same runs, however many they are", async () => {
    const made: Uint8Array[][] = [];
    for (const workers of [0, 1, 2, 5]) {
      const pool = openRuleWorkers({ workers });
      made.push(await pool.runs("ioc", [...files.map((file) => [file]), files]));
      await pool.close();
    }
    for (const runs of made.slice(1)) expect(runs).toEqual(made[0]);
    const { report, section } = await openRun(memorySource(made[0]?.[0] as Uint8Array), "ioc", sha256Digest);
    expect(report).toMatchObject({ errors: 1, failed: false, records: 2 });
    expect(section?.facts.records).toBe(2);
    const all = await openRun(memorySource(made[0]?.at(-1) as Uint8Array), "ioc", sha256Digest);
    const each = files.flatMap((file) => judged("ioc", file).records);
    expect(all.report).toMatchObject({ failed: false, records: new Set(each).size });
  });

  it("serve several callers at once", async () => {
    const pool = openRuleWorkers({ workers: 2 });
    const rules = sourceFile("a.rules", "alert tcp any any -> any any (sid:5;)");
    const [first, second] = await Promise.all([pool.parse("ioc", files), pool.parse("suricata", [rules])]);
    expect(first.length).toBe(files.length);
    expect(second).toEqual([judged("suricata", rules)]);
    await pool.close();
  });

  it("leave the caller its bytes, also when they are a view of something larger", async () => {
    const whole = new TextEncoder().encode("junk\na.example\nb.example\njunk");
    const file: SourceFile = { path: "a.txt", bytes: whole.subarray(5, 24) };
    const pool = openRuleWorkers({ workers: 1 });
    const [parsed] = await pool.parse("ioc", [file]);
    expect(parsed?.records.length).toBe(2);
    expect(file.bytes.length).toBe(19);
    await pool.close();
  });
});

describe("a rule worker that fails", () => {
  const script = new URL("../../support/children/failing-rule-worker.mjs", import.meta.url);
  // The limit covers the start of a thread too, so it is generous for the files that do not hang.
  const pools = [1, 2].map((workers) => openRuleWorkers({ workers, timeoutMs: 3000, script }));
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.close()));
  });

  it("gives a run that says so", async () => {
    const [run] = await (pools[0] as RuleWorkers).runs("ioc", [[sourceFile("dies", "a.example")]]);
    const { report, section } = await openRun(memorySource(run as Uint8Array), "ioc", sha256Digest);
    expect(report.failed).toBe(true);
    expect(section).toBeUndefined();
  });

  it("is replaced when it ended before there was work", async () => {
    const gone = new URL("../../support/children/ending-rule-worker.mjs", import.meta.url);
    const thread = new ParserThread(gone, 3000);
    const first = thread.warm();
    await once(first, "exit");
    expect(thread.warm()).not.toBe(first);
    const parsing = thread.parse({ kind: "ioc", wanted: "records", parts: [[sourceFile("a", "")]] });
    await expect(parsing).rejects.toThrowError(/ended with code 4/);
    await thread.close();
  });

  it.each([
    ["dies", /ended with code 3/],
    ["throws", /no such luck/],
    ["hangs", /longer than 3000 ms/],
  ])("when it %s, costs the file that made it fail and nothing else", async (path, reason) => {
    for (const pool of pools) {
      const answers = await pool.parse(
        "ioc",
        ["a", path, "b", "c", "d"].map((name) => sourceFile(name, "")),
      );
      expect(answers.map((answer) => answer.path)).toEqual(["a", path, "b", "c", "d"]);
      expect(answers.map((answer) => answer.findings.length)).toEqual([0, 1, 0, 0, 0]);
      expect(answers[1]?.findings[0]).toMatchObject({
        path,
        line: 1,
        column: 1,
        severity: "error",
        code: "RULES_PARSER_FAILED",
      });
      expect(answers[1]?.findings[0]?.message).toMatch(reason);
    }
  });
});

describe("a few small files", () => {
  const script = new URL("../../support/children/failing-rule-worker.mjs", import.meta.url);

  it("do not wait behind one that hangs, though a second thread is not started for so little", async () => {
    const pool = openRuleWorkers({ workers: 2, timeoutMs: 6000, script });
    const ended: string[] = [];
    const parse = async (path: string) => {
      const [answer] = await pool.parse("ioc", [sourceFile(path, "")]);
      ended.push(answer?.path ?? "");
    };
    const hanging = parse("hangs");
    await Promise.all([parse("a"), parse("b")]);
    await hanging;
    expect(ended).toEqual(["a", "b", "hangs"]);
    await pool.close();
  });
});

describe.runIf(haveCorpora)("on real rules", () => {
  it.each(["ioc", "suricata"] as const)("one and two workers give the same section of %s", async (kind) => {
    const date = corpusDates(kind).at(-1) as string;
    const sources = (await corpusFiles(kind, date)).filter(({ path }) => ruleLanguage(kind).accepts(path));
    const answers = [];
    for (const workers of [1, 2]) {
      const pool = openRuleWorkers({ workers });
      const started = performance.now();
      const parsed = await pool.parse(kind, sources);
      const { records } = ruleLanguage(kind).merge(parsed);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${kind} ${date}, ${workers} workers: ${records.length} records in ${seconds} s`);
      answers.push({
        records,
        findings: parsed.flatMap((file) => file.findings),
      });
      await pool.close();
    }
    const [one, two] = answers as [(typeof answers)[0], (typeof answers)[0]];
    expect(two.records.length).toBe(one.records.length);
    expect(two.records.findIndex((record, i) => record !== one.records[i])).toBe(-1);
    expect(two.findings).toEqual(one.findings);
  });

  it("all kinds have a corpus", () => {
    for (const kind of ruleKinds) expect(corpusDates(kind).length).toBeGreaterThanOrEqual(2);
  });
});
