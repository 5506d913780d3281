/** Any number of rebuilders beside the overseer, over HTTP, and an endpoint that asks for k of n of its own choosing. */
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFilesystemEndpointStore } from "../../src/adapters/endpoint-store/filesystem.js";
import { openDesk as openDeskClient } from "../../src/adapters/desk/http.js";
import { openCompileCache } from "../../src/adapters/compile-cache/filesystem.js";
import { databasesInObjects } from "../../src/adapters/databases/in-objects.js";
import { openFilesystemObjects } from "../../src/adapters/objects/filesystem.js";
import { openSQLiteRecords } from "../../src/adapters/records/sqlite.js";
import { runAssay } from "../../src/assay/run-assay.js";
import { Updater } from "../../src/client/updater.js";
import { utf8Bytes, utf8Text } from "../../src/core/encoding/bytes.js";
import { sha256Digest } from "../../src/core/encoding/sha256.js";
import { formatPEM } from "../../src/core/encoding/pem.js";
import { parseReleaseLogEntry } from "../../src/core/log/release-entries.js";
import { formatDSSE, parseDSSE } from "../../src/core/trust/attest/dsse.js";
import { parseVerdictList } from "../../src/core/trust/attest/verdict-list.js";
import { nodeDigest } from "../../src/adapters/node-digest.js";
import type { ReleaseRecord } from "../../src/services/model.js";
import { refreshMetadata } from "../../src/services/refresh-metadata.js";
import { publishedPolicy } from "../../src/services/published-trust.js";
import { verdictBy } from "../core/trust/attest/attestations.js";
import { directWorkers, feed, workersOf } from "../services/desk.js";
import { testCodec } from "../services/test-codec.js";
import { type TestSigner, testSigner } from "../simulator/test-signer.js";
import { openService, type TestService } from "../support/service.js";
import { fetcher, openOverseer } from "./overseer.js";

let service: TestService;
let release: ReleaseRecord;
let rita: TestSigner;
let rosa: TestSigner;

beforeEach(async () => {
  service = await openService();
  [rita, rosa] = [await testSigner(), await testSigner("ecdsa-p256-sha256")];
  await service.desk.addRules("hosts", "ioc", { "h.txt": "evil.example.com\n" });
  release = await service.desk.build();
});
afterEach(() => service.close());

/** A rebuilder with a folder and a key of its own. `bends` what its compiler makes of a record. */
async function rebuild(signer: TestSigner, bends = (record: string) => record) {
  const folder = join(service.desk.folder, signer.keyid);
  const records = await openSQLiteRecords({ path: join(folder, "records.sqlite") });
  const workers = workersOf(async (...given) =>
    (await directWorkers.parse(...given)).map((file) => ({ ...file, records: file.records.map(bends) })),
  );
  try {
    const desk = openDeskClient({ server: service.origin, token: service.tokens.rebuilder });
    const context = {
      ...{ desk, fetcher, url: service.origin, root: service.desk.root, records, digest: sha256Digest },
      ...{
        codec: testCodec,
        workers,
        clock: service.desk.context.clock,
        signer,
        party: "rebuilder" as const,
      },
      cache: await openCompileCache(join(folder, "compile-cache")),
      databases: databasesInObjects(await openFilesystemObjects(join(folder, "objects")), records),
      ...{ compiler: service.desk.context.settings.compiler, compilers: ["rulemint" as const] },
      onProgress: () => undefined,
    };
    return await runAssay(context, feed, release.release);
  } finally {
    await records.close();
  }
}

async function publish(): Promise<void> {
  const overseer = await openOverseer(service);
  expect(await overseer.assay()).toMatchObject({ result: "PASSED" });
  await overseer.close();
  expect((await service.desk.publish(release)).state).toBe("published");
}

/** An endpoint whose owner asks for `threshold` of these rebuilders. */
async function endpoint(threshold: number, ...signers: TestSigner[]): Promise<Updater> {
  const store = await openFilesystemEndpointStore(join(service.desk.folder, `endpoint-${Math.random()}`));
  const updater = new Updater({
    store,
    fetcher,
    codec: testCodec,
    clock: service.desk.context.clock,
    digest: nodeDigest,
  });
  const keys = signers.map(({ spki }) => formatPEM(spki, "PUBLIC KEY"));
  const policy = { ...(await publishedPolicy(service.desk.context)), rebuilders: { threshold, keys } };
  await updater.init({
    url: service.origin,
    root: service.desk.root,
    policy: utf8Bytes(JSON.stringify(policy)),
  });
  return updater;
}

const list = async () => {
  const answer = await service.call("GET", `/evidence/${feed}/1.verdicts.json`);
  return answer.status === 404 ? undefined : parseVerdictList(new Uint8Array(await answer.arrayBuffer()));
};

