/** The linter of the contract, with our rules, finds what it is there for; scripts/check.mjs runs it on openapi.yaml itself. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { temporaryFolder } from "../support/temporary.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const contract = readFileSync(join(root, "openapi.yaml"), "utf8");

it.each([
  ["nothing in the contract as it is", (text: string) => text, ""],
  [
    "a reference to nothing",
    (text: string) => text.replace("responses/AcceptedRelease", "responses/NoSuch"),
    "no-unresolved-refs",
  ],
  [
    "an operation that two paths share",
    (text: string) => text.replace("operationId: listFeeds", "operationId: listReleases"),
    "operation-operationId-unique",
  ],
  [
    "an operation without a summary",
    (text: string) => text.replace(/\n +summary: Seal and publish/, ""),
    "operation-summary",
  ],
])("the contract's linter finds %s", async (_, change, rule) => {
  const folder = await temporaryFolder();
  const file = join(folder.path, "openapi.yaml");
  writeFileSync(file, change(contract));
  const cli = join(root, "node_modules/@redocly/cli/bin/cli.js");
  const words = [cli, "lint", file, "--config", join(root, "redocly.yaml"), "--format", "stylish"];
  const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8", env });
  expect([status, stdout + stderr]).toEqual([rule === "" ? 0 : 1, expect.stringContaining(rule)]);
  await folder.remove();
});
