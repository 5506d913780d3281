// One step in a process of its own, so that its time and its peak memory are its own: node steps.mjs STEP ARGUMENT…
// The last line on stdout is JSON: whatever the step found out, seconds of wall clock and of CPU of the whole process, the same for
// the step alone (its modules loaded), and the peak resident set in MiB.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { fileSink, fileSource } from "./files.mjs";

const dist = new URL("../../dist/", import.meta.url);
const load = (path) => import(new URL(path, dist).href);
const { nodeDigest } = await load("adapters/node-digest.js");
const workers = Math.min(2, availableParallelism());

function listFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? listFiles(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

async function readSources(kind, folder) {
  const { ruleLanguage } = await load("core/rules/registry.js");
  const paths = statSync(folder).isDirectory() ? listFiles(folder).sort() : [folder];
  return paths
    .map((path) => ({ path: `${kind}/${relative(folder, path) || "rules"}`.normalize("NFC"), file: path }))
    .filter(({ path }) => ruleLanguage(kind).accepts(path))
    .map(({ path, file }) => ({ path, bytes: new Uint8Array(readFileSync(file)) }));
}

async function withCodec(work) {
  const { openPackCodec } = await load("adapters/codec/pack-codec.js");
  const codec = await openPackCodec({ workers });
  try {
    return await work(codec);
  } finally {
    await codec.close();
  }
}

let began;
/** From here on it is the step's own time: called when its modules are there. */
function begin() {
  began = { cpu: process.cpuUsage(), time: performance.now() };
}

const steps = {
  /** What a Node that does nothing costs. */
  async idle() {
    begin();
    return {};
  },

  /** The sources as general tools get them: one file, in path order. */
  async concatenate(kind, folder, out) {
    const sink = fileSink(out);
    for (const { bytes } of await readSources(kind, folder)) await sink.write(bytes);
    sink.close();
    return { bytes: statSync(out).size };
  },

  async compile(kind, folder, out) {
    const { openRuleWorkers } = await load("adapters/workers/rule-workers.js");
    const { ruleLanguage } = await load("core/rules/registry.js");
    const { encodeDatabase } = await load("core/format/database.js");
    begin();
    const pool = openRuleWorkers({ workers });
    const parsed = await pool.parse(kind, await readSources(kind, folder));
    await pool.close();
    const { order, merge } = ruleLanguage(kind);
    const sections = [{ kind, order, records: merge(parsed).records }];
    const sink = fileSink(out);
    const summary = await encodeDatabase(sections, sink, nodeDigest);
    sink.close();
    return { bytes: summary.bytes, records: summary.sections.reduce((sum, { records }) => sum + records, 0) };
  },

  /** What an endpoint writes for its engine, in one file. */
  async export(kind, database, out) {
    const { openDatabase } = await load("core/format/database.js");
    const { ruleLanguage } = await load("core/rules/registry.js");
    const opened = await openDatabase(fileSource(database));
    const records = [];
    for await (const block of opened.records(kind)) for (const record of block) records.push(record);
    const sink = fileSink(out);
    for (const file of ruleLanguage(kind).exportFiles(records)) {
      for (const chunk of file.chunks) await sink.write(chunk);
    }
    sink.close();
    return { bytes: statSync(out).size };
  },

  async delta(from, to, out) {
    const { encodeDelta } = await load("core/format/delta-encode.js");
    begin();
    const sink = fileSink(out);
    await encodeDelta(fileSource(from), fileSource(to), sink, nodeDigest);
    sink.close();
    return { bytes: statSync(out).size };
  },

  async apply(from, pack, out) {
    const { applyDelta } = await load("core/format/delta-apply.js");
    begin();
    const sink = fileSink(out);
    await applyDelta(fileSource(from), fileSource(pack), sink, nodeDigest);
    sink.close();
    return {};
  },

  async full(database, out, method) {
    const { encodeFullPack } = await load("core/format/full-pack.js");
    const { openDatabase } = await load("core/format/database.js");
    const { chooseMethod } = await load("core/format/codec.js");
    const { ruleLanguage } = await load("core/rules/registry.js");
    begin();
    const source = fileSource(database);
    const sink = fileSink(out);
    const { sha256 } = await openDatabase(source, ruleLanguage, nodeDigest);
    const facts = { sha256, method: method ?? chooseMethod(source.length) };
    await withCodec((codec) => encodeFullPack(source, facts, sink, codec));
    sink.close();
    return { bytes: statSync(out).size };
  },
};

const [step, ...args] = process.argv.slice(2);
const found = await steps[step](...args);
const seconds = ({ user, system }) => (user + system) / 1e6;
const start = began ?? { cpu: { user: 0, system: 0 }, time: 0 };
console.log(
  JSON.stringify({
    ...found,
    wall: process.uptime(),
    cpu: seconds(process.cpuUsage()),
    stepWall: (performance.now() - start.time) / 1000,
    stepCPU: seconds(process.cpuUsage(start.cpu)),
    peakMiB: process.resourceUsage().maxRSS / 1024,
  }),
);
process.exit(0);
