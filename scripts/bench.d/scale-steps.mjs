// The steps of scale.mjs, each in a process of its own: node --max-old-space-size=128 scale-steps.mjs STEP ARGUMENT…
// The stores are the service's own: objects, pieces of databases, records, the compile cache.
import { createHash } from "node:crypto";
import { createReadStream, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileSource } from "./files.mjs";
import {
  applyDeltaPack,
  applyFullPack,
  load,
  writeCopy,
  writeDelta,
  writeExport,
  writeFull,
} from "./pack-steps.mjs";

const { tuneForEndpoint } = await load("main/give-back.js");
// as the endpoint tells V8, before anything is loaded
if (["export", "apply", "unpack"].includes(process.argv[2])) tuneForEndpoint();
const { nodeDigest } = await load("adapters/node-digest.js");
const { openCompileCache } = await load("adapters/compile-cache/filesystem.js");
const { databasesInObjects } = await load("adapters/databases/in-objects.js");
const { openFilesystemObjects } = await load("adapters/objects/filesystem.js");
const { openSQLiteRecords } = await load("adapters/records/sqlite.js");
const { openRuleWorkers } = await load("adapters/workers/rule-workers.js");
const { compileDatabase } = await load("core/release/compile-database.js");

async function digestFile(path) {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}

/** What an approval would have frozen; digests of files are computed here as the service does while they arrive. */
async function freeze(folder) {
  const paths = new Map();
  const revisions = [];
  for (const ruleset of readdirSync(folder).sort()) {
    const files = [];
    for (const path of readdirSync(join(folder, ruleset)).sort()) {
      const file = join(folder, ruleset, path);
      const sha256 = await digestFile(file);
      paths.set(sha256, file);
      files.push({ path, sha256, bytes: statSync(file).size });
    }
    const kind = ruleset === "yara" ? "yara" : "ioc";
    const digest = createHash("sha256").update(JSON.stringify(files)).digest("hex");
    const approval = {
      submission: "s-1",
      digest,
      author: "a",
      approvedBy: "b",
      approvedAt: "2026-01-01T00:00:00.000Z",
    };
    revisions.push({ ruleset, kind, ...approval, leaveOutInvalid: false, leftOut: [], files });
  }
  return { sources: { schema: 1, revisions }, paths: [...paths] };
}

async function openStores(data) {
  const objects = await openFilesystemObjects(join(data, "objects"));
  const records = await openSQLiteRecords({ path: join(data, "records.sqlite") });
  return {
    databases: databasesInObjects(objects, records),
    cache: await openCompileCache(join(data, "compile-cache")),
    close: () => records.close(),
  };
}

let began;
/** From here on it is the step's own time: called when its modules are there, and its stores are open. */
function begin() {
  began = { cpu: process.cpuUsage(), time: performance.now() };
}

/** Seconds of the step until now. */
function figures() {
  const { user, system } = process.cpuUsage(began.cpu);
  return { wall: (performance.now() - began.time) / 1000, cpu: (user + system) / 1e6 };
}

/** A stored database, for as long as `work` takes. */
async function withStored(data, sha256s, work) {
  const stores = await openStores(data);
  const opened = [];
  for (const sha256 of sha256s) opened.push(await stores.databases.open(sha256));
  const found = await work(...opened);
  const measured = began && figures();
  for (const source of opened) await source.close();
  await stores.close();
  return { ...found, ...measured };
}

const steps = {
  async freeze(folder, out) {
    writeFileSync(out, JSON.stringify(await freeze(folder)));
    return {};
  },

  async compile(data, frozen, workers, base) {
    const { sources, paths } = JSON.parse(readFileSync(frozen, "utf8"));
    const files = new Map(paths);
    const stores = await openStores(data);
    const pool = openRuleWorkers({ workers: Number(workers) });
    begin();
    const summary = await compileDatabase(sources, {
      read: async ({ sha256 }) => new Uint8Array(readFileSync(files.get(sha256))),
      parse: (kind, some) => pool.parse(kind, some),
      runs: (kind, parts) => pool.runs(kind, parts),
      ...{ memory: stores.cache, databases: stores.databases, digest: nodeDigest },
      compilerSha256: "c".repeat(64),
      ...(base && { base }),
    });
    const measured = figures();
    await pool.close();
    await stores.close();
    const records = Object.fromEntries(summary.sections.map((section) => [section.kind, section.records]));
    return { sha256: summary.sha256, bytes: summary.bytes, records, ...measured };
  },

  delta: (data, from, to, out) =>
    withStored(data, [from, to], (old, next) => writeDelta(old, next, out, begin)),

  full: (data, sha256, out, method, workers) =>
    withStored(data, [sha256], (source) =>
      writeFull(source, out, { method, workers: Number(workers) }, begin),
    ),

  /** The database as one file, as an endpoint has it. */
  file: (data, sha256, out) => withStored(data, [sha256], (source) => writeCopy(source, out)),

  async apply(from, pack, out) {
    return { ...(await applyDeltaPack(fileSource(from), fileSource(pack), out, begin)), ...figures() };
  },

  async unpack(pack, out) {
    return { ...(await applyFullPack(fileSource(pack), out, begin)), ...figures() };
  },

  async export(kind, database, out) {
    return { ...(await writeExport(kind, fileSource(database), out, begin)), ...figures() };
  },

  async idle() {
    return {};
  },
};

const [step, ...args] = process.argv.slice(2);
const found = await steps[step](...args);

console.log(JSON.stringify({ ...found, peakMiB: process.resourceUsage().maxRSS / 1024 }));
process.exit(0);
