// One step in a process of its own, so that its time and its peak memory are its own: node steps.mjs STEP ARGUMENT…
// The last line on stdout is JSON: whatever the step found out, seconds of wall clock and of CPU of the whole process, the same for
// the step alone (its modules loaded), and the peak resident set in MiB.
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileSink, fileSource } from "./files.mjs";
import {
  applyDeltaPack,
  applyFullPack,
  load,
  writeCopy,
  writeDelta,
  writeExport,
  writeFull,
} from "./pack-steps.mjs";

const { optimiseLater, tuneForEndpoint } = await load("main/give-back.js");
// as the endpoint and the service tell V8, before anything is loaded
if (["export", "apply", "unpack"].includes(process.argv[2])) tuneForEndpoint();
else optimiseLater();
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

/** The stores and threads of the service, in a folder of their own. */
async function openCompiler(folder) {
  const { openRuleWorkers } = await load("adapters/workers/rule-workers.js");
  const { openCompileCache } = await load("adapters/compile-cache/filesystem.js");
  const { openFilesystemObjects } = await load("adapters/objects/filesystem.js");
  const { databasesInObjects } = await load("adapters/databases/in-objects.js");
  const { openSQLiteRecords } = await load("adapters/records/sqlite.js");
  const records = await openSQLiteRecords({ path: join(folder, "records.sqlite") });
  const pool = openRuleWorkers({ workers, warm: true });
  const objects = await openFilesystemObjects(join(folder, "objects"));
  const inputs = {
    parse: (kind, files) => pool.parse(kind, files),
    runs: (kind, parts) => pool.runs(kind, parts),
    memory: await openCompileCache(join(folder, "cache")),
    databases: databasesInObjects(objects, records),
    digest: nodeDigest,
    compilerSha256: "0".repeat(64),
  };
  const close = async () => {
    await pool.close();
    await records.close();
  };
  return { inputs, close };
}

let began;
/** From here on it is the step's own time: called when its modules are there. */
function begin() {
  began = { cpu: process.cpuUsage(), time: performance.now() };
}

let ended;
/** What follows is not the step's any more. */
function end() {
  ended = { cpu: process.cpuUsage(began.cpu), wall: performance.now() - began.time };
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

  /** From the frozen sources to a stored database, as the service compiles a first release: nothing is remembered yet. */
  async compile(kind, folder, out) {
    const { compileDatabase } = await load("core/release/compile-database.js");
    const files = await readSources(kind, folder);
    const place = mkdtempSync(join(dirname(out), "compile-"));
    const { inputs, close } = await openCompiler(place);
    const contents = new Map(files.map(({ path, bytes }) => [path, bytes]));
    const facts = files.map(({ path, bytes }) => {
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      return { path: path.slice(kind.length + 1), sha256, bytes: bytes.length };
    });
    const revision = { ruleset: kind, kind, leaveOutInvalid: true, leftOut: [], files: facts };
    const read = async ({ path }) => contents.get(`${kind}/${path}`);
    begin();
    const { sha256, bytes, sections } = await compileDatabase(
      { schema: 1, revisions: [revision] },
      { ...inputs, read },
    );
    end();
    const stored = await inputs.databases.open(sha256);
    await writeCopy(stored, out);
    await stored.close();
    await close();
    rmSync(place, { recursive: true });
    return { bytes, records: sections.reduce((sum, { records }) => sum + records, 0) };
  },

  export: (kind, database, out) => writeExport(kind, fileSource(database), out, begin),
  delta: (from, to, out) => writeDelta(fileSource(from), fileSource(to), out, begin),
  apply: (from, pack, out) => applyDeltaPack(fileSource(from), fileSource(pack), out, begin),
  full: (database, out, method) => writeFull(fileSource(database), out, { method, workers }, begin),
  unpack: (pack, out) => applyFullPack(fileSource(pack), out, begin),
};

const [step, ...args] = process.argv.slice(2);
const found = await steps[step](...args);
const seconds = ({ user, system }) => (user + system) / 1e6;
began ??= { cpu: { user: 0, system: 0 }, time: 0 };
if (ended === undefined) end();
console.log(
  JSON.stringify({
    ...found,
    wall: process.uptime(),
    cpu: seconds(process.cpuUsage()),
    stepWall: ended.wall / 1000,
    stepCPU: seconds(ended.cpu),
    peakMiB: process.resourceUsage().maxRSS / 1024,
  }),
);
process.exit(0);
