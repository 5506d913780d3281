/**
 * A hostile publisher, mirror or network. An endpoint that has release 1 meets each lie once: it answers with the lie's code,
 * keeps its database, says so in its status, and goes on as soon as the lie is over.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ErrorCode } from "../../src/core/errors.js";
import { manifestSignaturePath, metadataPath, timestampPath } from "../../src/core/release/tree-paths.js";
import { signMetadata } from "../../src/issuing/tuf-signatures.js";
import { createPublisher } from "../core/pki/publisher.js";
import { badCMS } from "../simulator/bad-evidence.js";
import { broken, flipped, instead, missing } from "../simulator/server.js";
import { testSigner } from "../simulator/test-signer.js";
import { type Scene, indicators, openScene } from "./endpoint.js";

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
  await scene.publisher.release(indicators(1));
  await scene.endpoint.updater.update();
});
afterEach(() => scene.close());

type Lie = (scene: Scene) => Promise<unknown>;
const honest2: Lie = ({ publisher }) => publisher.release(indicators(2));

/** Release 2 is sound; then `lie` spoils what is served. */
const after =
  (lie: (scene: Scene) => unknown): Lie =>
  async (one) => {
    await honest2(one);
    await lie(one);
  };
const serve =
  (pattern: RegExp, behaviour: Parameters<Scene["server"]["behaviours"]["push"]>[0][1]) =>
  ({ server }: Scene) =>
    server.behaviours.push([pattern, behaviour]);
const endless = (_request: unknown, response: import("node:http").ServerResponse) => {
  const more = () =>
    void (response.destroyed || response.write(Buffer.alloc(65_536, 0x20), () => setImmediate(more)));
  more();
};
const silent = () => undefined;
const dripping = (_request: unknown, response: import("node:http").ServerResponse) => {
  const drip = setInterval(() => response.write(" "), 50);
  response.on("close", () => clearInterval(drip));
};
/** Puts an old file back where a newer one is served. */
const replay = (path: string, old: Uint8Array | undefined) => (one: Scene) =>
  one.publisher.tree.set(path, old as Uint8Array);

