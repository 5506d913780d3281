/** The small pack of an older release: what an overseer and an auditor make of it, and an endpoint. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { requireNoBlockedPacks } from "../../src/assay/staged-manifest.js";
import { auditRelease } from "../../src/audit/audit-release.js";
import { openDesk } from "../../src/adapters/desk/http.js";
import { memorySink } from "../../src/core/encoding/stream.js";
import { sha256Digest } from "../../src/core/encoding/sha256.js";
import { encodeFullPack } from "../../src/core/format/full-pack.js";
import type { OpenObject } from "../../src/ports/object-store.js";
import { packPath } from "../../src/core/release/tree-paths.js";
import type { ReleasePack, ReleaseRecord } from "../../src/services/model.js";
import { makeDueSmallPacks } from "../../src/services/small-packs.js";
import { TestEndpoint } from "../client/endpoint.js";
import { directWorkers, feed } from "../services/desk.js";
import { testCodec } from "../services/test-codec.js";
import { openService, type TestService } from "../support/service.js";
import { fetcher, type Loose, type Overseer, openOverseer, restage } from "./overseer.js";

const hosts = (lines: number) => ({
  "h.txt": Array.from({ length: lines }, (_, i) => `h${Math.imul(i, 2654435761) >>> 12}.example.com\n`).join(
    "",
  ),
});
let service: TestService;
let overseer: Overseer;

beforeEach(async () => {
  service = await openService();
  overseer = await openOverseer(service);
});
afterEach(async () => {
  await overseer.close();
  await service.close();
});

async function stage(lines: number): Promise<ReleaseRecord> {
  await service.desk.addRules("hosts", "ioc", hosts(lines));
  return service.desk.build();
}

/** Two releases, the first with a small pack, which the second, staged, lists. */
async function stageSecond(): Promise<{ staged: ReleaseRecord; small: ReleasePack }> {
  await service.desk.publish(await stage(4000).then((first) => overseer.assay().then(() => first)));
  await makeDueSmallPacks(service.desk.context, testCodec);
  const staged = await stage(4002);
  const small = staged.packs.find(({ kind, to }) => kind === "full" && to === 1) as ReleasePack;
  expect(small).toMatchObject({ codec: "rulemint-xz/1" });
  return { staged, small };
}

const target = (signed: Loose) => signed.targets["endpoint/1.full.rmp"];

describe("SPEC §10.2.9 an overseer", () => {
  it("unpacks it, and finds the database that it compiled", async () => {
    const { small } = await stageSecond();
    const verdict = await overseer.assay();
    expect(verdict).toMatchObject({ result: "PASSED", release: 2 });
    expect(verdict.checks).toContain(`endpoint/1.full.rmp: ${small.bytes} bytes, yields the database`);
    await service.desk.publish({ release: 2 } as ReleaseRecord);
    await stage(4004);
    expect((await overseer.assay()).checks).toContain(
      "endpoint/1.full.rmp: compared in an earlier assay, unchanged",
    );
  });

  it("SPEC §10.4.1 does so by the second compiler too", async () => {
    await overseer.close();
    overseer = await openOverseer(service, { compilers: ["reference"] });
    await stageSecond();
    const verdict = await overseer.assay();
    expect(verdict).toMatchObject({ result: "PASSED" });
    expect(verdict.checks).toContain("endpoint/1.full.rmp, by the reference compiler: yields the database");
  });

  it.each([["rulemint"], ["reference"]] as const)(
    "refuses one of another database, by %s",
    async (compiler) => {
      await overseer.close();
      overseer = await openOverseer(service, { compilers: [compiler] });
      const { staged } = await stageSecond();
      const { databases, objects } = service.desk.context;
      const other = (await databases.open(staged.database?.sha256 as never)) as OpenObject;
      const sink = memorySink();
      await encodeFullPack(
        other,
        { sha256: staged.database?.sha256 as never, method: "xz" },
        sink,
        testCodec,
      );
      await other.close();
      const { sha256, bytes } = await objects.put([sink.bytes()]);
      const packs = staged.packs.map((pack) =>
        pack.kind === "full" && pack.to === 1 ? { ...pack, sha256, bytes } : pack,
      );
      await restage(
        service,
        staged,
        (signed: Loose) => Object.assign(target(signed), { length: bytes, hashes: { sha256 } }),
        { record: { packs } as Partial<ReleaseRecord> },
      );
      const verdict = await overseer.assay();
      expect(verdict).toMatchObject({ result: "FAILED" });
      expect(verdict.explanation).toMatch(/^ASSAY_MISMATCH: expected endpoint\/1\.full\.rmp /);
    },
  );

  it.each([
    ["another database", (t: Loose) => Object.assign(t.custom, { databaseSha256: "a".repeat(64) })],
    ["another maker", (t: Loose) => Object.assign(t.custom, { codec: "zstd-codec/0.1.5" })],
    ["another length", (t: Loose) => Object.assign(t, { length: t.length + 1 })],
  ])("refuses what names %s", async (_, bend) => {
    const { staged } = await stageSecond();
    await restage(service, staged, (signed: Loose) => {
      bend(target(signed));
      // SPEC §5.4.7 is kept: the lie is about the pack alone.
      const { databaseSha256 } = target(signed).custom;
      for (const one of Object.values<Loose>(signed.targets))
        if (one.custom.to === 1) one.custom.databaseSha256 = databaseSha256;
    });
    const verdict = await overseer.assay();
    expect(verdict).toMatchObject({ result: "FAILED" });
    expect(verdict.explanation).toMatch(/^ASSAY_MISMATCH: .*endpoint\/1\.full\.rmp/);
  });

  it("SPEC §2.5.8 refuses one of a database that the manifest blocks, and no delta", () => {
    const manifest = (kind: string) => ({
      packs: [{ kind, path: "endpoint/1.x", databaseSha256: "a" }],
      block: { blocked: ["a"] },
    });
    expect(() => requireNoBlockedPacks(manifest("delta") as never)).not.toThrow();
    expect(() => requireNoBlockedPacks(manifest("full") as never)).toThrowError(
      expect.objectContaining({ code: "ASSAY_MISMATCH" }),
    );
  });
});

