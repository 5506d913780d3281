/**
 * The TUF community's conformance suite on our client, where a checkout of it is named in TUF_CONFORMANCE and pytest with the
 * suite's packages is there (PYTHONPATH may name them). It is not part of this project; where it is absent this says so.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const suite = process.env.TUF_CONFORMANCE ?? "";
const client = fileURLToPath(new URL("../../scripts/tuf-conformance-client", import.meta.url));
const present = suite !== "" && existsSync(join(suite, "tuf_conformance", "conftest.py"));
if (!present)
  console.log("tuf-conformance is not here (TUF_CONFORMANCE names no checkout): its own rows do not run");

describe.runIf(present)("tuf-conformance", () => {
  it("passes in full", { timeout: 600_000 }, () => {
    const words = ["-m", "pytest", "tuf_conformance", "-q", "--entrypoint", client];
    const run = spawnSync("python3", words, { cwd: suite, encoding: "utf8" });
    expect(run.stdout).toMatch(/^\d{3} passed in/m);
    expect(run.status).toBe(0);
    console.log(run.stdout.trim().split("\n").at(-1));
  });
});

describe.runIf(!present)("tuf-conformance", () => {
  it("is absent: test/client/tuf/tuf-client.test.ts holds the same rules", () => {
    expect(existsSync(client)).toBe(true);
  });
});
