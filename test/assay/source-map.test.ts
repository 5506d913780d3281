/** The source map of a release, vouched for by the overseer and held against what the service hands out; and insiders who edit it. */
import { join } from "node:path";
import SQLite from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openDesk } from "../../src/adapters/desk/http.js";
import type { AssayContext } from "../../src/assay/model.js";
import { vouchForSourceMap } from "../../src/assay/source-map.js";
import { watchReleases } from "../../src/assay/watch.js";
import { auditRelease } from "../../src/audit/audit-release.js";
import { releaseNumber, sha256Hex } from "../../src/core/brands.js";
import { hexText } from "../../src/core/encoding/bytes.js";
import { OperationError } from "../../src/core/errors.js";
import { sha256, sha256Digest } from "../../src/core/encoding/sha256.js";
import { sourceMapIn, parseVerdict } from "../../src/core/trust/attest/verdict.js";
import { parseVerdictList } from "../../src/core/trust/attest/verdict-list.js";
import { readObject } from "../../src/services/source-batches.js";
import { bent, exported, verified } from "../audit/bundle/scene.js";
import { directWorkers, feed } from "../services/desk.js";
import { testCodec } from "../services/test-codec.js";
import { openService, type TestService } from "../support/service.js";
import { fetcher, type Overseer, openOverseer } from "./overseer.js";

const one = releaseNumber(1);
const verdictsMember = `public/evidence/${feed}/1.verdicts.json`;
let service: TestService;
let overseer: Overseer;

beforeEach(async () => {
  service = await openService();
  overseer = await openOverseer(service);
  await service.desk.addRules("hosts", "ioc", { "h.txt": "one.example\n" });
  const release = await service.desk.build();
  expect(await overseer.assay()).toMatchObject({ result: "PASSED" });
  await service.desk.publish(release);
});
afterEach(async () => {
  await overseer.close();
  await service.close();
});

const vouch = () => vouchForSourceMap(overseer.context, feed, one);

async function keptVerdicts(): Promise<readonly { readonly sourceMapSha256?: string }[]> {
  const answer = await service.call("GET", `/v1/feeds/${feed}/releases/1/attestations`, { as: "analyst" });
  return ((await answer.json()) as { items: [] }).items;
}

async function servedMap(): Promise<Uint8Array> {
  const answer = await service.call("GET", `/v1/feeds/${feed}/releases/1/source-map`, { as: "auditor" });
  return new Uint8Array(await answer.arrayBuffer());
}

function audit() {
  const { desk, origin, tokens } = service;
  const archive = openDesk({ server: origin, token: tokens.auditor, reason: "the yearly audit" });
  return auditRelease({
    ...{ url: origin, root: desk.root, feed, at: desk.now, fetcher, rebuild: true },
    workshop: { codec: testCodec, digest: sha256Digest, workers: directWorkers, archive },
  });
}

/** The insider lets the records name a map in which the rule stands in line 2. */
async function forgeMap(): Promise<string> {
  const map = (await servedMap()).slice();
  expect(map[5]).toBe(16);
  map[5] = 32;
  const stored = await service.desk.context.objects.put([map]);
  const records = new SQLite(join(service.desk.folder, "records.sqlite"));
  try {
    const body = JSON.stringify({ sha256: stored.sha256, bytes: map.length });
    const edit = records.prepare("update record set body = ? where collection = 'source-maps'");
    expect(edit.run(body).changes).toBe(1);
  } finally {
    records.close();
  }
  return stored.sha256;
}

const moved = 'ioc rule "one.example" stands in hosts/h.txt:1, not in hosts/h.txt:2';

