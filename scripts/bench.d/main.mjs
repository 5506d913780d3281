// Compiles each version of each corpus, makes and applies the deltas between them, and measures beside them, in the same run, what the
// general tools need for the same step: on the sources in their order, and on the export of the database (no comments, sorted). The
// better of the two counts for the tool. `scripts/bench --help` says how to call it.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { judge, median, printBars } from "./bars.mjs";
import { corpora, kinds, pairsOf } from "./corpora.mjs";
import { hashList } from "./hash-list.mjs";
import { writePage } from "./page.mjs";
import { bestForm, bestPeer, measurePeers, missingPeers, sigtool, timed } from "./peers.mjs";

const help = `usage: scripts/bench [options]                             the corpora in ../shared/corpora, the list of hashes, the bars
       scripts/bench --rules OLD NEW --kind KIND [options]  two folders of your own rules
       scripts/bench --service [--json FILE]                from approval to served, and proving a release
       scripts/bench --log [--entries N]                    a log of a million entries, and proofs from it
       scripts/bench --assay [--kind KIND]...               all parties as processes: where the time goes, what the overseer costs
       scripts/bench --scale [--indicators N] [--yara N]    a publisher that does not exist; 20 million and 100,000 unless said
       scripts/bench --fleet [--updates N]                  rulemint plan beside real endpoints; 10,000 updates unless said
       scripts/bench --endpoint [--kind KIND]...            sigma and ioc unless said: a day's update, an idle poll, client lookup
       scripts/bench --desk [PART]                          analysts, lint, memory and a large release; one of idle analysts lint release
       scripts/bench --access [--entries N]                 the access log; 20,000 entries a step unless said
options:
  --kind KIND     one of ${kinds.join(", ")}; may be given several times
  --hashes        the sorted list of 100,000 hashes; alone or with --kind
  --heap MB       each step of ours has no more for its objects (node --max-old-space-size); with --scale 128 unless said
  --no-peers      ours alone
  --no-full       deltas alone, without full packs
  --cache FOLDER  figures of peers on the same bytes are taken from there, and kept there
  --json FILE     everything that was measured
  --page FILE     the same as a page with plots
  --from FILE     no measuring: bars and page from a report that --json wrote; of several, what each of them has`;
const here = fileURLToPath(new URL(".", import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kind: { type: "string", multiple: true },
    rules: { type: "boolean" },
    service: { type: "boolean" },
    assay: { type: "boolean" },
    scale: { type: "boolean" },
    fleet: { type: "boolean" },
    endpoint: { type: "boolean" },
    log: { type: "boolean" },
    access: { type: "boolean" },
    desk: { type: "boolean" },
    entries: { type: "string" },
    updates: { type: "string", default: "10000" },
    indicators: { type: "string", default: "20000000" },
    yara: { type: "string", default: "100000" },
    hashes: { type: "boolean" },
    "no-peers": { type: "boolean" },
    "no-full": { type: "boolean" },
    heap: { type: "string" },
    cache: { type: "string" },
    json: { type: "string" },
    page: { type: "string" },
    from: { type: "string", multiple: true },
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
  const limit = values.heap === undefined ? [] : [`--max-old-space-size=${values.heap}`];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...limit, join(here, "steps.mjs"), ...args],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`${args[0]} failed: ${stderr}`);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1));
}

const number = (value) => (value === undefined ? "–" : value.toLocaleString("en-US"));

function histories() {
  if (values.rules) {
    const versions = positionals.map((path) => ({ date: path, folder: resolve(path) }));
    return [{ kind: values.kind[0], versions }];
  }
  return corpora(values.kind ?? (values.hashes ? [] : kinds), scratch);
}

function compileVersion(kind, { date, folder }, i) {
  const files = Object.fromEntries(
    ["database", "sources", "export"].map((name) => [name, join(scratch, `${kind}-${i}.${name}`)]),
  );
  const compiled = step("compile", kind, folder, files.database);
  const sources = step("concatenate", kind, folder, files.sources).bytes;
  const exported = step("export", kind, files.database, files.export);
  console.log(
    `compile ${kind} ${date}: ${number(sources)} bytes, ${number(compiled.records)} records → ${number(compiled.bytes)} bytes; ` +
      `${compiled.stepWall.toFixed(1)} s, CPU ${compiled.stepCPU.toFixed(1)} s, peak ${compiled.peakMiB.toFixed(0)} MiB; export CPU ${exported.stepCPU.toFixed(1)} s, peak ${exported.peakMiB.toFixed(0)} MiB`,
  );
  return { kind, date, ...files, facts: { kind, date, sources, exported: exported.bytes, ...compiled } };
}

