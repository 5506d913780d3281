/**
 * The same core in a real Chromium: every signature vector, a release of a real publisher from its pinned root to the bytes of its
 * database, and a hostile tree, each with the verdict that Node reaches.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page, Request } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { indicators } from "../client/endpoint.js";
import { SimulatedPublisher } from "../simulator/publisher.js";
import { testSigner } from "../simulator/test-signer.js";
import type { PackMethod } from "../../src/core/format/codec.js";
import { openService, type TestService, type TestServiceOptions } from "../support/service.js";
import { now as signatureTime } from "../vectors/pki/world.js";
import { now as metadataTime } from "../core/trust/repository.js";
import { haveChromium, launch, openOrigin, type Origin, repository } from "./browser.js";
import { judgeMetadata, judgeRelease, judgeSignatures, type Place } from "./judge.mjs";

/** Directories of test/vectors, and the code that each of them expects. */
function vectorsOf(folder: string): Record<string, string> {
  const path = join(repository, "test/vectors", folder);
  const names = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const code = (name: string) =>
    readFileSync(join(path, name, "expect.txt"), "utf8").split("\n")[0] as string;
  return Object.fromEntries(names.map(({ name }) => [name, code(name)]));
}
const vectors = { pki: vectorsOf("pki"), tuf: vectorsOf("tuf") };
/** Of a publisher whose full packs are made that way. */
const packedBy = (method: PackMethod): Pick<TestServiceOptions, "wrap"> => ({
  wrap: ({ settings }) => ({
    settings: { ...settings, fullPacks: { endpoint: { method, xzBytesMax: 0 } } },
  }),
});
const nodeCore = pathToFileURL(join(repository, "dist/core")).href;
const nodeCodec = pathToFileURL(join(repository, "dist/adapters/codec/zstd-instance.js")).href;

let origin: Origin;
let browser: Browser;
let page: Page;

/** The same question to both; as JSON, because that is what crosses over. */
async function both(
  judge: (place: Place, options: never) => Promise<unknown>,
  place: Omit<Place, "core">,
  options: { node: unknown; chromium: unknown },
): Promise<{ node: unknown; chromium: unknown }> {
  const node = await judge({ ...place, core: nodeCore }, options.node as never);
  const question = JSON.stringify([{ ...place, core: "/dist/core" }, options.chromium]);
  const chromium = await page.evaluate(
    `import("/test/browser/judge.mjs").then((judge) => judge.${judge.name}(...${question}))`,
  );
  return { node: JSON.parse(JSON.stringify(node)), chromium };
}
const same = (options: unknown) => ({ node: options, chromium: options });

