/**
 * The attacks that TUF names (TUF 1.0.34 §1.5.2), role by role, against the endpoint that people run. Rows that other files hold
 * already (hostile.test.ts, test/core/trust, the drills) are not repeated; together they are the whole list.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JSONObject } from "../../src/core/encoding/json.js";
import type { ErrorCode } from "../../src/core/errors.js";
import { metadataPath } from "../../src/core/release/tree-paths.js";
import { keyID } from "../../src/core/trust/keys.js";
import { targetsSigned } from "../../src/issuing/tuf.js";
import { signMetadata } from "../../src/issuing/tuf-signatures.js";
import type { Behaviour } from "../simulator/server.js";
import { type TestSigner, testSigner } from "../simulator/test-signer.js";
import { type Scene, indicators, openScene } from "./endpoint.js";

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
  await scene.publisher.release(indicators(1));
  await scene.endpoint.updater.update();
});
afterEach(() => scene.close());

// biome-ignore lint/suspicious/noExplicitAny: tests bend metadata of every shape
type Loose = any;
type Attack = (scene: Scene) => Promise<unknown>;
const code = (wanted: ErrorCode) => expect.objectContaining({ code: wanted });

const endless: Behaviour = (_request, response) => {
  const more = () =>
    void (response.destroyed || response.write(Buffer.alloc(65_536, 0x20), () => setImmediate(more)));
  more();
};
const dripping: Behaviour = (_request, response) => {
  const drip = setInterval(() => response.write(" "), 50);
  response.on("close", () => clearInterval(drip));
};
/** Everything is new, and one file of it is served by the attacker. */
const served =
  (pattern: RegExp, behaviour: Behaviour): Attack =>
  async ({ publisher, server }) => {
    await publisher.publishTargets();
    await publisher.release(indicators(2));
    server.behaviours.push([pattern, behaviour]);
  };
/** Release 2 by these signers, under a delegation that `bend` has changed. */
const delegated =
  (
    bend: (signed: Loose, fresh: TestSigner) => void,
    by: (scene: Scene, fresh: TestSigner) => TestSigner[],
  ): Attack =>
  async (one) => {
    const { publisher } = one;
    const fresh = await testSigner();
    const version = ++publisher.versions.targets;
    const keys = [publisher.publisherKey, publisher.overseerKey, fresh].map(({ key }) => key);
    const feeds = [{ feed: publisher.feed, keys, threshold: 2 }];
    const signed = targetsSigned({ version, expires: publisher.in(365), feeds });
    bend(signed, fresh);
    publisher.tree.set(metadataPath("targets", version), await signMetadata(signed, publisher.keys.targets));
    await publisher.release(indicators(2), { signers: by(one, fresh) });
  };
const partiesOf = (publisher: readonly string[], overseer: readonly string[]) => ({
  schema: 1,
  parties: { endpoint: { publisher: [...publisher], overseer: [...overseer] } },
});
const idsOf = () => [scene.publisher.publisherKey.keyid, scene.publisher.overseerKey.keyid] as const;

