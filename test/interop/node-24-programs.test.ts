/** The endpoint and the auditor as programs of Node 24, which need nothing that was compiled for this Node. */
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PublisherProcess, indicators } from "../faults/publisher-process.js";
import { temporaryFolder } from "../support/temporary.js";

const project = fileURLToPath(new URL("../..", import.meta.url));

/** The path of a Node 24, fetched once per machine. */
function otherNode(): string | undefined {
  const words = ["-y", "node@24", "-p", "process.execPath"];
  const { status, stdout, stderr } = spawnSync("npx", words, { encoding: "utf8", timeout: 120_000 });
  if (status === 0) return stdout.trim().split("\n").at(-1);
  console.warn(`Node 24 is not to be had here, so no program ran on it: ${stderr.trim().split("\n").at(-1)}`);
  return undefined;
}
const node24 = otherNode();

describe.runIf(node24 !== undefined)("on Node 24", () => {
  let folder: { readonly path: string; remove(): Promise<void> };
  let publisher: PublisherProcess;

  beforeAll(async () => {
    folder = await temporaryFolder();
    publisher = new PublisherProcess(folder.path);
    await publisher.init();
    await publisher.start();
    await publisher.addRules("hosts", { "a.txt": indicators(1, 200) });
    await publisher.release(1);
  });
  afterAll(async () => {
    await publisher.stop("SIGKILL");
    await folder.remove();
  });

  function rulemint24(...words: string[]): unknown {
    const env = { ...process.env, RULEMINT_TOKEN: publisher.token("auditor") };
    const cli = join(project, "dist/main/cli.js");
    return JSON.parse(
      execFileSync(node24 as string, [cli, ...words, "--json"], { encoding: "utf8", env, stdio: "pipe" }),
    );
  }

  it("the endpoint updates, exports and rolls on", () => {
    const state = join(folder.path, "endpoint");
    const root = join(publisher.data, "root.json");
    rulemint24("client", "init", "--state", state, "--url", publisher.origin, "--root", root);
    expect(rulemint24("client", "update", "--state", state)).toMatchObject({
      outcome: "updated",
      release: 1,
    });
    expect(rulemint24("client", "update", "--state", state)).toMatchObject({
      outcome: "current",
      release: 1,
    });
    expect(rulemint24("client", "status", "--state", state)).toMatchObject({ exported: true });
  });

  it("the auditor proves the release and compiles its sources to the same bytes", () => {
    const root = join(publisher.data, "root.json");
    const words = ["--url", publisher.origin, "--root", root, "--feed", "endpoint", "--rebuild"];
    expect(rulemint24("audit", "release", ...words)).toMatchObject({ verdict: "proven" });
  });
});