/** Our delta between two databases, proven by applying it. */
function makeDelta(from, to) {
  const [pack, out] = [join(scratch, "pack"), join(scratch, "out")];
  const made = step("delta", from.database, to.database, pack);
  const applied = step("apply", from.database, pack, out);
  if (!readFileSync(out).equals(readFileSync(to.database))) throw new Error("a wrong database came out");
  return { made, applied };
}

function comparePair({ from, to, neighbours, apart }) {
  const { made, applied } = makeDelta(from, to);
  const forms = {
    sources: { from: from.sources, to: to.sources },
    export: { from: from.export, to: to.export },
  };
  const peers = values["no-peers"] ? {} : measurePeers(forms, scratch, values.cache);
  const best = bestPeer(peers);
  const ratio = best && made.bytes / best.bytes;
  const row = { kind: to.kind, from: from.date, to: to.date, neighbours, apart, made, applied };
  console.log(
    `${to.kind.padEnd(8)} ${from.date} → ${to.date}  ours ${number(made.bytes).padStart(9)}  ` +
      (best ? `best ${best.peer} on ${best.form} ${number(best.bytes)}  ratio ${ratio.toFixed(2)}  ` : "") +
      `make CPU ${made.stepCPU.toFixed(2)} s ${made.peakMiB.toFixed(0)} MiB, apply CPU ${applied.stepCPU.toFixed(2)} s ${applied.peakMiB.toFixed(0)} MiB`,
  );
  for (const [peer, found] of Object.entries(peers)) console.log(`           ${describePeer(peer, found)}`);
  return {
    ...row,
    peers,
    best,
    ratio,
    zstd: bestForm(peers, "zstd -19"),
    xdelta: bestForm(peers, "xdelta3"),
  };
}

function describePeer(peer, found) {
  const forms = Object.entries(found).map(
    ([form, { bytes, cpu, peakMiB }]) =>
      `${form} ${number(bytes)} (CPU ${cpu.toFixed(2)} s, ${peakMiB.toFixed(0)} MiB)`,
  );
  return `${peer.padEnd(15)} ${forms.join("  ")}`;
}

/**
 * The full packs of the newest version, by each method, beside zstd -19 of what they hold; and what a first installation takes where the
 * version before has a small pack: that, and the delta from there (ADR 0028).
 */
function compareFull({ kind, date, database, sources, export: exported }, before, delta) {
  const out = join(scratch, "full.zst");
  const zstd = values["no-peers"]
    ? []
    : [exported, sources].flatMap((file) => timed(["zstd", "-qf", "-19", file, "-o", out], out) ?? []);
  const best = zstd.sort((a, b) => a.bytes - b.bytes)[0];
  const rows = ["xz", "zstd"].map((method) => {
    const full = step("full", database, join(scratch, "full"), method);
    const applied = step("unpack", join(scratch, "full"), join(scratch, "out"));
    if (!readFileSync(join(scratch, "out")).equals(readFileSync(database)))
      throw new Error("a wrong database came out");
    const ratio = best && full.bytes / best.bytes;
    console.log(
      `full pack ${kind} ${date}, ${method}: ${number(full.bytes)} bytes, CPU ${full.stepCPU.toFixed(1)} s, peak ${full.peakMiB.toFixed(0)} MiB; ` +
        `applied CPU ${applied.stepCPU.toFixed(1)} s, peak ${applied.peakMiB.toFixed(0)} MiB` +
        (best
          ? `; zstd -19 ${number(best.bytes)}, CPU ${best.cpu.toFixed(1)} s; ratio ${ratio.toFixed(2)}`
          : ""),
    );
    return { kind, date, method, ...full, applied, zstd: best, ratio };
  });
  if (before === undefined) return rows;
  const small = step("full", before.database, join(scratch, "full"), "xz");
  const bytes = small.bytes + delta;
  const ratio = best && bytes / best.bytes;
  console.log(
    `first installation of ${kind} ${date}: ${number(small.bytes)} bytes of the small pack of ${before.date}, ${number(delta)} of the delta` +
      (best ? `; ratio ${ratio.toFixed(3)}` : ""),
  );
  return [...rows, { kind, date, method: "both", ...small, bytes, zstd: best, ratio }];
}

