// Writes src/cli/generated/api.d.ts from openapi.yaml; with --check it only says whether the file is current.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = "src/cli/generated/api.d.ts";
const header =
  "/** The types of openapi.yaml, written by scripts/generate-api-types.mjs. Change the contract, not this file. */\n";

const types = astToString(await openapiTS(new URL("../openapi.yaml", import.meta.url)));
const formatted = spawnSync(
  process.execPath,
  ["node_modules/@biomejs/biome/bin/biome", "format", `--stdin-file-path=${target}`],
  { cwd: root, input: header + types, encoding: "utf8" },
);
if (formatted.status !== 0) throw new Error(formatted.stderr);
if (process.argv.includes("--check")) {
  const current = readFileSync(root + target, "utf8") === formatted.stdout;
  console.log(current ? `${target} is current` : `${target} is old: run node scripts/generate-api-types.mjs`);
  process.exit(current ? 0 : 1);
}
writeFileSync(root + target, formatted.stdout);