const lies: [name: string, wanted: ErrorCode, lie: Lie][] = [
  // --- the timestamp ------------------------------------------------------------------------------
  [
    "rollback of the timestamp",
    "METADATA_ROLLBACK",
    async (one) => {
      const old = one.publisher.tree.get(timestampPath);
      await honest2(one);
      await one.endpoint.updater.update();
      await replay(timestampPath, old)(one);
    },
  ],
  ["freeze: nothing new until the timestamp expires", "METADATA_EXPIRED", async (one) => one.wait(2)],
  [
    "an expired timestamp",
    "METADATA_EXPIRED",
    ({ publisher }) => publisher.release(indicators(2), { expires: { timestamp: publisher.in(-1) } }),
  ],
  [
    "a timestamp by a stranger",
    "METADATA_THRESHOLD",
    after(async (one) => {
      const path = timestampPath;
      const { signed } = JSON.parse(new TextDecoder().decode(one.publisher.tree.get(path)));
      one.publisher.tree.set(path, await signMetadata({ ...signed, version: 99 }, [await testSigner()]));
    }),
  ],
  [
    "a flipped bit in the timestamp",
    "METADATA_THRESHOLD",
    after(
      serve(
        /timestamp/,
        instead((bytes) => replaced(bytes, '"version":', '"version":1')),
      ),
    ),
  ],
  [
    "a timestamp that is not JSON",
    "JSON_MALFORMED",
    after(
      serve(
        /timestamp/,
        instead(() => new Uint8Array(10)),
      ),
    ),
  ],
  ["a timestamp without end", "FETCH_TOO_LARGE", after(serve(/timestamp/, endless))],
  ["a timestamp that drips", "FETCH_FAILED", after(serve(/timestamp/, dripping))],
  ["a timestamp that never comes", "FETCH_FAILED", after(serve(/timestamp/, silent))],
  ["no timestamp at all", "FETCH_NOT_FOUND", after(serve(/timestamp/, missing))],
  // --- the root -----------------------------------------------------------------------------------
  [
    "a next root by strangers",
    "METADATA_THRESHOLD",
    after(async ({ publisher }) => {
      await publisher.publishRoot([await testSigner(), await testSigner()]);
    }),
  ],
  ["a next root without end", "FETCH_TOO_LARGE", after(serve(/2\.root/, endless))],
  [
    "a next root that is the old one",
    "ROOT_CHAIN_BROKEN",
    after(({ publisher }) => {
      publisher.tree.set(metadataPath("root", 2), publisher.root);
    }),
  ],
  [
    "a next root that has expired",
    "METADATA_EXPIRED",
    after(async ({ publisher }) => {
      await publisher.publishRoot(publisher.keys.root, publisher.in(-1));
    }),
  ],
  // --- the snapshot -------------------------------------------------------------------------------
  [
    "rollback of the feed inside a fresh snapshot",
    "METADATA_ROLLBACK",
    async (one) => {
      await honest2(one);
      await one.endpoint.updater.update();
      one.publisher.newest = 1;
      await one.publisher.publishSnapshot();
    },
  ],
  [
    "rollback of targets inside a fresh snapshot",
    "METADATA_ROLLBACK",
    async (one) => {
      await one.publisher.publishTargets();
      await honest2(one);
      await one.endpoint.updater.update();
      one.publisher.versions.targets = 1;
      await one.publisher.publishSnapshot();
    },
  ],
  [
    "a fresh snapshot that has lost the feed",
    "METADATA_MISSING",
    ({ publisher }) =>
      publisher.publishSnapshot({}, (signed) => {
        delete (signed.meta as Record<string, unknown>)["endpoint.json"];
      }),
  ],
  [
    "an expired snapshot",
    "METADATA_EXPIRED",
    ({ publisher }) => publisher.release(indicators(2), { expires: { snapshot: publisher.in(-1) } }),
  ],
  [
    "mix: yesterday's snapshot under today's number",
    "METADATA_MISMATCH",
    after(({ publisher }) => {
      const { snapshot } = publisher.versions;
      publisher.tree.set(
        metadataPath("snapshot", snapshot),
        publisher.tree.get(metadataPath("snapshot", snapshot - 1)) as Uint8Array,
      );
    }),
  ],
  ["a snapshot that is longer than it may be", "FETCH_TOO_LARGE", after(serve(/snapshot/, endless))],
  ["a snapshot that the mirror does not have yet", "FETCH_NOT_FOUND", after(serve(/snapshot/, missing))],
  // --- the manifest -------------------------------------------------------------------------------
  [
    "a manifest by the publisher alone",
    "METADATA_THRESHOLD",
    ({ publisher }) => publisher.release(indicators(2), { signers: [publisher.publisherKey] }),
  ],
  [
    "a manifest by the overseer alone",
    "METADATA_THRESHOLD",
    ({ publisher }) => publisher.release(indicators(2), { signers: [publisher.overseerKey] }),
  ],
  [
    "a manifest with one signature twice",
    "METADATA_MALFORMED",
    async (one) => {
      await one.publisher.release(indicators(2), { signers: [one.publisher.publisherKey] });
      await resign(one, (file) => ({ ...file, signatures: [file.signatures[0], file.signatures[0]] }));
    },
  ],
  [
    "one key that is enough for its delegation",
    "METADATA_THRESHOLD",
    async ({ publisher }) => {
      await publisher.publishTargets([publisher.publisherKey], 1);
      await publisher.release(indicators(2), { signers: [publisher.publisherKey] });
    },
  ],
  [
    "a manifest by a key that targets have taken away",
    "METADATA_THRESHOLD",
    async ({ publisher }) => {
      await publisher.publishTargets([publisher.publisherKey, await testSigner()]);
      await publisher.release(indicators(2));
    },
  ],
  [
    "an expired manifest",
    "METADATA_EXPIRED",
    ({ publisher }) => publisher.release(indicators(2), { expires: { feed: publisher.in(-1) } }),
  ],
  [
    "a manifest of another feed's packs",
    "TARGET_UNKNOWN",
    ({ publisher }) => publisher.release(indicators(2), { manifest: (m) => otherFeed(m) }),
  ],
  [
    "a successor of another manifest",
    "MANIFEST_CHAIN_BROKEN",
    ({ publisher }) =>
      publisher.release(indicators(2), {
        manifest: (m) => ({ ...m, block: { ...m.block, previousManifestSha256: m.block.database.sha256 } }),
      }),
  ],
  [
    "a release for newer clients",
    "CLIENT_TOO_OLD",
    ({ publisher }) =>
      publisher.release(indicators(2), {
        manifest: (m) => ({ ...m, block: { ...m.block, minimumClient: "99.0.0" } }),
      }),
  ],
  ["a changed byte in the manifest", "METADATA_MISMATCH", after(serve(/2\.endpoint\.json$/, flipped(300)))],
  [
    "another manifest under the same number, after a rotation",
    "MANIFEST_CHAIN_BROKEN",
    async (one) => {
      const { publisher } = one;
      await honest2(one);
      await one.endpoint.updater.update();
      publisher.newest = 1;
      publisher.databases.delete(2);
      publisher.keys = { ...publisher.keys, timestamp: [await testSigner()], snapshot: [await testSigner()] };
      await publisher.publishRoot();
      await publisher.release(indicators(9));
    },
  ],
  [
    "an older manifest, after a rotation that forgot all versions",
    "MANIFEST_ROLLBACK",
    async (one) => {
      const { publisher } = one;
      await honest2(one);
      await one.endpoint.updater.update();
      publisher.newest = 1;
      publisher.keys = { ...publisher.keys, timestamp: [await testSigner()], snapshot: [await testSigner()] };
      await publisher.publishRoot();
      await publisher.publishSnapshot();
    },
  ],
  // --- the evidence -------------------------------------------------------------------------------
  [
    "no evidence",
    "EVIDENCE_MISSING",
    ({ publisher }) => publisher.release(indicators(2), { cms: async () => undefined }),
  ],
  ["evidence without end", "FETCH_TOO_LARGE", after(serve(/evidence/, endless))],
  [
    "the evidence of the release before",
    "CMS_DIGEST_MISMATCH",
    after(({ publisher }) => {
      publisher.tree.set(
        manifestSignaturePath(publisher.feed, 2 as never),
        publisher.tree.get(manifestSignaturePath(publisher.feed, 1 as never)) as Uint8Array,
      );
    }),
  ],
  [
    "evidence by a key that is not the publisher's",
    "SIGNER_KEY_MISMATCH",
    async ({ publisher }) => {
      const stranger = await createPublisher(await testSigner("ecdsa-p256-sha256"), publisher.now);
      await publisher.release(indicators(2), { cms: (file) => stranger.sign(file) });
    },
  ],
  [
    "evidence by a self-made certificate",
    "CERTIFICATE_UNTRUSTED",
    ({ publisher }) => publisher.release(indicators(2), { cms: (file) => badCMS.untrusted(publisher, file) }),
  ],
  [
    "evidence by a certificate of another country",
    "SWISS_POLICY",
    ({ publisher }) => publisher.release(indicators(2), { cms: (file) => badCMS.foreign(publisher, file) }),
  ],
  [
    "evidence by an expired certificate",
    "CERTIFICATE_EXPIRED",
    ({ publisher }) => publisher.release(indicators(2), { cms: (file) => badCMS.expired(publisher, file) }),
  ],
  [
    "evidence by a certificate for TLS servers",
    "CERTIFICATE_USAGE",
    ({ publisher }) =>
      publisher.release(indicators(2), { cms: (file) => badCMS.serverAuth(publisher, file) }),
  ],
  [
    "evidence without a time-stamp",
    "TIMESTAMP_MISSING",
    ({ publisher }) => publisher.release(indicators(2), { cms: (file) => badCMS.unstamped(publisher, file) }),
  ],
  // --- the packs ----------------------------------------------------------------------------------
  ["a changed byte in every pack", "PACK_DIGEST_MISMATCH", after(serve(/\.rmp$/, flipped(40)))],
  [
    "packs cut short",
    "PACK_DIGEST_MISMATCH",
    after(
      serve(
        /\.rmp$/,
        instead((bytes) => bytes.subarray(0, -1)),
      ),
    ),
  ],
  [
    "packs with a byte too many",
    "FETCH_TOO_LARGE",
    after(
      serve(
        /\.rmp$/,
        instead((bytes) => Buffer.concat([bytes, bytes])),
      ),
    ),
  ],
  ["packs without end", "FETCH_TOO_LARGE", after(serve(/\.rmp$/, endless))],
  ["packs that never come", "FETCH_FAILED", after(serve(/\.rmp$/, silent))],
  ["packs that are gone", "FETCH_NOT_FOUND", after(serve(/\.rmp$/, missing))],
  ["connections cut at every pack", "FETCH_FAILED", after(serve(/\.rmp$/, broken))],
];