describe("rebuilders", () => {
  it("SPEC §12.5.2 add verdicts before the publication and after it, and the quorum follows", async () => {
    expect(await rebuild(rita)).toMatchObject({ result: "PASSED" });
    await publish();
    // The overseer's own verdict and the first rebuilder's.
    expect((await list())?.verdicts).toHaveLength(2);
    const asksTwo = await endpoint(2, rita, rosa);
    await expect(asksTwo.update()).rejects.toMatchObject({ code: "REBUILD_QUORUM" });
    expect(await rebuild(rosa)).toMatchObject({ result: "PASSED" });
    expect((await list())?.verdicts).toHaveLength(3);
    expect(await asksTwo.update()).toMatchObject({ release: 1 });
  });

  it("SPEC §11.7.3 leave an entry each for the log, in one transaction with the verdict, whatever they say", async () => {
    await service.close();
    const releaseLog = { intervalSeconds: 3600, open: () => Promise.reject(new Error("no log here")) };
    service = await openService({ wrap: () => ({ releaseLog }) });
    await service.desk.addRules("hosts", "ioc", { "h.txt": "evil.example.com\n" });
    release = await service.desk.build();
    await rebuild(rita);
    await rebuild(rosa, (record) => record.replace("evil", "good"));
    const { records } = service.desk.context;
    const pending = await records.list<{ text: string }>("log-pending", { prefix: "verdict/" });
    const said = pending.map(({ body }) => parseReleaseLogEntry(utf8Bytes(body.text)));
    const kept = await records.list<{ envelopeSha256: string; result: string }>("rebuilds");
    expect(said).toEqual(
      kept.map(({ body: { envelopeSha256, result } }) => ({
        ...{ kind: "verdict", time: expect.any(String), feed, release: 1, result, envelopeSha256 },
      })),
    );
    expect(said).toMatchObject([{ result: "PASSED" }, { result: "FAILED" }]);
  });

  it("SPEC §10.3.4, §7.20 a FAILED after the publication refuses the release where it is trusted, and for ever", async () => {
    await publish();
    const believesRita = await endpoint(1, rita, service.desk.overseer);
    const believesRosa = await endpoint(1, rosa, service.desk.overseer);
    expect(await believesRita.update()).toMatchObject({ release: 1 });
    const verdict = await rebuild(rita, (record) => record.replace("evil", "good"));
    expect(verdict.explanation).toMatch(/should be "evil|should be "good|ioc record 0/);
    service.desk.passDays(1.1);
    await refreshMetadata(service.desk.context);
    // SPEC §8.2.6: the endpoint asks again once a day, and keeps what it heard.
    await expect(believesRita.update()).rejects.toMatchObject({ code: "REBUILD_FAILED" });
    expect(await believesRosa.update()).toMatchObject({ release: 1 });
    await service.desk.context.tree.swapHead(
      `evidence/${feed}/1.verdicts.json`,
      await service.desk.context.tree.read(`evidence/${feed}/1.verdicts.json`),
      utf8Bytes(`{"schema":1,"feed":"${feed}","release":1,"verdicts":[]}\n`),
    );
    service.desk.passDays(0.1);
    await expect(believesRita.update()).rejects.toMatchObject({ code: "REBUILD_FAILED" });
  });

  it("SPEC §12.5.3 are refused a verdict on another manifest, in another name, or not signed by the key that came with it", async () => {
    const send = async (
      signer: TestSigner,
      envelope: Awaited<ReturnType<typeof verdictBy>>,
      as: "rebuilder" | "analyst" = "rebuilder",
    ) => {
      const json = {
        publicKey: formatPEM(signer.spki, "PUBLIC KEY"),
        envelope: JSON.parse(utf8Text(formatDSSE(envelope))),
      };
      const answer = await service.call("POST", `/v1/feeds/${feed}/releases/1/attestations`, { as, json });
      return [answer.status, ((await answer.json()) as { code?: string }).code];
    };
    expect(await send(rita, await verdictBy(rita))).toEqual([422, "ATTESTATION_MISMATCH"]);
    await rebuild(rosa);
    const kept = await service.call("GET", `/v1/feeds/${feed}/releases/1/attestations`, { as: "auditor" });
    const [{ envelopeSha256 }] = ((await kept.json()) as { items: [{ envelopeSha256: string }] }).items;
    const object = await service.desk.context.objects.open(envelopeSha256 as never);
    const envelope = parseDSSE(await object!.read(0, object!.length));
    await object!.close();
    expect(await send(rita, envelope)).toEqual([422, "ATTESTATION_SIGNATURE"]);
    expect(await send(rosa, envelope, "analyst")).toEqual([403, "ROLE_REFUSED"]);
    expect((await send(rosa, envelope))[0]).toBe(201);
    const again = await service.call("GET", `/v1/feeds/${feed}/releases/1/attestations`, { as: "auditor" });
    expect(((await again.json()) as { items: unknown[] }).items).toHaveLength(1);
  });

  it("SPEC §10.2.13 refuse a release without its provenance", async () => {
    const { records } = service.desk.context;
    const id = `${feed}/0000000001`;
    const before = await records.get<ReleaseRecord>("releases", id);
    const { provenanceSha256: _gone, ...body } = before!.body;
    await records.commit([{ collection: "releases", id, expected: before!.version, body }]);
    const verdict = await rebuild(rita);
    expect(verdict).toMatchObject({ result: "FAILED" });
    expect(verdict.explanation).toMatch(/^ASSAY_MISMATCH: expected the builder's provenance, got none/);
  });
});
