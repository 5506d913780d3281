/** The experimental second signature from the publisher's desk to an endpoint: made, published, demanded, and never talked away. */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDesk as openDeskClient } from "../../src/adapters/desk/http.js";
import { openFilesystemEndpointStore } from "../../src/adapters/endpoint-store/filesystem.js";
import { openHTTPFetcher } from "../../src/adapters/fetcher/http.js";
import { openCompileCache } from "../../src/adapters/compile-cache/filesystem.js";
import { databasesInObjects } from "../../src/adapters/databases/in-objects.js";
import { openFilesystemObjects } from "../../src/adapters/objects/filesystem.js";
import { openSQLiteRecords } from "../../src/adapters/records/sqlite.js";
import { runAssay } from "../../src/assay/run-assay.js";
import { auditRelease } from "../../src/audit/audit-release.js";
import { Updater } from "../../src/client/updater.js";
import { sha256Digest } from "../../src/core/encoding/sha256.js";
import { manifestSecondSignaturePath } from "../../src/core/release/tree-paths.js";
import type { SignaturePolicy } from "../../src/core/trust/model.js";
import { signMLDSA } from "../../src/issuing/mldsa.js";
import type { ReleaseRecord } from "../../src/services/model.js";
import { publishedPolicy } from "../../src/services/published-trust.js";
import { openService, type TestService } from "../support/service.js";
import { type TestPostQuantum, testPostQuantum, verify } from "../support/post-quantum.js";
import { directWorkers, feed } from "./desk.js";
import { testCodec } from "./test-codec.js";

const yara = 'rule Sample { strings: $a = "sample bytes" condition: $a }\n';
const fetcher = openHTTPFetcher();
let service: TestService;
let own: TestPostQuantum;
let endpoints = 0;

/** `signing` false: the root pins the key, but the publisher has none. */
async function open(policy: Partial<SignaturePolicy> = {}, signing = true): Promise<void> {
  service = await openService({
    policy: { postQuantumKeys: [own.pem], ...policy },
    wrap: () => ({ ...(signing && { postQuantum: own.signer }), postQuantumVerifier: { verify } }),
  });
  await service.desk.addRules("samples", "yara", { "a.yar": yara });
}
beforeEach(async () => {
  own = await testPostQuantum();
});
afterEach(() => service.close());

async function endpoint(input: { policy?: Uint8Array; able?: boolean } = {}): Promise<Updater> {
  const updater = new Updater({
    store: await openFilesystemEndpointStore(join(service.desk.folder, `endpoint-${endpoints++}`)),
    ...{ fetcher, codec: testCodec, clock: service.desk.context.clock, digest: sha256Digest },
    ...(input.able !== false && { postQuantum: { verify } }),
  });
  const { root } = service.desk;
  await updater.init({ url: service.origin, root, ...(input.policy && { policy: input.policy }) });
  return updater;
}
const code = (wanted: string) => expect.objectContaining({ code: wanted });
const published = (release: number) =>
  join(service.desk.folder, "public", manifestSecondSignaturePath(feed, release as never));

