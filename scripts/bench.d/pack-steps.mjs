// What is done with databases, for the processes that measure it. Each calls `begin` when its modules are there and its own work begins.
import { statSync } from "node:fs";
import { fileSink } from "./files.mjs";

const dist = new URL("../../dist/", import.meta.url);
export const load = (path) => import(new URL(path, dist).href);

const copyBytes = 1 << 20;

/** What `write` writes, as a file; what it gives, and how many bytes that are. */
async function written(out, write) {
  const sink = fileSink(out);
  const found = await write(sink);
  sink.close();
  return { ...found, bytes: statSync(out).size };
}

export async function writeCopy(source, out) {
  return written(out, async (sink) => {
    for (let at = 0; at < source.length; at += copyBytes) {
      await sink.write(await source.read(at, Math.min(copyBytes, source.length - at)));
    }
  });
}

export async function writeDelta(from, to, out, begin) {
  const { encodeDelta } = await load("core/format/delta-encode.js");
  const { nodeDigest } = await load("adapters/node-digest.js");
  begin();
  return written(out, (sink) => encodeDelta(from, to, sink, nodeDigest));
}

/** `sha256` of the database that came out. */
export async function applyDeltaPack(from, pack, out, begin) {
  const { applyDelta } = await load("core/format/delta-apply.js");
  const { nodeDigest } = await load("adapters/node-digest.js");
  begin();
  return written(out, (sink) => applyDelta(from, pack, sink, nodeDigest));
}

export async function writeFull(source, out, { method, workers }, begin) {
  const { encodeFullPack } = await load("core/format/full-pack.js");
  const { openDatabase } = await load("core/format/database.js");
  const { kindFacts } = await load("core/rules/kind-facts.js");
  const { nodeDigest } = await load("adapters/node-digest.js");
  begin();
  return withCodec(workers, async (codec) => {
    const { sha256 } = await openDatabase(source, kindFacts, nodeDigest);
    return written(out, (sink) => encodeFullPack(source, { sha256, method }, sink, codec));
  });
}

/** `sha256` of the database that came out. */
export async function applyFullPack(pack, out, begin) {
  const { decodeFullPack } = await load("core/format/full-pack.js");
  const { nodeDigest } = await load("adapters/node-digest.js");
  begin();
  return withCodec(0, (codec) => written(out, (sink) => decodeFullPack(pack, sink, codec, nodeDigest)));
}

async function withCodec(workers, work) {
  const { openPackCodec } = await load("adapters/codec/pack-codec.js");
  const codec = await openPackCodec({ workers });
  try {
    return await work(codec);
  } finally {
    await codec.close();
  }
}

/** What an endpoint writes for the engine of this kind, in one file. */
export async function writeExport(kind, source, out, begin) {
  const { openDatabase } = await load("core/format/database.js");
  const { sectionRecords } = await load("core/format/section-records.js");
  const { ruleLanguage } = await load("core/rules/registry.js");
  const { nodeDigest } = await load("adapters/node-digest.js");
  begin();
  const section = (await openDatabase(source, ruleLanguage, nodeDigest)).section(kind);
  return written(out, async (sink) => {
    if (section === undefined) return;
    for (const { chunks } of ruleLanguage(kind).exportFiles(await sectionRecords(section))) {
      for (const chunk of chunks) await sink.write(chunk);
    }
  });
}
