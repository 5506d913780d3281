/** A compilation that remembers gives the bytes of one that does not, and costs what changed. */
import { describe, expect, it } from "vitest";
import type { Sha256Hex } from "../../../src/core/brands.js";
import { memorySink } from "../../../src/core/encoding/stream.js";
import { encodeDatabase } from "../../../src/core/format/database.js";
import { nodeDigest } from "../../../src/adapters/node-digest.js";
import { compileDatabase } from "../../../src/core/release/compile-database.js";
import { rebuildSections } from "../../../src/core/release/rebuild.js";
import type { RuleKind } from "../../../src/core/rules/model.js";
import { CompileWorld } from "../../support/compile-memory.js";
import { codeOf, numbers } from "../format/samples.js";

type Rulesets = Record<string, { kind: RuleKind; files: Record<string, string> }>;

async function reference(world: CompileWorld, sources: ReturnType<CompileWorld["sources"]>) {
  const sink = memorySink();
  const summary = await encodeDatabase(await rebuildSections(sources, world.inputs), sink, nodeDigest);
  return { ...summary, file: sink.bytes() };
}

const hash = (n: number) => (n * 2654435761 + 12345).toString(16).padStart(16, "0").repeat(4).slice(0, 64);
const indicator = (n: number) => (n % 3 === 0 ? hash(n) : `host-${n % 9973}.example-${n % 37}.com`);
const suricata = (sid: number, rev: number) =>
  `alert tcp any any -> any 80 (msg:"rule ${sid}"; content:"x${sid}"; sid:${sid}; rev:${rev};)`;
const yara = (name: string, text: string) => `rule ${name} { strings: $a = "${text}" condition: $a }`;
const yaraFile = (rules: number, text: string) =>
  Array.from({ length: rules }, (_, i) => yara(`r${i}_${rules}`, `${text} ${i} ${hash(i + rules)}`)).join(
    "\n",
  );