const attacks: [name: string, wanted: ErrorCode, attack: Attack][] = [
  [
    "rollback of the snapshot, in a newer timestamp",
    "METADATA_ROLLBACK",
    async ({ publisher, endpoint }) => {
      await publisher.release(indicators(2));
      await endpoint.updater.update();
      await publisher.publishTimestamp(publisher.in(1), publisher.versions.snapshot - 1);
    },
  ],
  [
    "mix and match: the manifest of one release under the number of the next",
    "METADATA_MISMATCH",
    async ({ publisher }) => {
      await publisher.release(indicators(2));
      publisher.tree.set(
        metadataPath("endpoint", 2),
        publisher.tree.get(metadataPath("endpoint", 1)) as Uint8Array,
      );
    },
  ],
  [
    "mix and match: yesterday's targets under today's number",
    "METADATA_MISMATCH",
    async ({ publisher }) => {
      await publisher.publishTargets();
      await publisher.release(indicators(2));
      publisher.tree.set(
        metadataPath("targets", 2),
        publisher.tree.get(metadataPath("targets", 1)) as Uint8Array,
      );
    },
  ],
  ["targets without end", "FETCH_TOO_LARGE", served(/2\.targets/, endless)],
  ["a manifest without end", "FETCH_TOO_LARGE", served(/2\.endpoint/, endless)],
  ["a root that drips", "FETCH_FAILED", served(/2\.root/, dripping)],
  ["a snapshot that drips", "FETCH_FAILED", served(/snapshot/, dripping)],
  ["targets that drip", "FETCH_FAILED", served(/2\.targets/, dripping)],
  ["a manifest that drips", "FETCH_FAILED", served(/2\.endpoint/, dripping)],
  ["evidence that drips", "FETCH_FAILED", served(/evidence/, dripping)],
  ["packs that drip", "FETCH_FAILED", served(/\.rmp$/, dripping)],
  [
    "SPEC §5.3.7 two keys of the publisher instead of publisher and overseer",
    "METADATA_THRESHOLD",
    delegated(
      (signed, fresh) => {
        const [publisher, overseer] = idsOf();
        signed["x-rulemint"] = partiesOf([publisher, fresh.keyid], [overseer]);
      },
      ({ publisher }, fresh) => [publisher.publisherKey, fresh],
    ),
  ],
  [
    "SPEC §5.3.6 a key of both parties",
    "METADATA_MALFORMED",
    delegated(
      (signed, fresh) => {
        const [publisher, overseer] = idsOf();
        signed["x-rulemint"] = partiesOf([publisher, fresh.keyid], [overseer, fresh.keyid]);
      },
      ({ publisher }, fresh) => [publisher.publisherKey, fresh],
    ),
  ],
  [
    "SPEC §5.3.6 a key of no party",
    "METADATA_MALFORMED",
    delegated(
      (signed) => {
        const [publisher, overseer] = idsOf();
        signed["x-rulemint"] = partiesOf([publisher], [overseer]);
      },
      ({ publisher }) => [publisher.publisherKey, publisher.overseerKey],
    ),
  ],
  [
    "a threshold of 0",
    "METADATA_MALFORMED",
    delegated(
      (signed) => (signed.delegations.roles[0].threshold = 0),
      () => [],
    ),
  ],
  [
    "one public key under two ids",
    "METADATA_THRESHOLD",
    delegated(
      (signed) => {
        const { key } = scene.publisher.publisherKey;
        const twin: JSONObject = { ...key, keyval: { public: key.keyval.public.trimEnd() } } as never;
        signed.delegations.keys[keyID(twin)] = twin;
        signed.delegations.roles[0].keyids.push(keyID(twin));
      },
      ({ publisher }) => [publisher.publisherKey],
    ),
  ],
  ...["../endpoint", "a/b", "..", "ENDPOINT", "", "end point", "x".repeat(64)].map(
    (name): [string, ErrorCode, Attack] => [
      `a delegation to the role ${JSON.stringify(name).slice(0, 20)}`,
      "METADATA_MALFORMED",
      delegated(
        (signed) => signed.delegations.roles.push({ ...signed.delegations.roles[0], name }),
        ({ publisher }) => [publisher.publisherKey, publisher.overseerKey],
      ),
    ],
  ),
];

describe("TUF attacks", () => {
  it.each(attacks)("%s: %s", async (_name, wanted, attack) => {
    await attack(scene);
    const before = await scene.endpoint.updater.status();
    await expect(scene.endpoint.updater.update()).rejects.toThrowError(code(wanted));
    const { installed, lastFailure } = await scene.endpoint.updater.status();
    expect(installed).toEqual(before.installed);
    expect(lastFailure).toMatchObject({ code: wanted });
    expect(await scene.endpoint.databaseSha256()).toBe(installed?.databaseSha256);
  });

  it.each(["timestamp", "snapshot", "targets"] as const)(
    "fast-forward of %s ends with new online keys in the root",
    async (role) => {
      const { publisher, endpoint } = scene;
      publisher.versions[role] += 1_000_000;
      if (role === "targets") {
        publisher.versions.targets--;
        await publisher.publishTargets();
      }
      await publisher.publishSnapshot();
      await endpoint.updater.update();
      publisher.versions[role] = 1;
      if (role === "targets") await publisher.publishTargets();
      await publisher.release(indicators(2));
      await expect(endpoint.updater.update()).rejects.toThrowError(code("METADATA_ROLLBACK"));
      publisher.keys = { ...publisher.keys, timestamp: [await testSigner()], snapshot: [await testSigner()] };
      await publisher.publishRoot();
      await publisher.publishSnapshot();
      expect(await endpoint.updater.update()).toMatchObject({ outcome: "updated", release: 2 });
    },
  );
});
