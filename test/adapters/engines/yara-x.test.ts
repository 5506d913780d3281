/** YARA-X as it comes with the program: what it says of rules, and that hostile ones cost themselves alone. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { JointSource } from "../../../src/adapters/engines/yara-x-joint.js";
import { YaraXThread } from "../../../src/adapters/engines/yara-x-thread.js";
import { openYaraXEngine } from "../../../src/adapters/engines/yara-x.js";
import { rememberOpinions } from "../../../src/adapters/engines/remembered-opinions.js";
import type { SourceFile } from "../../../src/core/rules/model.js";
import { askEngine } from "../../support/ask-engine.js";

const file = (path: string, text: string): SourceFile => ({ path, bytes: new TextEncoder().encode(text) });
const good = (name: string) => `rule ${name} { strings: $a = "good bytes" condition: $a }\n`;
const engine = openYaraXEngine({ workers: 2, fileTimeoutMs: 20_000 });

describe("yara-x", () => {
  it("names every mistake of every file, with line, column and code", async () => {
    const findings = await askEngine(engine, "yara", [
      file("r/a.yar", good("A")),
      file("r/b.yar", 'import "pe"\nrule B { condition: pe.nofield == 1 }\nrule C { condition: foo }\n'),
      file("r/c.yar", 'rule D {\n strings:\n  $a = "abc" nocase xor\n condition: $a }\n'),
    ]);
    expect(findings).toMatchObject([
      { path: "r/b.yar", line: 2, column: 24, severity: "error", code: "YARA_X_E008" },
      { path: "r/b.yar", line: 3, column: 21, severity: "error", code: "YARA_X_E009" },
      { path: "r/c.yar", line: 3, severity: "error", code: "YARA_X_E019" },
    ]);
  });

  it("warns of what is slow, and of modules that it has not", async () => {
    const text = 'import "magic"\nrule A { strings: $a = { 00 00 } condition: $a and magic.type() == "x" }\n';
    const findings = await askEngine(engine, "yara", [file("r/a.yar", text)]);
    expect(findings.map(({ severity }) => severity)).not.toContain("error");
    expect(findings).toContainEqual(expect.objectContaining({ code: "YARA_X_E010", severity: "warning" }));
  });

  it("that is poisoned is thrown away: the file to blame has a finding, the others are judged", async () => {
    const bomb = `rule Bomb { condition: ${"not ".repeat(50_000)}true }\n`;
    const files = [file("r/a.yar", bomb), file("r/b.yar", bomb), file("r/c.yar", good("C"))];
    const more = [file("r/d.yar", "rule D { condition: foo }\n"), file("r/e.yar", good("E"))];
    const findings = await askEngine(engine, "yara", [...files, ...more]);
    expect(findings.map(({ path, code }) => `${path} ${code}`)).toEqual([
      ...["r/a.yar YARA_X_FAILED", "r/b.yar YARA_X_FAILED", "r/d.yar YARA_X_E009"],
    ]);
  });

  it("answers many who ask at once in turns: a small change does not wait for a large one", async () => {
    const patient = openYaraXEngine({ workers: 1, fileTimeoutMs: 20_000 });
    const order: string[] = [];
    const ask = async (name: string, count: number) => {
      const files = Array.from({ length: count }, (_, i) =>
        file(`${name}/${i}.yar`, `${good(`R${i}`)}rule X { condition: foo }\n`),
      );
      const findings = await askEngine(patient, "yara", files);
      order.push(name);
      return findings.length;
    };
    const found = await Promise.all([
      ask("large", 60),
      ...Array.from({ length: 40 }, (_, i) => ask(`small-${i}`, 1)),
    ]);
    await patient.close?.();
    expect(found).toEqual([60, ...Array.from({ length: 40 }, () => 1)]);
    expect(order.at(-1)).toBe("large");
  });

  it("is asked once about many small files that are sound", async () => {
    const joint = new JointSource();
    const added = Array.from({ length: 120 }, (_, i) => joint.add(file("r/a.yar", good(`Joined_${i}`))));
    expect(added.filter(Boolean)).toHaveLength(100);
    const wasm = createRequire(import.meta.url)
      .resolve("@virustotal/yara-x")
      .replace(/[^/]*$/, "yara_x_js_bg.wasm");
    const thread = new YaraXThread(await WebAssembly.compile(readFileSync(wasm)), 20_000);
    expect(await thread.isSilent(joint)).toBe(true);
    const talked = new JointSource();
    for (const text of [good("A"), "rule B { condition: true }\n", good("C")])
      expect(talked.add(file("r/a.yar", text))).toBe(true);
    expect(await thread.isSilent(talked)).toBe(false);
    await thread.close();
  });

  it("says of small files that come together what it says of each alone", async () => {
    const clean = Array.from({ length: 30 }, (_, i) => file(`r/clean-${i}.yar`, good(`Clean_${i}`)));
    const awkward = [
      // Needs a rule, a module, a variable that only another file has.
      file("r/needs-rule.yar", "rule NeedsRule { condition: Clean_3 }\n"),
      file("r/needs-hidden-rule.yar", "rule NeedsHidden { condition: Hidden }\n"),
      file(
        "r/hidden.yar",
        'rule /* seen by no word */ Hidden { strings: $a = "some bytes" condition: $a }\n',
      ),
      file("r/needs-module.yar", "rule NeedsModule { condition: pe.is_pe }\n"),
      file("r/module.yar", 'import "pe"\nrule HasModule { condition: pe.is_pe }\n'),
      // The same rule twice, each in a namespace of its own.
      file("r/twice.yar", good("Clean_4")),
      // Something is said of them.
      file("r/warned.yar", "rule Warned { strings: $a = { 00 00 } condition: $a }\n"),
      file("r/always.yar", "rule Always { condition: true }\n"),
      file("r/boundary.yar", "rule rulemint_boundary_0 { condition: true }\n"),
      // They reach beyond their end; our parser would not let them come so far.
      file("r/open-comment.yar", `${good("Open")}/* open`),
      file("r/closed-comment.yar", `*/ ${good("Closed")}`),
      file("r/open-rule.yar", "rule OpenRule { condition: "),
      file("r/line-comment.yar", `${good("Lined")}// no end of line`),
    ];
    const files = clean.flatMap((one, i) => [one, ...(awkward[i] === undefined ? [] : [awkward[i]])]);
    const one = openYaraXEngine({ workers: 1 });
    const alone = [];
    for (const each of files) alone.push(...(await askEngine(one, "yara", [each])));
    expect(await askEngine(one, "yara", files)).toEqual(alone);
    const each = await Promise.all(files.map((each) => askEngine(one, "yara", [each])));
    expect(each.flat()).toEqual(alone);
    await one.close?.();
    const blamed = new Set(alone.map(({ path }) => path));
    for (const path of ["needs-rule", "needs-hidden-rule", "needs-module", "open-comment", "open-rule"])
      expect(blamed).toContain(`r/${path}.yar`);
    expect([...blamed].filter((path) => /clean|twice|line-comment|\/hidden/.test(path))).toEqual([]);
  });

  it("that does not answer in time is thrown away too", async () => {
    const impatient = openYaraXEngine({ workers: 1, fileTimeoutMs: 400 });
    const strings = Array.from({ length: 60_000 }, (_, i) => `$s${i} = /a${i}[b-y]{1,20}z/`).join("\n");
    const slow = `rule Slow { strings: ${strings} condition: 1 of them }\n`;
    const findings = await askEngine(impatient, "yara", [file("r/slow.yar", slow)]);
    expect(findings).toMatchObject([
      { code: "YARA_X_FAILED", message: expect.stringContaining("longer than") },
    ]);
  });
});