function compareHashes() {
  const { versions, limitBytes } = hashList(scratch);
  const compiled = versions.map(({ date, folder }) => {
    const database = join(scratch, `hashes-${date}.database`);
    step("compile", "ioc", folder, database);
    return { database, text: join(folder, "hashes.txt") };
  });
  const { made, applied } = makeDelta(...compiled);
  const form = ([from, to]) => ({ from, to });
  const peers = values["no-peers"]
    ? {}
    : measurePeers({ export: form(compiled.map(({ text }) => text)) }, scratch, values.cache);
  const clamav = values["no-peers"]
    ? {}
    : measurePeers({ hsb: form(versions.map(({ hsb }) => hsb)) }, scratch, values.cache, [sigtool]);
  const best = bestPeer(peers);
  console.log(
    `100,000 sorted hashes, 1 % changed: ours ${number(made.bytes)} bytes, information limit ${number(limitBytes)}` +
      ` (${(made.bytes / limitBytes).toFixed(3)})`,
  );
  for (const [peer, found] of Object.entries(peers)) console.log(`           ${describePeer(peer, found)}`);
  if (clamav.sigtool) console.log(`           ${describePeer("sigtool", clamav.sigtool)}`);
  return { limitBytes, made, applied, peers, best, sigtool: clamav.sigtool?.hsb };
}

function measure() {
  const missing = missingPeers();
  if (missing.length > 0) console.log(`not installed, and so not compared with: ${missing.join(", ")}`);
  const report = {
    machine: {
      cpu: cpus()[0]?.model,
      cores: cpus().length,
      node: process.version,
      date: new Date().toISOString(),
    },
    missing,
    idle: step("idle"),
    ...(values.heap && { heap: Number(values.heap) }),
    versions: [],
    pairs: [],
    full: [],
  };
  for (const { kind, versions } of histories()) {
    const compiled = versions.map((version, i) => compileVersion(kind, version, i));
    for (const pair of pairsOf(compiled)) report.pairs.push(comparePair(pair));
    const last = report.pairs.findLast((pair) => pair.kind === kind && pair.neighbours);
    if (!values["no-full"])
      report.full.push(...compareFull(compiled.at(-1), compiled.at(-2), last?.made.bytes));
    report.versions.push(...compiled.map(({ facts }) => facts));
    const own = report.pairs.filter((pair) => pair.kind === kind && pair.neighbours && pair.ratio);
    if (own.length > 0)
      console.log(`median ${kind}: ${median(own.map(({ ratio }) => ratio)).toFixed(2)} of the best peer`);
  }
  if (values.hashes || !(values.rules || values.kind)) report.hashes = compareHashes();
  return report;
}

/** Kinds that were measured in several runs, as one report. Its date and machine are those of the last. */
function joined(paths) {
  const reports = paths.map((path) => JSON.parse(readFileSync(path, "utf8")));
  const all = (name) => reports.flatMap((report) => report[name]);
  return Object.assign({}, ...reports, { versions: all("versions"), pairs: all("pairs"), full: all("full") });
}

async function run() {
  if (values.access)
    return { access: await (await import("./access.mjs")).accessRows(Number(values.entries ?? 20_000)) };
  if (values.desk) return { desk: await (await import("./desk.mjs")).deskRows(positionals[0]) };
  if (values.fleet) return { fleet: await (await import("./fleet.mjs")).fleetRows(Number(values.updates)) };
  if (values.scale)
    return {
      scale: (await import("./scale.mjs")).scaleRows(scratch, {
        indicators: Number(values.indicators),
        yaraRules: Number(values.yara),
        heap: Number(values.heap ?? 128),
      }),
    };
  if (values.log)
    return { log: await (await import("./log.mjs")).logRows(scratch, Number(values.entries ?? 1_000_000)) };
  if (values.endpoint) {
    const { endpointRows } = await import("./endpoint.mjs");
    return { endpoint: await endpointRows(values.kind ?? ["sigma", "ioc"]) };
  }
  if (values.assay) return { assay: await (await import("./assay.mjs")).assayRows(values.kind) };
  if (values.service) return { service: await (await import("./service.mjs")).serviceRows() };
  const report = values.from ? joined(values.from) : measure();
  if (!values["no-peers"]) {
    report.bars = judge(report);
    printBars(report.bars);
  }
  return report;
}

const report = await run();
for (const [path, write] of [
  [values.json, () => writeFileSync(values.json, `${JSON.stringify(report, null, 1)}\n`)],
  [values.page, () => writePage(values.page, report)],
]) {
  if (path === undefined) continue;
  mkdirSync(dirname(resolve(path)), { recursive: true });
  write();
}
