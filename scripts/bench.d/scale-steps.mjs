// The steps of scale.mjs, each in a process of its own: node --max-old-space-size=128 scale-steps.mjs STEP ARGUMENT…
// The stores are the service's own: objects, pieces of databases, records, the compile cache.
import { createHash } from "node:crypto";
import { createReadStream, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileSink, fileSource } from "./files.mjs";

const dist = new URL("../../dist/", import.meta.url);
const load = (path) => import(new URL(path, dist).href);
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

const cpu = (since) => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
};

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
    const [start, began] = [process.cpuUsage(), performance.now()];
    const summary = await compileDatabase(sources, {
      read: async ({ sha256 }) => new Uint8Array(readFileSync(files.get(sha256))),
      parse: (kind, some) => pool.parse(kind, some),
      runs: (kind, parts) => pool.runs(kind, parts),
      ...{ memory: stores.cache, databases: stores.databases, digest: nodeDigest },
      compilerSha256: "c".repeat(64),
      ...(base && { base }),
    });
    const figures = { wall: (performance.now() - began) / 1000, cpu: cpu(start) };
    await pool.close();
    await stores.close();
    const records = Object.fromEntries(summary.sections.map((section) => [section.kind, section.records]));
    return { sha256: summary.sha256, bytes: summary.bytes, records, ...figures };
  },

  async delta(data, from, to, out) {
    const { encodeDelta } = await load("core/format/delta-encode.js");
    const stores = await openStores(data);
    const [start, began] = [process.cpuUsage(), performance.now()];
    const sink = fileSink(out);
    const [old, next] = [await stores.databases.open(from), await stores.databases.open(to)];
    await encodeDelta(old, next, sink, nodeDigest);
    sink.close();
    const figures = { wall: (performance.now() - began) / 1000, cpu: cpu(start) };
    await stores.close();
    return { bytes: statSync(out).size, ...figures };
  },

  /** The database as one file, as an endpoint has it. */
  async file(data, sha256, out) {
    const stores = await openStores(data);
    const source = await stores.databases.open(sha256);
    const sink = fileSink(out);
    for (let at = 0; at < source.length; at += 1 << 20) {
      await sink.write(await source.read(at, Math.min(1 << 20, source.length - at)));
    }
    sink.close();
    await stores.close();
    return { bytes: source.length };
  },

  async apply(from, pack, out, expected) {
    const { applyDelta } = await load("core/format/delta-apply.js");
    const [start, began] = [process.cpuUsage(), performance.now()];
    const sink = fileSink(out);
    const { sha256 } = await applyDelta(fileSource(from), fileSource(pack), sink, nodeDigest);
    sink.close();
    if (sha256 !== expected) throw new Error("a wrong database came out");
    return { wall: (performance.now() - began) / 1000, cpu: cpu(start) };
  },

  async idle() {
    return {};
  },
};

const [step, ...args] = process.argv.slice(2);
const found = await steps[step](...args);

console.log(JSON.stringify({ ...found, peakMiB: process.resourceUsage().maxRSS / 1024 }));
process.exit(0);
