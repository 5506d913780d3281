/**
 * The keys that speak for a feed: publisher, overseer, and the certificate that says who the publisher is. Each alone is refused;
 * each is replaced with an overlap, and what the old one signed stays provable.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hexText } from "../../src/core/encoding/bytes.js";
import { sha256 } from "../../src/core/encoding/sha256.js";
import { releaseNumber } from "../../src/core/brands.js";
import { manifestSignaturePath, metadataPath, timestampPath } from "../../src/core/release/tree-paths.js";
import { parseCertificate } from "../../src/core/pki/certificate.js";
import { verifySignature } from "../../src/core/pki/verify-signature.js";
import { parseEnvelope, parseRoot } from "../../src/core/trust/metadata.js";
import { policyOfRoot } from "../../src/core/trust/policy.js";
import { signCMS } from "../../src/issuing/cms.js";
import { digestOf } from "../simulator/publisher.js";
import { type TestSigner, testSigner } from "../simulator/test-signer.js";
import { feed } from "../services/desk.js";
import { Drill, type Loose, addition, idOf } from "./scene.js";

let drill: Drill;
beforeEach(async () => {
  drill = await Drill.open();
});
afterEach(() => drill.close());

const online = () => [drill.desk.context.snapshot, drill.desk.context.timestamp] as [TestSigner, TestSigner];
const publisher = () => drill.desk.context.publisher as TestSigner;
const evidence = (release: number) => manifestSignaturePath(feed, releaseNumber(release));

/** Release 2 by whoever signs, below a snapshot and a timestamp of the thief's: he has the online keys as well. */
async function forgedRelease(...signers: TestSigner[]): Promise<void> {
  const manifest = await drill.forge(metadataPath(feed, 1), signers, (signed: Loose) => {
    signed.version = 2;
    const block = signed["x-rulemint"];
    Object.assign(block, {
      release: 2,
      previousManifestSha256: digestOf(drill.tree.get(metadataPath(feed, 1)) as Uint8Array),
    });
    const [pack] = Object.values(signed.targets) as Loose[];
    Object.assign(pack.custom, { to: 2 });
    signed.targets = { [`${feed}/2.full.rmp`]: pack };
  });
  await below(manifest, 2);
}

async function below(manifest: Uint8Array, version: number): Promise<void> {
  const [snapshot, timestamp] = online();
  drill.tree.set(metadataPath(feed, version), manifest);
  const current = JSON.parse(
    Buffer.from(drill.tree.get(timestampPath) as Uint8Array).toString("utf8"),
  ).signed;
  const { version: at } = current.meta["snapshot.json"];
  const forged = await drill.forge(metadataPath("snapshot", at), [snapshot], (signed) => {
    signed.version = at + 1;
    signed.meta[`${feed}.json`] = { version };
  });
  drill.tree.set(metadataPath("snapshot", at + 1), forged);
  await drill.forgeTimestamp((signed) => {
    signed.version++;
    signed.meta["snapshot.json"] = { version: at + 1 };
  }, timestamp);
}

/** The evidence of a release still proves it, today, under the root of today. */
async function stillProven(release: number, rootVersion: number): Promise<void> {
  const root = parseRoot(
    parseEnvelope(drill.tree.get(metadataPath("root", rootVersion)) as Uint8Array, "root").signed,
  );
  const policy = policyOfRoot(root) as NonNullable<ReturnType<typeof policyOfRoot>>;
  const contentSha256 = await sha256(drill.tree.get(metadataPath(feed, release)) as Uint8Array);
  const cms = drill.tree.get(evidence(release)) as Uint8Array;
  await verifySignature({ contentSha256, cms, policy, now: drill.desk.now });
}

/** A renewal of the publisher: new key beside the old, a release by it, then the old one goes. */
async function renewPublisher(): Promise<{ old: TestSigner; fresh: TestSigner }> {
  const old = publisher();
  const fresh = await testSigner("ecdsa-p256-sha256");
  await drill.ceremony("targets", { add: [addition(feed, "publisher-2", fresh, "publisher")] });
  const publisherChain = await drill.certificateFor(fresh);
  drill.desk.context = { ...drill.desk.context, publisher: fresh, publisherChain };
  await drill.release();
  expect(await drill.update()).toBe(2);
  await drill.ceremony("targets", { remove: [{ role: feed, key: idOf(old) }] });
  return { old, fresh };
}

