// Everything that can be said about the code without running it: types (all, then core alone, then tests), lint and format, the contract.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const cwd = fileURLToPath(new URL("..", import.meta.url));
const steps = [
  ["types", ["node_modules/tsc7/bin/tsc", "-p", "tsconfig.json", "--noEmit"]],
  ["core is pure", ["node_modules/tsc7/bin/tsc", "-p", "src/core", "--noEmit"]],
  ["types of the tests", ["node_modules/tsc7/bin/tsc", "-p", "tsconfig.test.json", "--noEmit"]],
  ["lint and format", ["node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings"]],
  ["the contract", ["node_modules/@redocly/cli/bin/cli.js", "lint", "openapi.yaml", "--format", "stylish"]],
];
// The contract's linter would tell its maker that it ran.
const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };
let failed = 0;
for (const [name, args] of steps) {
  const { status } = spawnSync(process.execPath, args, { cwd, env, stdio: "inherit" });
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${name}`);
  if (status !== 0) failed++;
}
process.exit(failed === 0 ? 0 : 1);
