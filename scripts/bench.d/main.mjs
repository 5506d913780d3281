// Compiles each version of each corpus, makes and applies the deltas between them, and prints what they cost beside what the
// general tools need for the same step: on the sources as they are, and on the export of the database (no comments, sorted).
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { missingPeers, peerBytes, peerNames } from "./peers.mjs";

const help = `usage: scripts/bench [--kind KIND]… [--json FILE]               the corpora in ../shared/corpora, then the service
       scripts/bench --service [--json FILE]                     the service alone: from approval to served, proving a release
       scripts/bench --rules OLD NEW --kind KIND [--json FILE]  two folders of your own rules
KIND is one of clamav, ioc, sigma, suricata, yara.`;
const here = fileURLToPath(new URL(".", import.meta.url));
const archives = resolve(here, "../../../shared/corpora");
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kind: { type: "string", multiple: true },
    rules: { type: "boolean" },
    service: { type: "boolean" },
    json: { type: "string" },
    help: { type: "boolean" },
  },
});
if (values.help || (values.rules && (positionals.length !== 2 || values.kind?.length !== 1))) {
  console.log(help);
  process.exit(values.help ? 0 : 2);
}

const scratch = mkdtempSync(join(tmpdir(), "rulemint-bench-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));

function step(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(here, "steps.mjs"), ...args], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${args[0]} failed: ${stderr}`);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1));
}

/** Pairs of folders, oldest first, with the kind of their rules. */
function histories() {
  if (values.rules)
    return [
      { kind: values.kind[0], versions: positionals.map((path) => ({ date: path, folder: resolve(path) })) },
    ];
  if (values.service) return [];
  const wanted = values.kind ?? ["suricata", "sigma", "yara", "clamav", "ioc"];
  return wanted.flatMap((kind) => {
    const archive = join(archives, `${kind}.tar.zst`);
    if (!existsSync(archive)) {
      console.log(`${kind}: no corpus at ../shared/corpora/${kind}.tar.zst`);
      return [];
    }
    execFileSync("tar", ["--zstd", "-xf", archive, "-C", scratch]);
    const root = join(scratch, kind);
    return [
      {
        kind,
        versions: readdirSync(root)
          .sort()
          .map((date) => ({ date, folder: join(root, date) })),
      },
    ];
  });
}

const number = (value) => (value === undefined ? "–" : value.toLocaleString("en-US"));
const ratio = (value) => (value === undefined ? "–" : value.toFixed(2));
function median(all) {
  const sorted = [...all].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function compileAll({ kind, versions }) {
  return versions.map(({ date, folder }, i) => {
    const files = Object.fromEntries(
      ["database", "sources", "export"].map((name) => [name, join(scratch, `${kind}-${i}.${name}`)]),
    );
    const compiled = step("compile", kind, folder, files.database);
    const sources = step("concatenate", kind, folder, files.sources);
    step("export", kind, files.database, files.export);
    console.log(
      `compile ${kind} ${date}: ${number(sources.bytes)} bytes, ${number(compiled.records)} records → ${number(compiled.bytes)} bytes; ` +
        `${compiled.seconds.toFixed(1)} s, peak ${compiled.peakMiB.toFixed(0)} MiB`,
    );
    return { kind, date, ...files, compiled };
  });
}

function comparePair(from, to) {
  const [pack, out] = [join(scratch, "pack"), join(scratch, "out")];
  const made = step("delta", from.database, to.database, pack);
  const applied = step("apply", from.database, pack, to.database, out);
  const peers = {
    sources: peerBytes(from.sources, to.sources, out),
    export: peerBytes(from.export, to.export, out),
  };
  const best = (set) => Math.min(...Object.values(set).filter((bytes) => bytes !== undefined));
  const onSources = made.bytes / best(peers.sources);
  const onExport = made.bytes / best(peers.export);
  const [s, e] = [peers.sources, peers.export].map((set) =>
    peerNames.map((name) => number(set[name]).padStart(9)).join(" "),
  );
  console.log(
    `${to.kind.padEnd(8)} ${from.date} → ${to.date}  ours ${number(made.bytes).padStart(8)} | ${s} | ${ratio(onSources)} | ${e} | ${ratio(onExport)} | ` +
      `make ${made.seconds.toFixed(1)} s ${made.peakMiB.toFixed(0)} MiB, apply ${applied.seconds.toFixed(1)} s ${applied.peakMiB.toFixed(0)} MiB`,
  );
  return {
    kind: to.kind,
    from: from.date,
    to: to.date,
    bytes: made.bytes,
    peers,
    onSources,
    onExport,
    made,
    applied,
  };
}

mkdirSync(scratch, { recursive: true });
const missing = missingPeers();
if (missing.length > 0) console.log(`not installed, and so not compared with: ${missing.join(", ")}`);
const compared = missing.length < peerNames.length;
const report = { versions: [], pairs: [], full: [] };
for (const history of histories()) {
  const versions = compileAll(history);
  console.log(`columns: ${peerNames.join(", ")}; on the sources | ratio | on the export | ratio`);
  for (let i = 1; i < versions.length; i++) report.pairs.push(comparePair(versions[i - 1], versions[i]));
  const newest = versions.at(-1);
  const full = step("full", newest.database, join(scratch, "full"));
  console.log(
    `full pack ${history.kind} ${newest.date}: ${number(full.bytes)} bytes; ${full.seconds.toFixed(1)} s, peak ${full.peakMiB.toFixed(0)} MiB`,
  );
  report.full.push({ kind: history.kind, date: newest.date, ...full });
  report.versions.push(...versions.map(({ kind, date, compiled }) => ({ kind, date, ...compiled })));
}
if (compared && report.pairs.length > 0) {
  const of = (pairs, key) => ratio(median(pairs.map((pair) => pair[key])));
  for (const kind of new Set(report.pairs.map((pair) => pair.kind))) {
    const own = report.pairs.filter((pair) => pair.kind === kind);
    console.log(
      `median ${kind.padEnd(8)}: ${of(own, "onSources")} of the best peer on the sources, ${of(own, "onExport")} on the export`,
    );
  }
  console.log(
    `median of all  : ${of(report.pairs, "onSources")} of the best peer on the sources, ${of(report.pairs, "onExport")} on the export`,
  );
}
if (!values.rules && !values.kind) report.service = await (await import("./service.mjs")).serviceRows();
if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
