// Trains the entropy tables of src/core/format/preludes.ts on rule histories, and prints them.
//
//     node scripts/train-preludes.mjs FOLDER [--work DIR] [--tables FILE]
//
// FOLDER/<kind>/<history>/<version>/… holds the rule files of each version; versions follow one another by name. Of every two
// neighbours a delta is made, and the small frames in it are the samples. `zstd --train` makes candidates of tables from them; the
// candidate under which the samples come out smallest, each with the dictionary that it really had, is taken. No random choice is
// made: the same folder, zstd and tables in force give the same tables. Histories MUST NOT be those that the format is measured on.
// Run scripts/build.mjs first.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openZstdCodec } from "../dist/adapters/codec/zstd-codec.js";
import { encodeDelta } from "../dist/core/format/delta-encode.js";
import { columnDictionary, textDictionary } from "../dist/core/format/preludes.js";
import { nodeDigest } from "../dist/adapters/node-digest.js";
import { fileSource } from "./bench.d/files.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { work: { type: "string" }, tables: { type: "string" } },
});
if (positionals.length !== 1) {
  console.log("usage: node scripts/train-preludes.mjs FOLDER [--work DIR] [--tables FILE]");
  process.exit(2);
}
const steps = fileURLToPath(new URL("bench.d/steps.mjs", import.meta.url));
const work = values.work ?? mkdtempSync(join(tmpdir(), "rulemint-train-"));
mkdirSync(work, { recursive: true });
if (!values.work) process.on("exit", () => rmSync(work, { recursive: true, force: true }));

const level = 19;
const fillerBytes = 16;
const tablesMagic = "37a430ec";
/** Behind the tables stand the three distances that frames begin with, always these. */
const firstDistances = Buffer.from("010000000400000008000000", "hex");
/** Segment size and part of the dictionary that zstd chooses content from; only the tables in front of it are used. */
const segmentBytes = [200, 500, 1000, 2000, 4000];
/** The tables must reach as far as our longest dictionary and frame: content of this size makes zstd see to that. */
const dictionaryBytes = 112_640;

function run(program, args) {
  const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} failed: ${stderr}`);
}

function folders(path) {
  return readdirSync(path)
    .sort()
    .filter((name) => statSync(join(path, name)).isDirectory());
}

/** Databases of each history, oldest first. */
function compileHistories(root) {
  return folders(root).flatMap((kind) =>
    folders(join(root, kind)).map((history) =>
      folders(join(root, kind, history)).map((version) => {
        const database = join(work, `${kind}-${history}-${version}.database`);
        const rules = join(root, kind, history, version);
        if (!existsSync(database)) run(process.execPath, [steps, "compile", kind, rules, database]);
        return { kind, history, version, database };
      }),
    ),
  );
}

const codec = await openZstdCodec({ workers: 0 });
const textHead = Buffer.from(textDictionary(new Uint8Array(0), 1)).subarray(0, -fillerBytes);
const columnHead = Buffer.from(columnDictionary(1)).subarray(0, -fillerBytes);

/** Content and dictionary, without tables, of the small frames that end up in the delta. */
async function smallFrames(from, to) {
  const made = new Map();
  const recorder = {
    name: codec.name,
    decompress: codec.decompress,
    compress: async (blocks) => {
      const frames = await codec.compress(blocks);
      for (const [i, frame] of frames.entries()) made.set(Buffer.from(frame).toString("base64"), blocks[i]);
      return frames;
    },
  };
  const found = [];
  const sink = {
    write: async (bytes) => {
      const block = made.get(Buffer.from(bytes).toString("base64"));
      const dictionary = Buffer.from(block?.dictionary ?? []);
      for (const [type, head] of [
        ["text", textHead],
        ["columns", columnHead],
      ]) {
        if (!dictionary.subarray(0, head.length).equals(head)) continue;
        found.push({
          type,
          bytes: Buffer.from(block.bytes),
          content: dictionary.subarray(head.length),
          frameBytes: bytes.length,
        });
      }
    },
  };
  await encodeDelta(fileSource(from.database), fileSource(to.database), sink, recorder, nodeDigest);
  return found;
}

async function frameBytes({ bytes, content }, head) {
  const dictionary = head ? Buffer.concat([head, content]) : content;
  const [frame] = await codec.compress([{ bytes, dictionary, level }]);
  return frame.length;
}

/** Tables without dictionary id. */
function tablesOf(dictionary) {
  const end = dictionary.indexOf(firstDistances, 8);
  if (dictionary.toString("hex", 0, 4) !== tablesMagic || end < 0)
    throw new Error("expected a dictionary with tables");
  const tables = Buffer.from(dictionary.subarray(0, end + firstDistances.length));
  tables.writeUInt32LE(0, 4);
  return tables;
}

function candidates(type, samples) {
  const folder = join(work, `samples-${type}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [i, { bytes }] of samples.entries())
    writeFileSync(join(folder, String(i).padStart(6, "0")), bytes);
  return segmentBytes.flatMap((segment) => {
    const out = join(work, `dictionary-${type}-${segment}`);
    const how = `--train-cover=k=${segment},d=8`;
    const { status } = spawnSync("zstd", [
      "-q",
      "-f",
      "-r",
      "-T1",
      `-${level}`,
      how,
      `--maxdict=${dictionaryBytes}`,
      folder,
      "-o",
      out,
    ]);
    return status === 0 ? [{ name: `k=${segment}`, tables: tablesOf(readFileSync(out)) }] : [];
  });
}

/** Mean size of the samples under each candidate, as a share of their size without tables. */
async function choose(type, samples, present) {
  const bare = [];
  for (const sample of samples)
    bare.push(await frameBytes({ ...sample, content: sample.content.subarray(fillerBytes) }));
  let best;
  for (const candidate of [{ name: "present", tables: present }, ...candidates(type, samples)]) {
    let bytes = 0;
    let share = 0;
    for (const [i, sample] of samples.entries()) {
      const own = await frameBytes(sample, candidate.tables);
      bytes += own;
      share += own / bare[i] / samples.length;
    }
    console.log(
      `${type}: ${candidate.name.padEnd(8)} ${bytes} bytes, mean share ${share.toFixed(4)}, tables ${candidate.tables.length} bytes`,
    );
    if (candidate.name !== "present" && (!best || share < best.share)) best = { ...candidate, share };
  }
  return best.tables;
}

const samples = [];
for (const versions of compileHistories(resolve(positionals[0]))) {
  const own = [];
  for (let i = 1; i < versions.length; i++) own.push(...(await smallFrames(versions[i - 1], versions[i])));
  const sum = (type) =>
    own.filter((each) => each.type === type).reduce((all, each) => all + each.frameBytes, 0);
  console.log(
    `${versions[0].kind} ${versions[0].history}: ${versions.length} versions, ${own.length} small frames, text ${sum("text")}, columns ${sum("columns")} bytes`,
  );
  samples.push(...own);
}
const chosen = {};
for (const [type, head] of [
  ["text", textHead],
  ["columns", columnHead],
]) {
  const own = samples.filter((sample) => sample.type === type);
  chosen[type] = (await choose(type, own, head)).toString("hex");
  console.log(`${type} tables: ${chosen[type]}`);
}
if (values.tables) writeFileSync(values.tables, `${JSON.stringify(chosen, null, 2)}\n`);
await codec.close();
process.exit(0);
