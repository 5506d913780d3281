// A synthetic publisher of millions of indicators: what a release costs from nothing, when nothing changed, when one rule changed and when
// many did, its packs, and what they cost an endpoint. Every step is a process of its own with so many MB for its objects, and so is each
// of its threads; one that needs more dies, and the run with it.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { changeLines, changeOneLine, changeOneRule, generate } from "./generate.mjs";

const script = fileURLToPath(new URL("scale-steps.mjs", import.meta.url));

const whole = (value) => Math.round(value).toLocaleString("en-US");
const seconds = (value) => (value < 1 ? `${(value * 1000).toFixed(0)} ms` : `${value.toFixed(1)} s`);
const cost = ({ wall, cpu, peakMiB }) =>
  `CPU ${seconds(cpu)}, wall ${seconds(wall)}, peak RSS ${whole(peakMiB)} MiB`;

/** Rows of figures; everything that was made lies below `scratch` until the caller removes it. */
export function scaleRows(scratch, { indicators, yaraRules, heap }) {
  const run = new ScaleRun(scratch, heap);
  generate(run.sources, indicators, yaraRules);
  const first = compileFromNothing(run, indicators + yaraRules);
  const newest = changeSome(run, first, indicators, yaraRules);
  packs(run, newest, Object.keys(first.records));
  compileWithFewerWorkers(run, newest.after);
  return {
    what: `${whole(indicators)} indicators and ${whole(yaraRules)} YARA rules, made by scripts/bench.d/generate.mjs; every step a process with ${heap} MB of heap.`,
    rows: run.rows,
  };
}

class ScaleRun {
  rows = [];
  #scratch;
  #heap;

  constructor(scratch, heap) {
    this.#scratch = scratch;
    this.#heap = heap;
    this.sources = this.path("scale-sources");
    this.data = this.path("scale-data");
  }

  path(name) {
    return join(this.#scratch, name);
  }

  add(what, value, note) {
    this.rows.push({ what, value, note });
    console.log(`${what.padEnd(64)} ${value}${note ? `  (${note})` : ""}`);
  }

  step(...args) {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [`--max-old-space-size=${this.#heap}`, script, ...args.map(String)],
      { encoding: "utf8" },
    );
    if (status !== 0) throw new Error(`${args[0]} failed: ${stderr.slice(-2000)}`);
    return JSON.parse(stdout.trimEnd().split("\n").at(-1));
  }

  freeze() {
    this.step("freeze", this.sources, this.path("frozen.json"));
  }

  /** With the stores in `data`; `base` is the database before. */
  compile(base = "", { workers = 2, data = this.data } = {}) {
    mkdirSync(data, { recursive: true });
    return this.step("compile", data, this.path("frozen.json"), workers, base);
  }
}

function compileFromNothing(run, rules) {
  run.freeze();
  const first = run.compile();
  run.add("compile from nothing, two workers", `${whole(rules / first.wall)} rules/s`, cost(first));
  const total = Object.values(first.records).reduce((a, b) => a + b, 0);
  run.add(
    "  records, bytes of the database",
    `${whole(total)}, ${whole(first.bytes)}`,
    JSON.stringify(first.records),
  );
  return first;
}

/** The sources as they are now, with one worker and with none: what was compiled step by step, on two. */
function compileWithFewerWorkers(run, { sha256 }) {
  for (const workers of [1, 0]) {
    const data = run.path(`scale-data-${workers}`);
    const again = run.compile("", { workers, data });
    rmSync(data, { recursive: true });
    if (again.sha256 !== sha256) throw new Error(`other bytes with ${workers} workers`);
    run.add(`all of it from nothing with ${workers} workers: the same bytes`, "yes", cost(again));
  }
}

/** The digests of the last two databases. */
function changeSome(run, first, indicators, yaraRules) {
  const same = run.compile(first.sha256);
  run.add("compile again, nothing changed", seconds(same.cpu), cost(same));
  const folder = (ruleset) => join(run.sources, ruleset);
  const files = (ruleset) => readdirSync(folder(ruleset)).map((file) => join(folder(ruleset), file));
  let newest = first;
  if (indicators > 0)
    newest = changeOne(run, newest, "indicator", () => changeOneLine(files("list-0").at(-1), indicators + 7));
  if (yaraRules > 0) newest = changeOne(run, newest, "YARA rule", () => changeOneRule(files("yara")[0]));
  if (indicators === 0) return { before: first, after: newest };
  changeLines(files("list-0")[0], Math.min(20_000, indicators / 100), indicators + 1000);
  run.freeze();
  const many = run.compile(newest.sha256);
  run.add(
    `compile, ${whole(Math.min(20_000, indicators / 100))} indicators replaced`,
    seconds(many.cpu),
    cost(many),
  );
  return { before: newest, after: many };
}

function changeOne(run, before, what, change) {
  change();
  run.freeze();
  const one = run.compile(before.sha256);
  run.add(`compile, one ${what} changed, its file parsed for the first time`, seconds(one.cpu), cost(one));
  const known = run.compile(before.sha256);
  if (known.sha256 !== one.sha256) throw new Error("other bytes the second time");
  run.add("  the same, its file parsed when it was submitted", seconds(known.cpu), cost(known));
  const delta = run.step("delta", run.data, before.sha256, one.sha256, run.path("one"));
  run.add("  delta of it", `${whole(delta.bytes)} bytes`, cost(delta));
  return one;
}

function packs(run, { before, after }, kinds) {
  const [old, made, pack] = ["old", "made", "pack"].map((name) => run.path(name));
  const comesOut = ({ sha256 }) => {
    if (sha256 !== after.sha256) throw new Error("a wrong database came out");
  };
  const idle = run.step("idle");
  const over = (step) => `${cost(step)}; over an idle process ${whole(step.peakMiB - idle.peakMiB)} MiB`;

  const delta = run.step("delta", run.data, before.sha256, after.sha256, pack);
  run.add("delta of the last change", `${whole(delta.bytes)} bytes`, cost(delta));
  run.step("file", run.data, before.sha256, old);
  const applied = run.step("apply", old, pack, made);
  comesOut(applied);
  run.add("  apply at the endpoint", seconds(applied.cpu), over(applied));
  // What a release of this size is packed by (ADR 0028): xz is for smaller ones.
  const full = run.step("full", run.data, after.sha256, pack, "zstd", 2);
  run.add("full pack by zstd-codec, two workers", `${whole(full.bytes)} bytes`, cost(full));
  const unpacked = run.step("unpack", pack, made);
  comesOut(unpacked);
  run.add("  apply at the endpoint", seconds(unpacked.cpu), over(unpacked));
  for (const kind of kinds) {
    const exported = run.step("export", kind, made, pack);
    run.add(`export of ${kind} at the endpoint`, `${whole(exported.bytes)} bytes`, over(exported));
  }
}