describe("an engine that remembers", () => {
  it("is asked once about each content, also after a restart, and never keeps a failure", async () => {
    const asked: string[] = [];
    const stored = new Map<string, Uint8Array>();
    const cache = {
      open: async (key: string) => {
        const bytes = stored.get(key);
        if (bytes === undefined) return undefined;
        const read = async (at: number, length: number) => bytes.subarray(at, at + length);
        return { length: bytes.length, read, close: async () => undefined };
      },
      put: async (key: string, bytes: Uint8Array) => void stored.set(key, bytes),
    };
    const base = {
      ...({ name: "Engine 1.0", kinds: ["yara"], fileByFile: true } as const),
      check: async (_: string, files: readonly SourceFile[]) => {
        asked.push(...files.map(({ path }) => path));
        const place = { line: 1, column: 1, severity: "error", message: "no" } as const;
        return files.flatMap(({ path }) =>
          path.includes("bad") ? [{ path, code: path.includes("failed") ? "X_FAILED" : "X", ...place }] : [],
        );
      },
    };
    const first = await rememberOpinions(base, cache);
    const files = [file("a", "1"), file("bad", "2"), file("bad-failed", "3")];
    expect(await askEngine(first, "yara", files)).toHaveLength(2);
    expect(await askEngine(first, "yara", [file("elsewhere", "2"), file("c", "4")])).toMatchObject([
      { path: "elsewhere", code: "X" },
    ]);
    expect(await askEngine(first, "yara", files)).toHaveLength(2);
    expect(asked).toEqual(["a", "bad", "bad-failed", "c", "bad-failed"]);
    await first.close();
    const second = await rememberOpinions(base, cache);
    expect(await askEngine(second, "yara", files)).toHaveLength(2);
    expect(asked.slice(5)).toEqual(["bad-failed"]);
  });
});
