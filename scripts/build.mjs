// Compiles src into dist. The old dist goes first, so that no file of a former layout survives.
import { spawnSync } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
rmSync(`${root}/dist`, { recursive: true, force: true });
const result = spawnSync(process.execPath, ["node_modules/tsc7/bin/tsc", "-p", "tsconfig.json"], {
  cwd: root,
  stdio: "inherit",
});
if (result.status === 0) chmodSync(`${root}/dist/main/cli.js`, 0o755);
process.exit(result.status ?? 1);
