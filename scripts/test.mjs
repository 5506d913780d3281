// Build, static checks, then the whole suite; closes with one line that counts.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const cwd = fileURLToPath(new URL("..", import.meta.url));
const run = (args) => spawnSync(process.execPath, args, { cwd, stdio: "inherit" }).status === 0;

let passed = 0;
let failed = 0;
const count = (ok) => {
  if (ok) passed++;
  else failed++;
};

const built = run(["scripts/build.mjs"]);
count(built);
if (built) {
  count(run(["scripts/check.mjs"]));
  const folder = mkdtempSync(join(tmpdir(), "rulemint-report-"));
  const report = join(folder, "report.json");
  const args = [
    "node_modules/vitest/vitest.mjs",
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ];
  const ok = run([...args, ...process.argv.slice(2)]);
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, "utf8"));
    passed += numPassedTests;
    failed += numFailedTests;
    if (!ok && numFailedTests === 0) failed++;
    if (numPassedTests === 0) failed++;
  } catch (error) {
    console.error(`the test run left no report: ${error.message}`);
    failed++;
  }
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
