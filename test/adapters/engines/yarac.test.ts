/** The engine's opinion on YARA rules. Where yarac is not installed only its absence is tested. */
import { afterEach, describe, expect, it } from "vitest";
import { openYaracEngine } from "../../../src/adapters/engines/yarac.js";
import type { RuleEngine } from "../../../src/ports/rule-engine.js";
import { corpusDates, corpusFiles, haveCorpora } from "../../support/corpora.js";
import { FakeCommands } from "../../support/fake-command.js";
import { askEngine } from "../../support/ask-engine.js";

const commands = new FakeCommands();
afterEach(() => commands.restore());

const file = (name: string, text: string) => ({ path: name, bytes: new TextEncoder().encode(text) });
const engine = await openYaracEngine();
if (engine === undefined) console.warn("yarac is absent; its opinion is not tested");

/** An engine whose yarac is a script of ours. */
async function openFake(script: string): Promise<RuleEngine> {
  await commands.put("yarac", `[ "$1" = --version ] && echo 9.9 && exit 0\n${script}`);
  return (await openYaracEngine()) as RuleEngine;
}

describe.runIf(engine !== undefined)("yarac", () => {
  const check = (...files: ReturnType<typeof file>[]) => askEngine(engine as RuleEngine, "yara", files);

  it("has a name with its version", () => {
    expect(engine?.name).toMatch(/^yarac \d+\.\d+/);
  });

  it("is silent on what it compiles", async () => {
    expect(
      await check(file("a.yar", "rule a {condition: true}"), file("b.yar", "rule a {condition: true}")),
    ).toEqual([]);
    expect(await check()).toEqual([]);
  });

  it("answers many who ask at once, each about their own files", async () => {
    const bad = 'import "pe"\nrule a {condition: pe.nonsense}';
    const asked = Array.from({ length: 30 }, (_, i) =>
      check(file(`${i}.yar`, i % 10 === 3 ? bad : `rule r${i} {condition: true}`)),
    );
    const answers = await Promise.all(asked);
    expect(answers.flatMap((findings, i) => findings.map(({ path, line }) => [i, path, line]))).toEqual([
      [3, "3.yar", 2],
      [13, "13.yar", 2],
      [23, "23.yar", 2],
    ]);
  });

  it("sees what our parser cannot, in each file, with its line", async () => {
    const findings = await check(
      file("set/a.yar", 'import "pe"\nrule a {condition: pe.nonsense}'),
      file("set/sound.yar", "rule b {condition: true}"),
      file(
        "set/b.yar",
        'import "math"\n\nrule c {condition: math.entropy(1.5) > 1}\nrule d {condition: math.nothing}',
      ),
    );
    expect(findings.map((one) => `${one.path}:${one.line}:${one.column} ${one.code}`)).toEqual([
      "set/a.yar:2:1 YARA_ENGINE",
      "set/b.yar:3:1 YARA_ENGINE",
      "set/b.yar:4:1 YARA_ENGINE",
    ]);
    expect(findings[0]?.message).toContain("expected what the engine takes, got: invalid field name");
  });

  it("never sees a file that our parser refused: an include would read this machine", async () => {
    expect(await check(file("a.yar", 'include "/etc/passwd"\nrule a {condition: true}'))).toEqual([]);
  });

  it("leaves other kinds alone", async () => {
    expect(await askEngine(engine as RuleEngine, "sigma", [file("a.yar", "nonsense")])).toEqual([]);
  });

  it.runIf(haveCorpora)(
    "takes the real rules",
    async () => {
      const files = await corpusFiles("yara", corpusDates("yara").at(-1) as string);
      expect(await check(...files.filter((one) => /\.yara?$/.test(one.path)))).toEqual([]);
    },
    60_000,
  );
});

describe("where yarac misbehaves", () => {
  it("is absent when it is not on the path", async () => {
    await commands.hideAll();
    expect(await openYaracEngine()).toBeUndefined();
  });

  it("reports a crash as a finding of the file", async () => {
    const fake = await openFake("kill -SEGV $$");
    expect(await askEngine(fake, "yara", [file("a.yar", "rule a {condition: true}")])).toMatchObject([
      {
        path: "a.yar",
        line: 1,
        code: "YARA_ENGINE_FAILED",
        message: expect.stringContaining("got a crash or no answer"),
      },
    ]);
  });

  it("reports words that it does not understand", async () => {
    const fake = await openFake("echo 'out of cheese' >&2; exit 1");
    expect(await askEngine(fake, "yara", [file("a.yar", "rule a {condition: true}")])).toMatchObject([
      { path: "a.yar", line: 1, message: 'expected what the engine takes, got: "out of cheese"' },
    ]);
  });

  it("fails when it has gone", async () => {
    const fake = await openFake("exit 0");
    await commands.hideAll();
    await expect(askEngine(fake, "yara", [file("a.yar", "rule a {condition: true}")])).rejects.toMatchObject({
      code: "STORE_FAILED",
    });
  });
});
