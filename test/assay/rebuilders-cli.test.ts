/** Rebuilders on machines of their own, by the command line, and an endpoint whose owner chooses two of them. */
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatPEM } from "../../src/core/encoding/pem.js";
import { PublisherProcess, rulemint } from "../faults/publisher-process.js";
import { serveFolder } from "../faults/static-tree.js";
import { testSigner } from "../simulator/test-signer.js";
import { temporaryFolder } from "../support/temporary.js";

let publisher: PublisherProcess;
let folder: { readonly path: string; remove(): Promise<void> };
let tree: Awaited<ReturnType<typeof serveFolder>>;
const asked = new Set<string>();
const at = (name: string) => join(folder.path, name);

beforeAll(async () => {
  folder = await temporaryFolder();
  publisher = new PublisherProcess(folder.path);
  await publisher.init();
  copyFileSync(join(publisher.data, "root.json"), at("root.json"));
  tree = await serveFolder(join(publisher.data, "public"), async (path) => void asked.add(path));
  await publisher.start();
  await publisher.addRules("hosts", { "a.txt": "evil.example.com\n" });
  await publisher.release(1);
  // Somebody whom the owner might believe, and who has said nothing.
  writeFileSync(at("rene.pem"), formatPEM((await testSigner()).spki, "PUBLIC KEY"));
});
afterAll(async () => {
  await tree.close();
  await publisher.stop("SIGKILL");
  await folder.remove();
});

const rebuilders = (count: number, ...keys: string[]) => [
  ...["--rebuilders", String(count), "--rebuilder-key"],
  ...keys.map(at),
];
const update = async () => {
  const { exit, stdout } = await rulemint(["client", "update", "--state", at("endpoint"), "--json"]);
  return exit === 0 ? JSON.parse(stdout).release : JSON.parse(stdout).error.code;
};
const choose = (...words: string[]) =>
  rulemint(["client", "rebuilders", "--state", at("endpoint"), ...words]);

describe("an endpoint whose owner asks for two of three rebuilders", () => {
  it("SPEC §5.5.8 refuses with one, accepts with two, and follows another choice", async () => {
    const made = (name: string, scheme: string) =>
      rulemint([
        ...["assay", "init", "--data", at(name), "--root", at("root.json")],
        ...["--as", "rebuilder", "--scheme", scheme],
      ]);
    expect(await made("rita", "ed25519")).toMatchObject({ exit: 0 });
    expect(await made("rosa", "ecdsa-p256-sha256")).toMatchObject({ exit: 0 });
    const keys = ["rita/key.pem", "rosa/key.pem", "rene.pem"];
    const init = ["--state", at("endpoint"), "--url", tree.url, "--root", at("root.json")];
    expect(await rulemint(["client", "init", ...init, ...rebuilders(2, ...keys)])).toMatchObject({ exit: 0 });
    for (const [name, then] of [
      ["rita", "REBUILD_QUORUM"],
      ["rosa", 1],
    ] as const) {
      const said = await publisher.cli("rebuilder", "assay", "watch", "--once", "--data", at(name), "--json");
      expect(JSON.parse(said.stdout)).toMatchObject({
        verdicts: [{ release: 1, result: "PASSED" }],
        failures: [],
      });
      asked.clear();
      expect(await update()).toBe(then);
    }
    expect(await choose(...rebuilders(1, "rene.pem"))).toMatchObject({ exit: 0 });
    expect(await update()).toBe("REBUILD_QUORUM");
  });

  it("downloads at most 12 KB of evidence for a release, compressed", () => {
    const sizes = [...asked]
      .map((path) => [path, join(publisher.data, "public", path)] as const)
      .filter(([path, file]) => existsSync(file) && !/^\/(metadata|targets)\//.test(path))
      .map(([path, file]) => [path, gzipSync(readFileSync(file)).length] as const);
    const bytes = sizes.reduce((sum, [, size]) => sum + size, 0);
    console.log(`evidence: ${bytes} bytes, gzip: ${sizes.map((one) => one.join(" ")).join(", ")}`);
    expect(sizes.map(([path]) => path)).toEqual(
      expect.arrayContaining(["/evidence/endpoint/1.verdicts.json", "/evidence/endpoint/1.p7s"]),
    );
    expect(bytes).toBeLessThanOrEqual(12 * 1024);
  });

  it("SPEC §12.5.3 is told by the desk who rebuilt it, by which key, and what each found", async () => {
    const { exit, stdout } = await publisher.cli("auditor", "assay", "verdicts", "--feed", "endpoint");
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^release 1 of endpoint, published\n/);
    expect(
      stdout.match(/^PASSED +\S+ .* rulemint:key\/[0-9a-f]{64} +rebuilt from the sources: /gm),
    ).toHaveLength(3);
    expect(stdout).toContain("answer of overseer, ");
  });
});
