/** Lies in the metadata: timestamp, root, snapshot, manifest. */
import { metadataPath, timestampPath } from "../../../src/core/release/tree-paths.js";
import { signMetadata } from "../../../src/issuing/tuf-signatures.js";
import { flipped, instead, missing } from "../../simulator/server.js";
import { testSigner } from "../../simulator/test-signer.js";
import { indicators } from "../endpoint.js";
import {
  type AnyManifest,
  type Lie,
  type LieRow,
  after,
  dripping,
  endless,
  honest2,
  replaced,
  replay,
  resign,
  serve,
  silent,
} from "./lie.js";

function otherFeed(manifest: AnyManifest): AnyManifest {
  const packs = manifest.packs.map((pack) => ({ ...pack, path: pack.path.replace("endpoint/", "other/") }));
  return { ...manifest, block: { ...manifest.block, feed: "other" as never }, packs };
}

/** Whichever root is asked for is there, signed by the one before it and by itself. */
const rootsForEver: Lie = (scene) => {
  const { publisher } = scene;
  const next = async () => {
    await publisher.publishRoot();
    return publisher.tree.get(metadataPath("root", publisher.versions.root));
  };
  return serve(
    /\.root\.json/,
    (_request, response) => void next().then((bytes) => response.end(bytes)),
  )(scene);
};

export const metadataLies: readonly LieRow[] = [
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
  ["a chain of sound roots without end", "ROOT_CHAIN_BROKEN", after(rootsForEver)],
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
];
