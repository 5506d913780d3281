// A synthetic publisher of millions of indicators: what a release costs from nothing, when nothing changed, when one rule changed and when
// many did, and what it costs an endpoint. Every step is a process with 128 MB for its objects.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { changeLines, changeOneLine, generate } from "./generate.mjs";

const script = fileURLToPath(new URL("scale-steps.mjs", import.meta.url));
const heap = 128;

function step(...args) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [`--max-old-space-size=${heap}`, script, ...args.map(String)],
    {
      encoding: "utf8",
    },
  );
  if (status !== 0) throw new Error(`${args[0]} failed: ${stderr.slice(-2000)}`);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1));
}

const whole = (value) => Math.round(value).toLocaleString("en-US");
const seconds = (value) => (value < 1 ? `${(value * 1000).toFixed(0)} ms` : `${value.toFixed(1)} s`);

/** Rows of figures; everything that was made lies below `scratch` until the caller removes it. */
export function scaleRows(scratch, indicators, yaraRules) {
  const [sources, data] = [join(scratch, "scale-sources"), join(scratch, "scale-data")];
  mkdirSync(data, { recursive: true });
  const rows = [];
  const add = (what, value, note) => {
    rows.push({ what, value, note });
    console.log(`${what.padEnd(64)} ${value}${note ? `  (${note})` : ""}`);
  };
  const frozen = join(scratch, "frozen.json");
  const freeze = () => step("freeze", sources, frozen);
  const cost = ({ wall, cpu, peakMiB }) =>
    `CPU ${seconds(cpu)}, wall ${seconds(wall)}, peak RSS ${whole(peakMiB)} MiB`;

  generate(sources, indicators, yaraRules);
  freeze();
  const first = step("compile", data, frozen, 2, "");
  const total = Object.values(first.records).reduce((a, b) => a + b, 0);
  add("compile from nothing, two workers", `${whole(indicators / first.wall)} indicators/s`, cost(first));
  add(
    "  records, bytes of the database",
    `${whole(total)}, ${whole(first.bytes)}`,
    JSON.stringify(first.records),
  );
  if (total <= 2_000_000) {
    for (const workers of [0, 1]) {
      rmSync(join(data, "compile-cache"), { recursive: true, force: true });
      const again = step("compile", data, frozen, workers, "");
      if (again.sha256 !== first.sha256) throw new Error(`other bytes with ${workers} workers`);
      add(`  the same bytes with ${workers} workers`, "yes", cost(again));
    }
  }
  const same = step("compile", data, frozen, 2, first.sha256);
  add("compile again, nothing changed", seconds(same.cpu), cost(same));
  const list = join(sources, "list-0", "part-001.txt");
  changeOneLine(existsSync(list) ? list : join(sources, "list-0", "part-000.txt"), indicators + 7);
  freeze();
  const one = step("compile", data, frozen, 2, first.sha256);
  add("compile, one rule changed, its file parsed for the first time", seconds(one.cpu), cost(one));
  const known = step("compile", data, frozen, 2, first.sha256);
  if (known.sha256 !== one.sha256) throw new Error("other bytes the second time");
  add("compile, one rule changed, its file parsed when it was submitted", seconds(known.cpu), cost(known));
  const oneDelta = step("delta", data, first.sha256, one.sha256, join(scratch, "one"));
  add("delta of one changed rule", `${whole(oneDelta.bytes)} bytes`, cost(oneDelta));
  changeLines(join(sources, "list-0", "part-000.txt"), Math.min(20_000, indicators / 100), indicators + 1000);
  freeze();
  const many = step("compile", data, frozen, 2, one.sha256);
  add("compile, 20,000 rules replaced", seconds(many.cpu), cost(many));
  const pack = join(scratch, "many");
  const delta = step("delta", data, one.sha256, many.sha256, pack);
  add("delta of them", `${whole(delta.bytes)} bytes`, cost(delta));
  const [old, out] = [join(scratch, "old"), join(scratch, "new")];
  step("file", data, one.sha256, old);
  const applied = step("apply", old, pack, out, many.sha256);
  const idle = step("idle");
  add(
    "apply at the endpoint",
    seconds(applied.cpu),
    `${cost(applied)}; over an idle process ${whole(applied.peakMiB - idle.peakMiB)} MiB`,
  );
  return {
    what: `${whole(indicators)} indicators and ${whole(yaraRules)} YARA rules, made by scripts/bench.d/generate.mjs; every step a process with ${heap} MB of heap.`,
    rows,
  };
}