describe.runIf(haveChromium)("core in Chromium", () => {
  const problems: string[] = [];
  beforeAll(async () => {
    origin = await openOrigin();
    browser = await launch();
    page = await browser.newPage();
    page.on("console", (message) => problems.push(message.text()));
    page.on("pageerror", (error) => problems.push(error.message));
    await page.goto(origin.url);
  });
  afterAll(async () => {
    await browser?.close();
    await origin?.close();
  });

  it("is a module graph that a page loads as it was built, in a secure context, without any package", async () => {
    expect(await page.evaluate("isSecureContext")).toBe(true);
    const requested: string[] = [];
    const note = (request: Request) => requested.push(new URL(request.url()).pathname);
    page.on("request", note);
    const loaded = 'import("/dist/core/trust/verify-release.js").then(Object.keys)';
    expect(await page.evaluate(loaded)).toEqual(["verifyRelease"]);
    page.off("request", note);
    expect(requested).toContain("/dist/core/pki/verify-signature.js");
    expect(requested.filter((path) => !path.startsWith("/dist/core/"))).toEqual([]);
  });

  it.each([
    ["pki", judgeSignatures, signatureTime],
    ["tuf", judgeMetadata, metadataTime],
  ] as const)(
    "gives every vector of %s the code that it should have, as Node does",
    async (folder, judge, time) => {
      const expected = vectors[folder];
      const place = { base: `${origin.url}/test/vectors/${folder}`, now: time.toISOString() };
      const { node, chromium } = await both(judge, place, same(Object.keys(expected)));
      expect(Object.keys(expected).length).toBeGreaterThan(40);
      expect(chromium).toEqual(expected);
      expect(chromium).toEqual(node);
    },
  );

  describe("and a publisher", () => {
    let service: TestService;
    beforeAll(async () => {
      service = await openService(packedBy("xz"));
      const { desk } = service;
      await desk.addRules("samples", "yara", { "a.yar": 'rule A { strings: $a = "one" condition: $a }\n' });
      await desk.addRules("hosts", "ioc", { "h.txt": "evil.example.com\n" });
      await desk.release();
    });
    afterAll(() => service.close());

    it("proves its release from the pinned root to the last byte of the database, across origins", async () => {
      const { desk, origin: base } = service;
      const place = { base, now: desk.now.toISOString() };
      const options = { root: [...desk.root], feed: "endpoint", unpacks: {} };
      const { node, chromium } = await both(judgeRelease, place, same(options));
      const database = { codec: "rulemint-xz/1", asSigned: true };
      expect(chromium).toMatchObject({ code: "success", release: 1, database });
      expect(chromium).toEqual(node);
    });

    it("does the same where the full pack is made of zstd frames, on a page that may run zstd-codec", async () => {
      const framed = await openService(packedBy("zstd"));
      try {
        await framed.desk.addRules("hosts", "ioc", { "h.txt": "evil.example.com\n" });
        await framed.desk.release();
        const place = { base: framed.origin, now: framed.desk.now.toISOString() };
        const options = { root: [...framed.desk.root], feed: "endpoint" };
        await page.goto(`${origin.url}/unpacking`);
        const { node, chromium } = await both(judgeRelease, place, {
          node: { ...options, unpacks: { zstd: nodeCodec } },
          chromium: { ...options, unpacks: { zstd: "/dist/adapters/codec/zstd-instance.js" } },
        });
        const database = { codec: "zstd-codec/0.1.5", asSigned: true };
        expect(chromium).toMatchObject({ code: "success", release: 1, database });
        expect(chromium).toEqual(node);
      } finally {
        await page.goto(origin.url);
        await framed.close();
      }
    });

    it("refuses it a month later, as frozen", async () => {
      const place = { base: service.origin, now: new Date(service.desk.now.getTime() + 3e9).toISOString() };
      const options = { root: [...service.desk.root], feed: "endpoint" };
      const { node, chromium } = await both(judgeRelease, place, same(options));
      expect(chromium).toEqual({ code: "METADATA_EXPIRED" });
      expect(chromium).toEqual(node);
    });
  });

  describe("and a hostile tree", () => {
    const time = new Date("2026-11-22T12:00:00Z");
    const lies: [lie: string, code: string, tell: (publisher: SimulatedPublisher) => Promise<void>][] = [
      ["nothing is wrong", "success", async () => undefined],
      [
        "release 1 again, and a snapshot to match",
        "METADATA_ROLLBACK",
        async (publisher) => {
          publisher.newest = 1;
          await publisher.publishSnapshot();
        },
      ],
      [
        "a manifest without the overseer's signature",
        "METADATA_THRESHOLD",
        async (publisher) => {
          await publisher.release(indicators(3), { signers: [publisher.publisherKey] });
        },
      ],
      [
        "a timestamp by a key that nobody named",
        "METADATA_THRESHOLD",
        async (publisher) => {
          publisher.keys = { ...publisher.keys, timestamp: [await testSigner()] };
          await publisher.publishTimestamp();
        },
      ],
      [
        "a snapshot that the timestamp does not mean",
        "METADATA_MISMATCH",
        async (publisher) => {
          const path = `metadata/${publisher.versions.snapshot}.snapshot.json`;
          const bytes = publisher.tree.get(path) as Uint8Array;
          publisher.tree.set(path, Uint8Array.from([...bytes, 0x0a]));
        },
      ],
      [
        "another release's signature",
        "CMS_DIGEST_MISMATCH",
        async ({ tree }) => {
          tree.set("evidence/endpoint/2.p7s", tree.get("evidence/endpoint/1.p7s") as Uint8Array);
        },
      ],
      [
        "no signature at all",
        "EVIDENCE_MISSING",
        async ({ tree }) => {
          tree.delete("evidence/endpoint/2.p7s");
        },
      ],
    ];

    const trustedOf = ({ tree, versions }: SimulatedPublisher) =>
      new Map([
        ["timestamp.json", tree.get("metadata/timestamp.json") as Uint8Array],
        ["snapshot.json", tree.get(`metadata/${versions.snapshot}.snapshot.json`) as Uint8Array],
      ]);
    const serve = (folder: string, tree: ReadonlyMap<string, Uint8Array>): string => {
      for (const [path, bytes] of tree) origin.files.set(`/${folder}/${path}`, bytes);
      return `${origin.url}/${folder}`;
    };

    it.each(lies)("%s: %s", async (lie, code, tell) => {
      const publisher = await SimulatedPublisher.create(time);
      await publisher.release(indicators(1));
      await publisher.release(indicators(2));
      const seen = serve(`seen/${lies.findIndex(([name]) => name === lie)}`, trustedOf(publisher));
      await tell(publisher);
      const base = serve(`told/${lies.findIndex(([name]) => name === lie)}`, publisher.tree);
      const place = { base, now: time.toISOString() };
      const options = { root: [...publisher.root], feed: "endpoint", seen };
      const { node, chromium } = await both(judgeRelease, place, same(options));
      expect(chromium).toMatchObject({ code });
      expect(chromium).toEqual(node);
    });
  });

  it("says nothing on the console while it does all this", () => {
    expect(problems.filter((text) => !/404/.test(text))).toEqual([]);
  });
});
