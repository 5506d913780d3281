/** Engines see every rule that would be compiled, also beside rules that our parser refuses. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openClamAVEngine } from "../../src/adapters/engines/clamav.js";
import { openYaraXEngine } from "../../src/adapters/engines/yara-x.js";
import { openYaracEngine } from "../../src/adapters/engines/yarac.js";
import type { ParsedSource, RuleEngine } from "../../src/ports/rule-engine.js";
import type { SubmissionRecord } from "../../src/services/model.js";
import { submitRules } from "../../src/services/submit-rules.js";
import { ann, type Desk, incoming, openDesk } from "./desk.js";

let desk: Desk;
const engines = new Map<string, RuleEngine>();
beforeAll(async () => {
  desk = await openDesk({ ceremony: false });
  const found = {
    "yara-x": openYaraXEngine(),
    yarac: await openYaracEngine(),
    clamscan: await openClamAVEngine(),
  };
  for (const [name, engine] of Object.entries(found)) if (engine !== undefined) engines.set(name, engine);
});
afterAll(async () => {
  for (const engine of engines.values()) await engine.close?.();
  await desk.close();
});

async function lint(
  engine: RuleEngine,
  kind: "yara" | "clamav",
  path: string,
  text: string,
): Promise<SubmissionRecord> {
  const context = { ...desk.context, engines: [engine] };
  const files = incoming({ [path]: text });
  return submitRules(context, ann, {
    ruleset: `of-${kind}`,
    kind,
    message: "",
    files,
    leaveOutInvalid: true,
  });
}

const bad = "rule Bad { condition: $missing }";
const good = "rule Good { condition: true }";
/** No parser of ours knows the members of modules. */
const refused = "rule Refused { condition: pe.nonsense == 1 }";

describe.each(["yara-x", "yarac"])("%s", (name) => {
  const linted = (text: string) => lint(engines.get(name) as RuleEngine, "yara", "a.yar", text);

  it.each([
    ["beside it", `import "pe"\n${bad}\n${good}\n${refused}\n`, 4],
    ["on its line", `import "pe"\n${good}\n${bad} ${refused}\n`, 3],
    [
      "behind a comment that begins in it",
      `import "pe"\n${good}\n${bad} /* of\nmany lines */\n${refused}\n`,
      5,
    ],
    [
      "behind a rule that stands on it",
      `import "pe"\n${good}\n${bad}\nrule On { condition: Bad }\n${refused}\n`,
      5,
    ],
  ])("SPEC §17.5.5 refuses a rule that our parser takes, %s", async (_, text, line) => {
    const { leftOut, rules, findings, state } = await linted(text);
    expect(leftOut.map((one) => one.line)).toContain(line);
    const engineSaid = findings.filter(({ code }) => /^YARA_(X|ENGINE)/.test(code));
    expect(engineSaid.filter(({ severity }) => severity === "error")).toMatchObject([{ line }]);
    expect({ rules, state }).toEqual({ rules: 1, state: "open" });
  });

  it("says nothing of what is sound", async () => {
    const { leftOut, rules } = await linted(
      `import "pe"\n${bad}\n${good}\nrule Pe { condition: pe.is_pe }\n`,
    );
    expect({ leftOut, rules }).toEqual({ leftOut: [], rules: 2 });
  });
});

describe("clamscan", () => {
  it("SPEC §17.5.5 is shown the lines that are sound", async () => {
    const engine = engines.get("clamscan") as RuleEngine;
    const shown: string[] = [];
    const check = async (kind: "clamav", files: readonly ParsedSource[]) => {
      shown.push(...files.map(({ bytes }) => new TextDecoder().decode(bytes)));
      return engine.check(kind, files);
    };
    const text = "Desk.A:0:*:6162636465\nnonsense\nDesk.B:0:*:6162636466\n";
    const record = await lint({ ...engine, check: check as RuleEngine["check"] }, "clamav", "a.ndb", text);
    expect(record).toMatchObject({ state: "open", rules: 2, leftOut: [], findings: [{ line: 2 }] });
    expect(shown).toEqual([text.replace("nonsense", "")]);
  });
});

describe("an engine that gives no answer", () => {
  it("SPEC §17.5.1 vouches for no rule of the file, and for those of the others", async () => {
    const failed = { line: 1, column: 1, severity: "error", code: "X_FAILED", message: "no answer" } as const;
    const check = async () => [{ path: "of-yara/a.yar", ...failed }];
    const context = { ...desk.context, engines: [{ name: "x/1", kinds: ["yara"] as const, check }] };
    const text = `\n${good}\nrule Other { condition: true }\n`;
    const files = () => incoming({ "a.yar": text, "b.yar": good });
    const input = { ruleset: "of-yara", kind: "yara", message: "" } as const;
    const record = await submitRules(context, ann, { ...input, files: files(), leaveOutInvalid: true });
    expect(record).toMatchObject({ state: "open", rules: 1 });
    expect(record.leftOut).toEqual([2, 3].map((line) => ({ path: "a.yar", line })));
    expect(await submitRules(context, ann, { ...input, files: files() })).toMatchObject({ state: "refused" });
  });
});
