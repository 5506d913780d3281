/** The units that we write and those that the operations page shows, read by systemd itself where it is installed. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { watchUnit } from "../../src/cli/watch-unit.js";
import { temporaryFolder } from "../support/temporary.js";

const haveSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;
if (!haveSystemd) console.warn("systemd is not installed: it was not asked about our units");

async function verify(unit: string): Promise<[number | null, string]> {
  const { path, remove } = await temporaryFolder();
  try {
    const file = join(path, "rulemint-test.service");
    writeFileSync(file, unit);
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", file], {
      encoding: "utf8",
    });
    return [
      status,
      stderr
        .split("\n")
        .filter((line) => line.includes("rulemint-test"))
        .join("\n"),
    ];
  } finally {
    await remove();
  }
}

const options = { intervalSeconds: 60, splaySeconds: 0 };

describe.runIf(haveSystemd)("systemd-analyze verify", () => {
  it.each([
    ["/var/lib/rulemint/endpoint", "/var/lib/node-exporter/rulemint.prom"],
    ["/var/lib/with blank and 100%/$HOME", undefined],
  ])("finds nothing in the daemon's unit for %s", async (state, textfile) => {
    expect(await verify(watchUnit({ ...options, state, ...(textfile && { textfile }) }))).toEqual([0, ""]);
  });

  it("finds nothing in the lines that count an engine's starts", async () => {
    const page = readFileSync(new URL("../../docs/OPERATIONS.md", import.meta.url), "utf8");
    const lines = page.match(/^ {4}\[Service\]\n(?: {4}.*\n)+/m)?.[0].replace(/^ {4}/gm, "") ?? "";
    expect(lines).toContain("client boot starting");
    expect(lines).toContain("client boot ready");
    expect(await verify(`[Unit]\nDescription=engine\n${lines}ExecStart=/bin/true\n`)).toEqual([0, ""]);
  });

  it("does find something in another", async () => {
    const unit = watchUnit({ ...options, state: "/s" }).replace("Restart=on-failure", "Restarts=on-failure");
    const [, said] = await verify(unit);
    expect(said).toContain("Restarts");
  });
});
