/** Three rebuilders on machines of their own, by the command line, and an endpoint whose owner chooses two of them. */
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PublisherProcess, rulemint } from "../faults/publisher-process.js";
import { serveFolder } from "../faults/static-tree.js";
import { temporaryFolder } from "../support/temporary.js";

let publisher: PublisherProcess;
let folder: { readonly path: string; remove(): Promise<void> };
const at = (name: string) => join(folder.path, name);
const names = ["rita", "rosa", "rene"];

beforeAll(async () => {
  folder = await temporaryFolder();
  publisher = new PublisherProcess(folder.path);
  await publisher.init();
  copyFileSync(join(publisher.data, "root.json"), at("root.json"));
  await publisher.start();
  await publisher.addRules("hosts", { "a.txt": "evil.example.com\n" });
  await publisher.release(1);
});
afterAll(async () => {
  await publisher.stop("SIGKILL");
  await folder.remove();
});

const keys = (...of: string[]) => ["--rebuilder-key", ...of.map((name) => at(`${name}/key.pem`))];
const update = async () => {
  const { exit, stdout } = await rulemint(["client", "update", "--state", at("endpoint"), "--json"]);
  return exit === 0 ? JSON.parse(stdout).release : JSON.parse(stdout).error.code;
};

describe("an endpoint whose owner asks for two of three rebuilders", () => {
  it("SPEC §5.5.8 refuses with one, accepts with two, and follows another choice", {
    timeout: 120_000,
  }, async () => {
    for (const name of names) {
      const words = ["--data", at(name), "--root", at("root.json"), "--as", "rebuilder"];
      expect(
        await rulemint([
          "assay",
          "init",
          ...words,
          "--scheme",
          name === "rita" ? "ed25519" : "ecdsa-p256-sha256",
        ]),
      ).toMatchObject({ exit: 0 });
    }
    const init = ["--state", at("endpoint"), "--url", publisher.origin, "--root", at("root.json")];
    const alone = await rulemint(["client", "init", ...init, "--rebuilders", "2"]);
    expect(alone).toMatchObject({ exit: 2, stderr: expect.stringContaining("--rebuilder-key") });
    expect(await rulemint(["client", "init", ...init, "--rebuilders", "2", ...keys(...names)])).toMatchObject(
      { exit: 0 },
    );
    for (const [name, then] of [
      ["rita", "REBUILD_QUORUM"],
      ["rosa", 1],
    ] as const) {
      const said = await publisher.cli("rebuilder", "assay", "watch", "--once", "--data", at(name), "--json");
      expect(JSON.parse(said.stdout)).toMatchObject({
        verdicts: [{ release: 1, result: "PASSED" }],
        failures: [],
      });
      expect(await update()).toBe(then);
    }
    const choose = (...words: string[]) =>
      rulemint(["client", "rebuilders", "--state", at("endpoint"), ...words]);
    expect(await choose("--rebuilders", "3", ...keys("rita", "rosa"))).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining("METADATA_MALFORMED"),
    });
    expect(await choose("--rebuilders", "1", ...keys("rene"))).toMatchObject({ exit: 0 });
    expect(await update()).toBe("REBUILD_QUORUM");
    expect(await choose()).toMatchObject({ exit: 0 });
    expect(await update()).toBe(1);
  });

  it("downloads at most 12 KB of evidence for a release, compressed", { timeout: 60_000 }, async () => {
    const asked = new Set<string>();
    const tree = await serveFolder(join(publisher.data, "public"), async (path) => void asked.add(path));
    const state = ["--state", at("measured")];
    const init = ["--url", tree.url, "--root", at("root.json"), "--rebuilders", "2", ...keys(...names)];
    expect(await rulemint(["client", "init", ...state, ...init])).toMatchObject({ exit: 0 });
    expect(await rulemint(["client", "update", ...state])).toMatchObject({ exit: 0 });
    await tree.close();
    const sizes = [...asked]
      .map((path) => [path, join(publisher.data, "public", path)] as const)
      .filter(([path, file]) => existsSync(file) && !/^\/(metadata|targets)\//.test(path))
      .map(([path, file]) => [path, gzipSync(readFileSync(file)).length] as const);
    const bytes = sizes.reduce((sum, [, size]) => sum + size, 0);
    console.log(`evidence: ${bytes} bytes, gzip: ${sizes.map((one) => one.join(" ")).join(", ")}`);
    expect(sizes.map(([path]) => path)).toContain("/evidence/endpoint/1.verdicts.json");
    expect(bytes).toBeLessThanOrEqual(12 * 1024);
  });
});