describe("an endpoint with release 1", () => {
  // SPEC §8.2.5: whatever is refused leaves nothing behind.
  it.each(lies)("meets %s: %s", async (_name, wanted, lie) => {
    const { endpoint, publisher, server } = scene;
    await lie(scene);
    const before = await endpoint.updater.status();
    endpoint.types();
    await expect(endpoint.updater.update()).rejects.toThrowError(expect.objectContaining({ code: wanted }));
    const status = await endpoint.updater.status();
    expect(status.installed).toEqual(before.installed);
    expect(status.lastFailure).toMatchObject({ code: wanted });
    expect(status.lastSuccess).toEqual(before.lastSuccess);
    expect(await endpoint.databaseSha256()).toBe(status.installed?.databaseSha256);
    expect(endpoint.types().at(-1)).toBe("failed");
    expect(server.requests.length).toBeGreaterThan(0);
    expect(publisher.databases.has(1)).toBe(true);
  });

  it.each(
    lies.filter(([name]) => /evidence|packs|snapshot that the mirror|timestamp that|no timestamp/.test(name)),
  )("goes on once %s (%s) is over", async (_name, wanted, lie) => {
    await lie(scene);
    await expect(scene.endpoint.updater.update()).rejects.toThrowError(
      expect.objectContaining({ code: wanted }),
    );
    scene.server.behaviours = [];
    await scene.publisher.release(indicators(3));
    expect(await scene.endpoint.updater.update()).toMatchObject({ outcome: "updated" });
    expect(await scene.endpoint.updater.status()).toMatchObject({ lastFailure: null, staleSeconds: 0 });
  });

  it("says how stale its database is when nothing new can be trusted", async () => {
    scene.wait(3);
    await expect(scene.endpoint.updater.update()).rejects.toThrowError(
      expect.objectContaining({ code: "METADATA_EXPIRED" }),
    );
    expect(scene.endpoint.events.at(-1)).toMatchObject({
      type: "failed",
      installed: 1,
      staleSeconds: 3 * 86_400,
    });
    expect(await scene.endpoint.updater.status()).toMatchObject({ staleSeconds: 3 * 86_400 });
  });

  it("takes another way when a delta is spoiled", async () => {
    await honest2(scene);
    scene.server.behaviours = [[/1-2\.delta/, flipped(20)]];
    const result = await scene.endpoint.updater.update();
    expect(result.path?.packs.map(({ path }) => path)).toEqual(["endpoint/2.full.rmp"]);
    expect(scene.endpoint.events).toContainEqual(
      expect.objectContaining({ type: "pack-refused", code: "PACK_DIGEST_MISMATCH" }),
    );
  });

  it("SPEC §8.4.4, §4.2.2 believes the manifest, not what a pack makes", async () => {
    await scene.publisher.release(indicators(2), { deltasFrom: [], manifest: (m) => lyingAboutTheResult(m) });
    await expect(scene.endpoint.updater.update()).rejects.toThrowError(
      expect.objectContaining({ code: "DATABASE_DIGEST_MISMATCH" }),
    );
    expect(await scene.endpoint.updater.status()).toMatchObject({ installed: { release: 1 } });
  });
});