describe("the publisher's key is stolen", () => {
  it("with the online keys besides, it makes nothing that an endpoint takes", async () => {
    await forgedRelease(publisher());
    expect(await drill.update()).toBe("METADATA_THRESHOLD");
    await forgedRelease(publisher(), await testSigner());
    expect(await drill.update()).toBe("METADATA_THRESHOLD");
    expect(await drill.endpoint.updater.status()).toMatchObject({ installed: { release: 1 } });
  });

  it("is replaced with an overlap; then it is worth nothing, and what it signed is still proven", async () => {
    const { old } = await renewPublisher();
    await drill.release();
    expect(await drill.update()).toBe(3);
    // Even with the overseer's help, as with a release that was co-signed and never published.
    const stale = await drill.forge(
      metadataPath(feed, 3),
      [old, drill.desk.overseer],
      (signed) => (signed.version = 4),
    );
    await below(stale, 4);
    const newcomer = await drill.newcomer();
    expect(await drill.update(newcomer)).toBe("METADATA_THRESHOLD");
    drill.tree.clear();
    expect(await drill.update()).toBe(3);
    await stillProven(1, 1);
    await newcomer.close();
  });

  it("SPEC §2.4.2 the service takes no second publisher key for an overseer's", async () => {
    const fresh = await testSigner("ecdsa-p256-sha256");
    await drill.ceremony("targets", { add: [addition(feed, "publisher-2", fresh, "publisher")] });
    drill.desk.overseer = fresh;
    await expect(drill.release()).rejects.toThrowError(
      expect.objectContaining({ code: "SIGNATURE_REFUSED" }),
    );
  });

  it("SPEC §5.6.10 an auditor still proves what a key signed that has been taken away since", async () => {
    await renewPublisher();
    await drill.release();
    const report = await drill.audit(1);
    expect(report.steps.filter(({ result }) => result === "refused")).toEqual([]);
    expect(report.steps.flatMap(({ evidence }) => evidence).join("\n")).toMatch(
      /release 1 .* by keys of targets 2/,
    );
  });

  it("two publisher keys side by side are not a publisher and an overseer", async () => {
    const fresh = await testSigner("ecdsa-p256-sha256");
    await drill.ceremony("targets", { add: [addition(feed, "publisher-2", fresh, "publisher")] });
    await forgedRelease(publisher(), fresh);
    expect(await drill.update()).toBe("METADATA_THRESHOLD");
    expect(await drill.endpoint.updater.status()).toMatchObject({
      lastFailure: { message: expect.stringContaining("no signature of the overseer") },
    });
  });
});

describe("the overseer's key is stolen", () => {
  it("alone it makes nothing that an endpoint takes", async () => {
    await forgedRelease(drill.desk.overseer);
    expect(await drill.update()).toBe("METADATA_THRESHOLD");
  });

  it("is replaced with an overlap", async () => {
    const old = drill.desk.overseer;
    const fresh = await testSigner();
    await drill.ceremony("targets", { add: [addition(feed, "overseer-2", fresh, "overseer")] });
    drill.desk.overseer = fresh;
    await drill.release();
    expect(await drill.update()).toBe(2);
    await drill.ceremony("targets", { remove: [{ role: feed, key: idOf(old) }] });
    const stale = await drill.forge(
      metadataPath(feed, 2),
      [publisher(), old],
      (signed) => (signed.version = 3),
    );
    await below(stale, 3);
    expect(await drill.update()).toBe("METADATA_THRESHOLD");
    drill.tree.clear();
    await drill.release();
    expect(await drill.update()).toBe(3);
    await stillProven(1, 1);
  });
});

describe("a code-signing certificate is in wrong hands", () => {
  it("one that a CA issued to a thief in our name signs no release of ours", async () => {
    await drill.release();
    const thief = await testSigner("ecdsa-p256-sha256");
    const { tsa, clock } = drill.desk.context;
    const contentSha256 = await sha256(drill.tree.get(metadataPath(feed, 2)) as Uint8Array);
    const chain = await drill.certificateFor(thief);
    drill.tree.set(
      evidence(2),
      await signCMS({ contentSha256, signer: thief, chain, signingTime: clock.now(), tsa }),
    );
    expect(await drill.update()).toBe("SIGNER_KEY_MISMATCH");
    drill.tree.clear();
    expect(await drill.update()).toBe(2);
  });

  it("our own, revoked for a theft: nothing is sealed with it any more, and what was stamped before stays", async () => {
    const { desk } = drill;
    desk.passDays(0.1);
    const leaf = parseCertificate(desk.context.publisherChain[0] as Uint8Array);
    desk.revoked.push({
      ...{ issuer: "issuing-ca", serial: hexText(leaf.serial), reason: 1 },
      ...{ revokedAt: desk.now, invalidSince: desk.now },
    });
    desk.passDays(0.1);
    await desk.addRules("larch", "ioc", { "a.txt": "two.example\n" });
    const record = await desk.publish(await desk.coSign(await desk.build()));
    expect(record).toMatchObject({
      state: "assayed",
      waitingFor: expect.stringContaining("CERTIFICATE_REVOKED"),
    });
    expect(await drill.update()).toBe(1);
    await stillProven(1, 1);
  });

  it("a new leaf for the same key goes into use without a ceremony, and the old evidence holds", async () => {
    const publisherChain = await drill.certificateFor(publisher());
    expect(digestOf(publisherChain[0] as Uint8Array)).not.toBe(
      digestOf(drill.desk.context.publisherChain[0] as Uint8Array),
    );
    drill.desk.context = { ...drill.desk.context, publisherChain };
    await drill.release();
    expect(await drill.update()).toBe(2);
    await stillProven(1, 1);
  });
});