describe("an endpoint that has nothing, and an auditor", () => {
  let small: ReleasePack;
  let endpoint: TestEndpoint;
  beforeEach(async () => {
    const { desk, origin } = service;
    ({ small } = await stageSecond());
    await overseer.assay();
    await desk.publish({ release: 2 } as ReleaseRecord);
    endpoint = await TestEndpoint.open(join(desk.folder, "endpoint"), { now: () => desk.now });
    await endpoint.updater.init({ url: origin, root: desk.root });
  });
  afterEach(() => endpoint.close());

  const steps = (result: Awaited<ReturnType<typeof endpoint.updater.update>>) =>
    result.path?.packs.map(({ from, to }) => `${from} to ${to}`);

  it("SPEC §4.8.3 takes the small pack and the delta", async () => {
    const result = await endpoint.updater.update();
    expect(result).toMatchObject({ outcome: "updated", release: 2 });
    expect(steps(result)).toEqual(["0 to 1", "1 to 2"]);
    expect(result.path?.reason).toMatch(
      /^1 full pack and 1 delta pack of [\d,]+ bytes, because there is no database yet$/,
    );
  });

  it.each([
    ["is not there", async (file: string) => rm(file)],
    ["is broken", async (file: string) => writeFile(file, (await readFile(file)).fill(7, 100, 200))],
  ])("SPEC §8.4.3 takes the newest full pack when the small one %s", async (_, damage) => {
    await damage(join(service.desk.folder, "public", packPath(small)));
    const result = await endpoint.updater.update();
    expect(result).toMatchObject({ outcome: "updated", release: 2 });
    expect(steps(result)).toEqual(["0 to 2"]);
    expect(endpoint.events).toContainEqual(expect.objectContaining({ type: "pack-refused" }));
  });

  it("proves what it holds", async () => {
    const archive = openDesk({ server: service.origin, token: service.tokens.auditor });
    const report = await auditRelease({
      ...{ url: service.origin, root: service.desk.root, feed, at: service.desk.now, fetcher, rebuild: true },
      workshop: { codec: testCodec, digest: sha256Digest, workers: directWorkers, archive },
    });
    expect(report.verdict).toBe("proven");
    const holds = report.steps.find(({ title }) => title === "What the packs hold");
    expect(holds?.evidence).toContain(
      `endpoint/1.full.rmp: the database of release 1, ${small.databaseBytes} bytes, SHA-256 ${small.databaseSha256}`,
    );
  });
});