type AnyManifest = Awaited<ReturnType<Scene["publisher"]["release"]>>;

function lyingAboutTheResult(manifest: AnyManifest): AnyManifest {
  const { database, compiler } = manifest.block;
  const lie = { ...database, sha256: compiler.sha256 };
  const packs = manifest.packs.map((pack) => ({ ...pack, databaseSha256: lie.sha256 }));
  return { ...manifest, block: { ...manifest.block, database: lie }, packs };
}

function otherFeed(manifest: AnyManifest): AnyManifest {
  const packs = manifest.packs.map((pack) => ({ ...pack, path: pack.path.replace("endpoint/", "other/") }));
  return { ...manifest, block: { ...manifest.block, feed: "other" as never }, packs };
}

/** Rewrites the newest manifest file and everything that points to it. */
async function resign(
  { publisher }: Scene,
  change: (file: { signed: unknown; signatures: unknown[] }) => unknown,
): Promise<void> {
  const path = metadataPath(publisher.feed, publisher.newest);
  const file = change(JSON.parse(new TextDecoder().decode(publisher.tree.get(path))));
  publisher.tree.set(path, new TextEncoder().encode(JSON.stringify(file)));
  await publisher.publishSnapshot();
}

function replaced(bytes: Uint8Array, from: string, to: string): Uint8Array {
  return new TextEncoder().encode(new TextDecoder().decode(bytes).replace(from, to));
}