const yaraFiles = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}.yar`, yaraFile(i % 25, `text ${i}`)]));
const lines = (count: number, of: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => of(i)).join("\n");

/** Lists of a few lines, which repeat one another; some without an end of the last line, some with a byte order mark. */
const smallFiles = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => {
      const text = lines(1 + (i % 40), (j) => indicator(i * 7 + j));
      return [
        `s${String(i).padStart(3, "0")}.txt`,
        (i % 9 === 0 ? "\ufeff" : "") + text + (i % 5 === 0 ? "" : "\n"),
      ];
    }),
  );

describe("a compilation from the database before", () => {
  it("SPEC §2.3.4 gives the bytes of a compilation from nothing, whatever came, went or was forgotten", async () => {
    const world = new CompileWorld();
    const draw = numbers(7);
    const pick = (below: number) => Math.floor(draw() * below);
    const rulesets: Rulesets = {
      first: {
        kind: "ioc",
        files: { "a.txt": lines(4000, indicator), "b.txt": lines(900, (i) => indicator(i * 5)) },
      },
      second: { kind: "ioc", files: { "c.txt": lines(500, (i) => indicator(i * 11)) } },
      small: { kind: "ioc", files: smallFiles(150) },
      av: { kind: "clamav", files: { "x.hsb": lines(800, (i) => `${hash(i)}:${i + 1}:Test.A-${i}:73`) } },
      ids: { kind: "suricata", files: { "r.rules": lines(60, (i) => suricata(1000 + i, 1)) } },
      files: { kind: "yara", files: yaraFiles(40) },
    };
    let base: Sha256Hex | undefined;
    for (let step = 0; step < 25; step++) {
      const sources = world.sources(rulesets);
      const expected = await reference(world, sources);
      const made = await compileDatabase(sources, { ...world.inputs, ...(base && { base }) });
      expect(made).toEqual({ sha256: expected.sha256, bytes: expected.bytes, sections: expected.sections });
      expect(Buffer.compare(await world.bytesOf(made.sha256), expected.file)).toBe(0);
      base = made.sha256;
      change(rulesets, step, pick);
      if (step % 6 === 5) for (const key of [...world.kept.keys()]) if (draw() < 0.3) world.kept.delete(key);
      if (step % 9 === 8) {
        for (const [key, bytes] of world.kept)
          if (draw() < 0.2)
            world.kept.set(
              key,
              bytes.map((byte, at) => (at === 20 ? byte ^ 1 : byte)),
            );
      }
    }
  });

  function change(rulesets: Rulesets, step: number, pick: (below: number) => number): void {
    const names = Object.keys(rulesets).filter((name) => rulesets[name]?.kind === "ioc");
    const { files } = rulesets[names[pick(names.length)] as string] as Rulesets[string];
    const path = Object.keys(files)[pick(Object.keys(files).length)] as string;
    const all = (files[path] as string).split("\n");
    if (step % 5 === 4) {
      // a file goes, or one that repeats others comes
      if (Object.keys(files).length > 1) delete files[path];
      else files[`copy-${step}.txt`] = all.slice(0, 300).join("\n");
      return;
    }
    all.splice(pick(all.length), pick(3), indicator(pick(9000)), indicator(pick(9000)));
    files[path] = all.join("\n");
    if (step % 4 === 1)
      rulesets.ids = { kind: "suricata", files: { "r.rules": suricata(1000 + step, step) } };
    const signatures = (rulesets.files as Rulesets[string]).files;
    signatures[`f${pick(50)}.yar`] = yaraFile(pick(30), `changed in step ${step}`);
    if (step % 3 === 1) delete signatures[`f${pick(40)}.yar`];
    if (step === 12) rulesets.second = { kind: "ioc", files: { "c.txt": "# nothing\n" } };
    if (step === 16) delete rulesets.av;
  }

  it("reads and writes what changed, and parses one part", async () => {
    const world = new CompileWorld();
    const list = Array.from({ length: 90_000 }, (_, i) => hash(i));
    const rulesets = (text: string): Rulesets => ({
      big: { kind: "ioc", files: { "list.txt": text } },
      other: {
        kind: "clamav",
        files: { "x.hsb": lines(20_000, (i) => `${hash(i)}:${i + 1}:Test.A-${i}:73`) },
      },
    });
    const first = await compileDatabase(world.sources(rulesets(list.join("\n"))), world.inputs);
    expect(world.counts.parsed).toBeGreaterThan(3);
    const before = { ...world.counts };
    list[45_000] = hash(500_000);
    const changed = world.sources(rulesets(list.join("\n")));
    const second = await compileDatabase(changed, { ...world.inputs, base: first.sha256 });
    expect(world.counts.parsed - before.parsed).toBe(1);
    expect(world.counts.read - before.read).toBeLessThan(0.25 * second.bytes);
    expect(world.counts.written - before.written).toBeLessThan(0.25 * second.bytes);
    expect(second.sha256).toBe((await reference(world, changed)).sha256);
  });

  it("makes a few runs of many small files, and of one that changes only its neighbours are parsed again", async () => {
    const world = new CompileWorld();
    const files: Record<string, string> = smallFiles(1000);
    const first = await compileDatabase(world.sources({ small: { kind: "ioc", files } }), world.inputs);
    expect([...world.kept.keys()].filter((key) => key.startsWith("run-")).length).toBeLessThan(60);
    const before = { ...world.counts };
    files["s500.txt"] = `${indicator(77_777)}\n`;
    delete files["s700.txt"];
    files["s800a.txt"] = files["s020.txt"] as string;
    const changed = world.sources({ small: { kind: "ioc", files } });
    const second = await compileDatabase(changed, { ...world.inputs, base: first.sha256 });
    expect(world.counts.parsed - before.parsed).toBeLessThan(3 * 128);
    expect(second.sha256).toBe((await reference(world, changed)).sha256);
  });

  it("makes again what was damaged in its memory", async () => {
    const world = new CompileWorld();
    const sources = world.sources({ list: { kind: "ioc", files: { "a.txt": lines(9000, hash) } } });
    const { sha256 } = await compileDatabase(sources, world.inputs);
    for (const at of [20, 200_000]) {
      for (const [key, bytes] of world.kept) {
        if (key.startsWith("run-"))
          world.kept.set(
            key,
            bytes.map((byte, i) => (i === at ? byte ^ 1 : byte)),
          );
        if (key.startsWith("origin-")) world.kept.delete(key);
      }
      expect((await compileDatabase(sources, world.inputs)).sha256).toBe(sha256);
      const { parsed } = world.counts;
      expect((await compileDatabase(sources, world.inputs)).sha256).toBe(sha256);
      expect(world.counts.parsed).toBe(parsed);
    }
  });

  it("costs nothing but the list of pieces when nothing changed", async () => {
    const world = new CompileWorld();
    const sources = world.sources({ big: { kind: "ioc", files: { "list.txt": lines(30_000, hash) } } });
    const first = await compileDatabase(sources, world.inputs);
    const before = { ...world.counts };
    expect(await compileDatabase(sources, { ...world.inputs, base: first.sha256 })).toEqual(first);
    expect(world.counts.parsed).toBe(before.parsed);
    // the tables and the list
    expect(world.counts.written - before.written).toBeLessThan(20_000);
  });

  it("SPEC §2.3.4 is stopped by errors, remembered or not", async () => {
    const world = new CompileWorld();
    const sources = world.sources({
      bad: { kind: "ioc", files: { "a.txt": "good.example\nnot an indicator\n" } },
    });
    for (let time = 0; time < 2; time++) {
      expect(await codeOf(() => compileDatabase(sources, world.inputs))).toBe("RULES_INVALID");
    }
    const tolerant = {
      ...sources,
      revisions: sources.revisions.map((one) => ({ ...one, leaveOutInvalid: true })),
    };
    expect((await compileDatabase(tolerant, world.inputs)).sections).toEqual([
      { kind: "ioc", order: "sorted", records: 1, rules: 1 },
    ]);
  });

  it("SPEC §10.2.6 reads no other file than the one that the list names", async () => {
    const world = new CompileWorld();
    const sources = world.sources({ list: { kind: "ioc", files: { "a.txt": "good.example\n" } } });
    const read = async () => new Uint8Array(Buffer.from("evil.example\n"));
    expect(await codeOf(() => compileDatabase(sources, { ...world.inputs, read }))).toBe("ASSAY_MISMATCH");
  });
});