describe("a source map", () => {
  it("SPEC §12.4.5 is named by a verdict of the overseer, published beside its first one", async () => {
    const vouched = await vouch();
    expect(vouched.sha256).toBe(hexText(await sha256(await servedMap())));
    await service.settled();
    const list = await service.call("GET", `/evidence/${feed}/1.verdicts.json`);
    const { verdicts } = parseVerdictList(new Uint8Array(await list.arrayBuffer()));
    const named = verdicts.map((verdict) => sourceMapIn(parseVerdict(verdict), { feed, release: one }));
    expect(named).toEqual([undefined, vouched.sha256]);
    expect((await keptVerdicts()).at(-1)).toMatchObject({ sourceMapSha256: vouched.sha256 });
    const report = await audit();
    const evidence = report.steps.flatMap((step) => step.evidence).join("\n");
    expect(report.verdict).toBe("proven");
    expect(evidence).toContain("a verdict by a key of the feed names this source map");
    expect(evidence).toContain("the service hands out this source map, byte for byte");
  });

  it("SPEC §12.4.5 said twice is kept once", async () => {
    await vouch();
    await vouch();
    expect(await keptVerdicts()).toHaveLength(2);
  });

  it("SPEC §12.4.5 is not signed for a release that was not passed here", async () => {
    for (const { id, version } of await overseer.records.list("signed")) {
      await overseer.records.commit([{ collection: "signed", id, expected: version, body: null }]);
    }
    await expect(vouch()).rejects.toMatchObject({ code: "RELEASE_STATE" });
  });

  it("without a verdict that names it is proven, and the report says that nobody signed for it", async () => {
    const report = await audit();
    expect(report.verdict).toBe("proven");
    expect(report.steps.at(-1)?.evidence.join("\n")).toContain("nobody signed for it");
  });
});

describe("an overseer that also makes maps", () => {
  /** So many looks at the desk, and what was heard in their course. */
  async function watch(looks: number, context: AssayContext = overseer.context) {
    const heard: string[] = [];
    const told = new AbortController();
    let left = looks - 1;
    const report = await watchReleases(context, {
      ...{ feeds: [feed], maps: true, once: looks === 1, waitSeconds: 0, stop: told.signal },
      pause: async () => {
        await vi.waitFor(() => expect(heard.length).toBeGreaterThan(looks - 1 - left), 20_000);
        if (left-- <= 0) told.abort();
      },
      onVerdict: ({ result, release }) => heard.push(`${result} ${release}`),
      onMap: ({ release }) => heard.push(`map ${release}`),
      onFailure: ({ code }) => heard.push(code),
    });
    return { ...report, heard };
  }

  it("SPEC §12.4.5 signs for the map of a published release, once, and not before it is published", async () => {
    expect((await watch(1)).heard).toEqual(["map 1"]);
    await service.desk.addRules("hosts", "ioc", { "h.txt": "one.example\ntwo.example\n" });
    const release = await service.desk.build();
    expect((await watch(1)).heard).toEqual(["PASSED 2"]);
    await service.desk.publish(release);
    const { heard, maps, failures } = await watch(1);
    expect(heard).toEqual(["map 2"]);
    expect(maps).toMatchObject([{ feed, release: 2 }]);
    expect(failures).toEqual([]);
    expect((await watch(1)).heard).toEqual([]);
    expect((await keptVerdicts()).filter(({ sourceMapSha256 }) => sourceMapSha256)).toHaveLength(1);
  });

  it("SPEC §12.4.5 asks again for a map that the network refused", async () => {
    let refusals = 1;
    const sourceMap: AssayContext["desk"]["sourceMap"] = async (...given) => {
      if (refusals-- > 0) throw new OperationError("FETCH_FAILED", "expected an answer, got none");
      return overseer.context.desk.sourceMap(...given);
    };
    const desk = { ...overseer.context.desk, sourceMap };
    const { heard, failures } = await watch(2, { ...overseer.context, desk });
    expect(heard).toEqual(["FETCH_FAILED", "map 1"]);
    expect(failures).toEqual([]);
  });

  it("SPEC §12.4.5 reports a map that is another and signs nothing", async () => {
    await forgeMap();
    const { heard, failures } = await watch(1);
    expect(heard).toEqual(["ASSAY_MISMATCH"]);
    expect(failures).toMatchObject([{ feed, message: expect.stringContaining("release 1") }]);
    expect((await keptVerdicts()).some(({ sourceMapSha256 }) => sourceMapSha256)).toBe(false);
  });

  it("refuses to begin with a key that signs no verdicts", async () => {
    const signer = { ...overseer.context.signer, scheme: "rsa-pss-3072-sha256" as const };
    await expect(watch(1, { ...overseer.context, signer })).rejects.toMatchObject({ code: "RELEASE_STATE" });
  });
});

