/** The attacks that TUF names (TUF 1.0.34 §1.5.2), role by role, where the other tables do not have them. */
import type { JSONObject } from "../../../src/core/encoding/json.js";
import { metadataPath } from "../../../src/core/release/tree-paths.js";
import { keyID } from "../../../src/core/trust/keys.js";
import { targetsSigned } from "../../../src/issuing/tuf.js";
import { signMetadata } from "../../../src/issuing/tuf-signatures.js";
import type { Behaviour } from "../../simulator/server.js";
import { type TestSigner, testSigner } from "../../simulator/test-signer.js";
import { type Scene, indicators } from "../endpoint.js";
import { type Lie, type LieRow, dripping, endless } from "./lie.js";

// biome-ignore lint/suspicious/noExplicitAny: tests bend metadata of every shape
type Loose = any;

/** Everything is new, and one file of it is served by the attacker. */
const served =
  (pattern: RegExp, behaviour: Behaviour): Lie =>
  async ({ publisher, server }) => {
    await publisher.publishTargets();
    await publisher.release(indicators(2));
    server.behaviours.push([pattern, behaviour]);
  };
/** Release 2 by these signers, under a delegation that `bend` has changed. */
const delegated =
  (
    bend: (signed: Loose, fresh: TestSigner, scene: Scene) => void,
    by: (scene: Scene, fresh: TestSigner) => TestSigner[],
  ): Lie =>
  async (one) => {
    const { publisher } = one;
    const fresh = await testSigner();
    const version = ++publisher.versions.targets;
    const keys = [publisher.publisherKey, publisher.overseerKey, fresh].map(({ key }) => key);
    const feeds = [{ feed: publisher.feed, keys, threshold: 2 }];
    const signed = targetsSigned({ version, expires: publisher.in(365), feeds });
    bend(signed, fresh, one);
    publisher.tree.set(metadataPath("targets", version), await signMetadata(signed, publisher.keys.targets));
    await publisher.release(indicators(2), { signers: by(one, fresh) });
  };
const partiesOf = (publisher: readonly string[], overseer: readonly string[]) => ({
  schema: 1,
  parties: { endpoint: { publisher: [...publisher], overseer: [...overseer] } },
});
const idsOf = ({ publisher }: Scene) => [publisher.publisherKey.keyid, publisher.overseerKey.keyid] as const;

export const tufLies: readonly LieRow[] = [
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
      (signed, fresh, one) => {
        const [publisher, overseer] = idsOf(one);
        signed["x-rulemint"] = partiesOf([publisher, fresh.keyid], [overseer]);
      },
      ({ publisher }, fresh) => [publisher.publisherKey, fresh],
    ),
  ],
  [
    "SPEC §5.3.6 a key of both parties",
    "METADATA_MALFORMED",
    delegated(
      (signed, fresh, one) => {
        const [publisher, overseer] = idsOf(one);
        signed["x-rulemint"] = partiesOf([publisher, fresh.keyid], [overseer, fresh.keyid]);
      },
      ({ publisher }, fresh) => [publisher.publisherKey, fresh],
    ),
  ],
  [
    "SPEC §5.3.6 a key of no party",
    "METADATA_MALFORMED",
    delegated(
      (signed, _fresh, one) => {
        const [publisher, overseer] = idsOf(one);
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
      (signed, _fresh, scene) => {
        const { key } = scene.publisher.publisherKey;
        const twin: JSONObject = { ...key, keyval: { public: key.keyval.public.trimEnd() } } as never;
        signed.delegations.keys[keyID(twin)] = twin;
        signed.delegations.roles[0].keyids.push(keyID(twin));
      },
      ({ publisher }) => [publisher.publisherKey],
    ),
  ],
  ...["../endpoint", "a/b", "..", "ENDPOINT", "", "end point", "x".repeat(64)].map(
    (name): LieRow => [
      `a delegation to the role ${JSON.stringify(name).slice(0, 20)}`,
      "METADATA_MALFORMED",
      delegated(
        (signed) => signed.delegations.roles.push({ ...signed.delegations.roles[0], name }),
        ({ publisher }) => [publisher.publisherKey, publisher.overseerKey],
      ),
    ],
  ),
];
