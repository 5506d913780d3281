// node compile-digests.mjs WORKERS SEED OLD NEW: compiles two folders `<kind>/…` with the built program and prints the digests of both databases,
// of the new one's full pack and of the delta between them. The files are handed over in an order that the seed decides.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";

const dist = new URL("../../dist/", import.meta.url);
const load = (path) => import(new URL(path, dist).href);
const { ruleKinds } = await load("core/rules/model.js");
const { ruleLanguage } = await load("core/rules/registry.js");
const { encodeDatabase } = await load("core/format/database.js");
const { encodeDelta } = await load("core/format/delta-encode.js");
const { encodeFullPack } = await load("core/format/full-pack.js");
const { memorySink, memorySource } = await load("core/encoding/stream.js");
const { nodeDigest } = await load("adapters/node-digest.js");
const { openRuleWorkers } = await load("adapters/workers/rule-workers.js");
const { openPackCodec } = await load("adapters/codec/pack-codec.js");

const [workerCount, seedText, oldFolder, newFolder] = process.argv.slice(2);
const workers = Number(workerCount);
let seed = Number(seedText);

function draw(below) {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed % below;
}

function shuffled(items) {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = draw(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

function files(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
}

const hex = (bytes) => {
  const running = nodeDigest();
  running.update(bytes);
  return Buffer.from(running.finish()).toString("hex");
};

async function compile(pool, root) {
  const sections = [];
  for (const kind of ruleKinds) {
    const folder = join(root, kind);
    const found = readdirSync(root).includes(kind) ? files(folder) : [];
    const sources = shuffled(found)
      .map((file) => ({
        path: `${kind}/${relative(folder, file)}`,
        bytes: new Uint8Array(readFileSync(file)),
      }))
      .filter(({ path }) => ruleLanguage(kind).accepts(path));
    if (sources.length === 0) continue;
    const { order, merge } = ruleLanguage(kind);
    sections.push({ kind, order, records: merge(await pool.parse(kind, sources)).records });
  }
  const sink = memorySink();
  const { sha256 } = await encodeDatabase(sections, sink, nodeDigest);
  return { bytes: sink.bytes(), sha256 };
}

const pool = openRuleWorkers({ workers });
const codec = await openPackCodec({ workers });
const from = await compile(pool, oldFolder);
const to = await compile(pool, newFolder);
const full = memorySink();
const frames = memorySink();
const delta = memorySink();
await encodeFullPack(memorySource(to.bytes), { sha256: to.sha256, method: "xz" }, full, codec);
await encodeFullPack(memorySource(to.bytes), { sha256: to.sha256, method: "zstd" }, frames, codec);
await encodeDelta(memorySource(from.bytes), memorySource(to.bytes), delta, nodeDigest);
await pool.close();
await codec.close();
console.log(
  JSON.stringify({
    old: hex(from.bytes),
    new: hex(to.bytes),
    full: hex(full.bytes()),
    delta: hex(delta.bytes()),
    records: to.bytes.length,
  }),
);