describe("an insider who edits the source map", () => {
  it("SPEC §12.4.5 gets no signature of the overseer, who names the rule", async () => {
    await forgeMap();
    await expect(vouch()).rejects.toMatchObject({
      code: "ASSAY_MISMATCH",
      message: expect.stringContaining(moved),
    });
    await service.settled();
    expect(await keptVerdicts()).toHaveLength(1);
  });

  it("SPEC §15.1.6 after it was signed is refused by the auditor, who names the rule", async () => {
    await vouch();
    await service.settled();
    await forgeMap();
    const report = await audit();
    expect(report.verdict).toBe("refused");
    expect(report.steps.at(-1)).toMatchObject({ code: "ASSAY_MISMATCH" });
    expect(report.steps.at(-1)?.evidence.join()).toContain(moved);
  });

  it("SPEC §15.1.6 names another author or reviewer: neither the service nor the auditor says so", async () => {
    const { context } = service.desk;
    const record = (await context.records.list<{ sourcesSha256: string }>("releases")).at(-1);
    const sources = JSON.parse(
      new TextDecoder().decode(
        await readObject(context.objects, sha256Hex(record?.body.sourcesSha256 as string)),
      ),
    );
    sources.revisions[0].author = "eve";
    const text = new TextEncoder().encode(JSON.stringify(sources));
    const { sha256: sourcesSha256 } = await context.objects.put([text]);
    const body = { ...(record?.body as object), sourcesSha256 };
    const { id, version } = record as { id: string; version: number };
    await context.records.commit([{ collection: "releases", id, expected: version, body }]);
    const path = `/v1/feeds/${feed}/releases/1/rules?id=one.example`;
    const answer = await service.call("GET", path, { as: "analyst" });
    expect(await answer.json()).toMatchObject({ code: "STATE_CORRUPT" });
    expect(await audit()).toMatchObject({ verdict: "refused" });
  });
});

describe("an evidence bundle", () => {
  it("SPEC §15.1.6 proves the map that the verdict names, without a network", async () => {
    const vouched = await vouch();
    await service.settled();
    const bundle = await exported(service, 1);
    const report = await verified(bundle, service.desk.root, { rebuild: true });
    expect(report.verdict).toBe("proven");
    const evidence = report.steps.flatMap((step) => step.evidence).join("\n");
    expect(evidence).toContain(`names the source map ${vouched.sha256}`);
    expect(evidence).toContain("a verdict by a key of the feed names this source map");
  });

  it("SPEC §12.4.5 a map in a verdict that somebody altered is named by nobody", async () => {
    const { sha256: digest } = await vouch();
    await service.settled();
    const bundle = await bent(await exported(service, 1), (members) => {
      const list = JSON.parse(new TextDecoder().decode(members.get(verdictsMember)));
      const payload = Buffer.from(list.verdicts[1].payload, "base64").toString();
      list.verdicts[1].payload = Buffer.from(payload.replaceAll(digest, "0".repeat(64))).toString("base64");
      members.set(verdictsMember, new TextEncoder().encode(JSON.stringify(list)));
    });
    const report = await verified(bundle, service.desk.root, { rebuild: true });
    const evidence = report.steps.flatMap((step) => step.evidence).join("\n");
    expect(evidence).toContain("nobody signed for it");
  });
});
