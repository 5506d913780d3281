/** An endpoint and the revocation lists in the publisher's tree: what it has seen, nobody takes back. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hexText } from "../../src/core/encoding/bytes.js";
import { sha256 } from "../../src/core/encoding/sha256.js";
import { parseCertificate } from "../../src/core/pki/certificate.js";
import { revocationPlaces } from "../../src/core/release/revocation-places.js";
import { revocationPath } from "../../src/core/release/tree-paths.js";
import { signCMS } from "../../src/issuing/cms.js";
import { type DevelopmentRevocation, issueDevelopmentCRL } from "../../src/issuing/development-crls.js";
import { developmentKeys, memoryTSA } from "../core/pki/publisher.js";
import { indicators, openScene, type Scene } from "./endpoint.js";

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene.close());

const update = () => scene.endpoint.updater.update();

/** Where the tree has the list that the publisher's leaf would be on. */
async function listPath(): Promise<string> {
  const path = scene.publisher.identity.chain.map(parseCertificate);
  const [point] = await revocationPlaces([path]);
  return revocationPath(point?.name ?? "");
}

/** Revoked from now on, in a list of a minute later. */
async function revokeLeaf(more: Partial<DevelopmentRevocation> = {}): Promise<Uint8Array> {
  const { publisher } = scene;
  const leaf = parseCertificate(publisher.identity.chain[0] as Uint8Array);
  const revocation = {
    issuer: "issuing-ca",
    serial: hexText(leaf.serial),
    revokedAt: publisher.now,
    ...more,
  } as const;
  const later = new Date(publisher.now.getTime() + 60_000);
  const list = await issueDevelopmentCRL(developmentKeys, "issuing-ca", [revocation], later);
  publisher.tree.set(await listPath(), list);
  return list;
}

/** As `identity.sign`, with the lists of the first day, but stamped now: what a thief of the key would do. */
async function stampedNow(manifest: Uint8Array): Promise<Uint8Array> {
  const { identity, publisherKey, now } = scene.publisher;
  return signCMS({
    ...{
      contentSha256: await sha256(manifest),
      signer: publisherKey,
      chain: identity.chain,
      signingTime: now,
    },
    tsa: memoryTSA(identity.tsuSigner, identity.tsuChain, () => now),
    revocation: async () => identity.lists,
  });
}

describe("an endpoint", () => {
  it("SPEC §6.8.9 that has seen a revocation keeps what was stamped before, and refuses what is stamped after", async () => {
    const { publisher, endpoint } = scene;
    await publisher.release(indicators(1));
    await update();
    scene.wait(2);
    await publisher.publishTimestamp();
    await revokeLeaf();
    scene.wait(0.1);
    expect(await update()).toMatchObject({ outcome: "current", release: 1 });
    // The thief takes the list away again and embeds the old ones, which have not ended yet.
    publisher.tree.delete(await listPath());
    await publisher.release(indicators(2), { cms: stampedNow });
    const before = await endpoint.databaseSha256();
    await expect(update()).rejects.toMatchObject({ code: "CERTIFICATE_REVOKED" });
    await expect(update()).rejects.toMatchObject({ code: "CERTIFICATE_REVOKED" });
    expect(await endpoint.databaseSha256()).toBe(before);
    expect(await endpoint.updater.status()).toMatchObject({
      installed: { release: 1 },
      lastFailure: { code: "CERTIFICATE_REVOKED" },
    });
  });

  it("SPEC §6.8.9 asks for newer lists before it takes a new release", async () => {
    await scene.publisher.release(indicators(1));
    await update();
    await revokeLeaf();
    scene.wait(0.1);
    await scene.publisher.release(indicators(2), { cms: stampedNow });
    await expect(update()).rejects.toMatchObject({ code: "CERTIFICATE_REVOKED" });
    expect(await scene.endpoint.updater.status()).toMatchObject({ newestTrusted: 1 });
  });

  it("SPEC §6.8.9 does not let an older list, a stranger's or garbage take the place of what it has", async () => {
    const { publisher, endpoint } = scene;
    await publisher.release(indicators(1));
    await update();
    scene.wait(2);
    await revokeLeaf();
    await publisher.publishTimestamp();
    scene.wait(0.1);
    await update();
    const seen = (await endpoint.read("revocation.lists")).toString();
    const later = publisher.in(1);
    const stranger = { ...developmentKeys, issuingKey: developmentKeys.rootKey };
    const offers = [
      await issueDevelopmentCRL(developmentKeys, "issuing-ca", [], publisher.in(-3)),
      await issueDevelopmentCRL(stranger, "issuing-ca", [], later),
      new Uint8Array(100),
    ];
    for (const offer of offers) {
      publisher.tree.set(await listPath(), offer);
      scene.wait(1.1);
      await publisher.publishTimestamp();
      expect(await update()).toMatchObject({ outcome: "current" });
      expect((await endpoint.read("revocation.lists")).toString()).toBe(seen);
    }
  });

  it("SPEC §6.8.8 takes an old release whose lists have ended since: they vouched when it was stamped", async () => {
    const lasting = { timestamp: scene.publisher.in(30), snapshot: scene.publisher.in(30) };
    await scene.publisher.release(indicators(1), { expires: lasting });
    scene.wait(20);
    expect(await update()).toMatchObject({ outcome: "updated", release: 1 });
  });

  it("SPEC §6.8.2 refuses a release without revocation data, and takes it when its own policy asks for none", async () => {
    const { publisher, server } = scene;
    const bare = async (manifest: Uint8Array) => {
      const { identity, publisherKey, now } = publisher;
      return signCMS({
        ...{ contentSha256: await sha256(manifest), signer: publisherKey, chain: identity.chain },
        ...{ signingTime: now, tsa: identity.tsa },
      });
    };
    await publisher.release(indicators(1), { cms: bare });
    await expect(update()).rejects.toMatchObject({ code: "REVOCATION_MISSING" });
    const easy = await scene.endpointOn("easy");
    const policy = { ...publisher.policy, revocation: { required: false } };
    const bytes = new TextEncoder().encode(JSON.stringify(policy));
    await easy.updater.init({ url: server.url, root: publisher.root, policy: bytes });
    expect(await easy.updater.update()).toMatchObject({ outcome: "updated" });
  });
});