describe("a publisher with a post-quantum key", () => {
  it("announces it in the manifest, and endpoints and auditors verify the second signature", async () => {
    await open();
    const release = await service.desk.release();
    expect(release).toMatchObject({ state: "published", waitingFor: null });
    const updater = await endpoint();
    const { proof, outcome } = await updater.update();
    expect(outcome).toBe("updated");
    expect(proof.manifest.block.postQuantum).toEqual(own.announcement);
    expect(proof.checks.map(({ clause }) => clause)).toContain("SPEC §7.8");
    // Kept: the next poll asks the server for nothing but the timestamp.
    await rm(published(1));
    expect((await updater.update()).outcome).toBe("current");
    const shown = await service.call("GET", `/v1/feeds/${feed}/releases/1`, { as: "auditor" });
    expect(await shown.json()).toMatchObject({ manifestMldsaSha256: release.manifestMldsaSha256 });
  });

  it("is refused by the second signature's code when it is stripped, exchanged or not understood", async () => {
    await open();
    await service.desk.release();
    const thief = await testPostQuantum();
    await expect((await endpoint({ able: false })).update()).rejects.toThrowError(code("CLIENT_TOO_OLD"));
    await writeFile(published(1), await signMLDSA(new TextEncoder().encode("other"), own.signer));
    await expect((await endpoint()).update()).rejects.toThrowError(code("PQ_SIGNATURE_INVALID"));
    await writeFile(published(1), await signMLDSA(new TextEncoder().encode("other"), thief.signer));
    await expect((await endpoint()).update()).rejects.toThrowError(code("PQ_SIGNATURE_INVALID"));
    await rm(published(1));
    const updater = await endpoint();
    await expect(updater.update()).rejects.toThrowError(code("PQ_SIGNATURE_MISSING"));
    expect((await updater.status()).installed).toBeNull();
  });

  it("keeps the last good release when the next one's second signature is missing", async () => {
    await open();
    await service.desk.release();
    const updater = await endpoint();
    await updater.update();
    await service.desk.addRules("samples", "yara", { "a.yar": yara.replaceAll("ample", "econd") });
    await service.desk.release();
    await rm(published(2));
    await expect(updater.update()).rejects.toThrowError(code("PQ_SIGNATURE_MISSING"));
    expect((await updater.status()).installed?.release).toBe(1);
  });

  it("must be pinned first: a key that customers do not know is not announced", async () => {
    await open({ postQuantumKeys: [(await testPostQuantum()).pem] });
    const release = await service.desk.build();
    expect(release).toMatchObject({ state: "built", waitingFor: expect.stringContaining("PQ_KEY_UNKNOWN") });
  });

  it("is audited: the second signature among the evidence, refused when it is gone", async () => {
    await open();
    await service.desk.release();
    const audit = () =>
      auditRelease({
        ...{
          url: service.origin,
          root: service.desk.root,
          feed,
          at: service.desk.now,
          fetcher,
          rebuild: false,
        },
        workshop: { codec: testCodec, workers: directWorkers, digest: sha256Digest, archive: undefined },
        postQuantum: { verify },
      });
    const sound = await audit();
    expect(sound.verdict).toBe("proven");
    expect(JSON.stringify(sound.steps)).toContain("SPEC §7.8");
    await rm(published(1));
    expect((await audit()).steps.at(-1)).toMatchObject({ result: "refused", code: "PQ_SIGNATURE_MISSING" });
  });
});

describe("a customer's demand", () => {
  it("is met by a publisher that announces, and by no other: a downgrade is refused", async () => {
    await open({}, false);
    await service.desk.release();
    expect((await (await endpoint()).update()).outcome).toBe("updated");
    const policy = { ...(await publishedPolicy(service.desk.context)), postQuantum: "required" };
    const demanding = await endpoint({ policy: new TextEncoder().encode(JSON.stringify(policy)) });
    await expect(demanding.update()).rejects.toThrowError(code("PQ_SIGNATURE_MISSING"));
  });

  it("holds for the publisher itself: nothing that customers would refuse is published", async () => {
    await open({ postQuantum: "required" }, false);
    const release = await service.desk.release();
    expect(release.state).not.toBe("published");
    expect(release.waitingFor).toContain("PQ_SIGNATURE_MISSING");
  });
});

describe("the overseer", () => {
  const assay = async (release: ReleaseRecord) => {
    const folder = join(service.desk.folder, "overseer");
    const records = await openSQLiteRecords({ path: join(folder, "records.sqlite") });
    try {
      return await runAssay(
        {
          desk: openDeskClient({ server: service.origin, token: service.tokens.overseer }),
          ...{ fetcher, url: service.origin, root: service.desk.root, records, digest: sha256Digest },
          ...{ codec: testCodec, workers: directWorkers, clock: service.desk.context.clock },
          databases: databasesInObjects(await openFilesystemObjects(join(folder, "objects")), records),
          cache: await openCompileCache(join(folder, "compile-cache")),
          signer: service.desk.overseer,
          compiler: service.desk.context.settings.compiler,
          compilers: ["rulemint"],
          party: "overseer",
          onProgress: () => undefined,
        },
        feed,
        release.release,
      );
    } finally {
      await records.close();
    }
  };

  it("SPEC §10.2.11 rebuilds a manifest that announces a pinned key, and signs it", async () => {
    await open();
    const release = await service.desk.build();
    expect(await assay(release)).toMatchObject({ result: "PASSED" });
    expect((await service.desk.publish(release)).state).toBe("published");
  });

  it("SPEC §10.2.11 signs no manifest without the member where the root demands it", async () => {
    await open({ postQuantum: "required" }, false);
    const release = await service.desk.build();
    const verdict = await assay(release);
    expect(verdict).toMatchObject({
      result: "FAILED",
      explanation: expect.stringMatching(/^PQ_SIGNATURE_MISSING/),
    });
  });
});
