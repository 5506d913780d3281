// Writes src/core/format/generated/part-models.ts from src/core/format/assembly, by the AssemblyScript compiler of package-lock.json, whose
// output is the same everywhere; with --check it only says whether the file is current.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = "src/core/format/assembly/part-models.ts";
const target = "src/core/format/generated/part-models.ts";
const header =
  "/** The module that src/core/format/assembly compiles to, in base64; written by scripts/compile-part-models.mjs. */\n";

const options = [
  ...["-O3", "--converge", "--noAssert", "--runtime", "stub", "--enable", "simd"],
  // pages of 64 KiB: the bytes of a part, 20 MiB at most, lie behind 2^19 buckets of 32
  ...["--initialMemory", "64", "--maximumMemory", "1024"],
];
let wasm;
const { error, stderr } = await asc.main(
  [source, "--baseDir", root, ...options, "--outFile", "part-models.wasm"],
  {
    writeFile: (_name, bytes) => {
      wasm = bytes;
    },
  },
);
if (error) throw new Error(stderr.toString(), { cause: error });
const text = `${header}export const partModels =\n  "${Buffer.from(wasm).toString("base64")}";\n`;
if (process.argv.includes("--check")) {
  const current = readFileSync(root + target, "utf8") === text;
  console.log(
    current ? `${target} is current` : `${target} is old: run node scripts/compile-part-models.mjs`,
  );
  process.exit(current ? 0 : 1);
}
writeFileSync(root + target, text);
