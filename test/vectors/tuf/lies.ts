/**
 * Attacks on metadata, by the classes of TUF 1.0.34 §1.5.2. An endpoint has trusted `seen` (version 1 of everything) and is offered
 * version 2 with one lie in it. Endless and slow answers are no files: test/client/hostile.test.ts has them. Tests only.
 */
import type { JSONObject } from "../../../src/core/encoding/json.js";
import type { ErrorCode } from "../../../src/core/errors.js";
import { keyID } from "../../../src/core/trust/keys.js";
import {
  type Choices,
  type Files,
  type Keys,
  later,
  makeFiles,
  makeKeys,
  policy,
} from "../../core/trust/repository.js";
import { rootSigned } from "../../../src/issuing/tuf.js";
import { signMetadata } from "../../../src/issuing/tuf-signatures.js";
import { seededSigner, type TestSigner } from "../../simulator/test-signer.js";

export interface Offer extends Files {
  /** The next root, when there is one. */
  readonly nextRoot?: Uint8Array;
  /** What the endpoint has trusted, when it is something else than `seen`. */
  readonly seen?: Partial<Files>;
}

export interface Lie {
  readonly name: string;
  readonly code: ErrorCode | "success";
  readonly why: string;
  readonly make: (world: World) => Promise<Offer>;
}

export interface World {
  readonly keys: Keys;
  readonly strangers: Keys;
  readonly seen: Files;
  readonly good: Files;
}

export const second = { timestamp: 2, snapshot: 2, feed: 2 } as const;

const draw = (whose: string) => (name: string, scheme?: TestSigner["scheme"]) =>
  seededSigner(`${whose} ${name}`, scheme === "ecdsa-p256-sha256" ? scheme : "ed25519");

export async function createWorld(): Promise<World> {
  const keys = await makeKeys(draw("ours"));
  const seen = await makeFiles(keys);
  return {
    keys,
    strangers: await makeKeys(draw("a stranger's")),
    seen,
    good: await makeFiles(keys, { versions: second }),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: lies bend metadata of every shape
type Loose = any;
type Choose = (world: World) => Choices;

/** Version 2 of everything, made by these choices. */
const lie = (name: string, code: Lie["code"], why: string, choose: Choose = () => ({})): Lie => ({
  ...{ name, code, why },
  make: (world) => {
    const { versions, ...others } = choose(world);
    return makeFiles(world.keys, { versions: { ...second, ...versions }, ...others });
  },
});

/** Version 2 of everything, with files of others in it. */
const mixed = (
  name: string,
  code: Lie["code"],
  why: string,
  mix: (world: World) => Promise<Partial<Offer>>,
): Lie => ({ ...{ name, code, why }, make: async (world) => ({ ...world.good, ...(await mix(world)) }) });

const delegation = (
  name: string,
  why: string,
  bend: (role: Loose, world: World, signed: Loose) => void,
  code: ErrorCode = "METADATA_MALFORMED",
) =>
  lie(name, code, why, (world) => ({
    versions: { targets: 2 },
    edit: { targets: (signed: Loose) => bend(signed.delegations.roles[0], world, signed) },
  }));

/** Root 2 by these keys, listing those. */
async function root2(
  { keys }: World,
  change: { signers?: readonly TestSigner[]; listed?: Partial<Keys>; version?: number; days?: number } = {},
): Promise<Uint8Array> {
  const listed = { ...keys, ...change.listed };
  const grant = (role: keyof Keys, threshold: number) => ({
    keys: listed[role].map(({ key }) => key),
    threshold,
  });
  const roles = {
    ...{ root: grant("root", 2), timestamp: grant("timestamp", 1) },
    ...{ snapshot: grant("snapshot", 1), targets: grant("targets", 2) },
  };
  const expires = later(change.days ?? 10);
  const signed = rootSigned({ version: change.version ?? 2, expires, roles, policy });
  return signMetadata(signed, change.signers ?? keys.root);
}

const rollbacks: readonly Lie[] = [
  mixed("rollback-root", "ROOT_CHAIN_BROKEN", "root 1 again, in the place of root 2", async ({ seen }) => ({
    nextRoot: seen.root,
  })),
  lie("rollback-timestamp", "METADATA_ROLLBACK", "timestamp 1 after timestamp 2", () => ({
    versions: { timestamp: 1 },
  })),
  lie("rollback-snapshot", "METADATA_ROLLBACK", "a newer timestamp that names an older snapshot", () => ({
    versions: { timestamp: 3, snapshot: 1 },
  })),
  lie("rollback-targets", "METADATA_ROLLBACK", "a newer snapshot that lists older targets", () => ({
    versions: { timestamp: 3, snapshot: 3, targets: 1 },
  })),
  lie("rollback-manifest", "METADATA_ROLLBACK", "a newer snapshot that lists an older manifest", () => ({
    versions: { timestamp: 3, snapshot: 3, feed: 1 },
  })),
  lie(
    "rollback-by-omission",
    "METADATA_ROLLBACK",
    "a newer snapshot that does not list the manifest any more",
    () => ({
      versions: { timestamp: 3, snapshot: 3 },
      edit: { snapshot: (signed: Loose) => delete signed.meta["endpoint.json"] },
    }),
  ),
].map((one) => (one.name === "rollback-root" ? one : after(one)));

/** The endpoint has trusted version 2 of everything, targets too. */
function after(one: Lie): Lie {
  return {
    ...one,
    make: async (world) => {
      const { timestamp, snapshot } = await makeFiles(world.keys, { versions: { ...second, targets: 2 } });
      return { ...(await one.make(world)), seen: { timestamp, snapshot } };
    },
  };
}

const freezes: readonly Lie[] = [
  ...(["root", "timestamp", "snapshot", "targets"] as const).map((role) =>
    lie(`freeze-${role}`, "METADATA_EXPIRED", `${role} that has expired an hour ago`, () => ({
      expires: { [role]: -1 / 24 },
    })),
  ),
  lie("freeze-manifest", "METADATA_EXPIRED", "a manifest that has expired an hour ago", () => ({
    expires: { feed: -1 / 24 },
  })),
  lie("freeze-this-instant", "METADATA_EXPIRED", "a timestamp that expires now", () => ({
    expires: { timestamp: 0 },
  })),
  mixed("freeze-after-a-new-root", "METADATA_EXPIRED", "a new root that has expired", async (world) => ({
    nextRoot: await root2(world, { days: -1 }),
  })),
];

const mixes: readonly Lie[] = [
  mixed("mix-snapshot", "METADATA_MISMATCH", "today's timestamp, yesterday's snapshot", async ({ seen }) => ({
    snapshot: seen.snapshot,
  })),
  mixed("mix-targets", "METADATA_MISMATCH", "other targets of the same version", async ({ keys }) => ({
    targets: (await makeFiles(keys, { expires: { targets: 9 } })).targets,
  })),
  mixed("mix-manifest", "METADATA_MISMATCH", "today's snapshot, yesterday's manifest", async ({ seen }) => ({
    feed: seen.feed,
  })),
  mixed(
    "mix-manifest-of-the-same-number",
    "METADATA_MISMATCH",
    "two manifests of one number",
    async ({ keys }) => ({
      feed: (await makeFiles(keys, { versions: second, expires: { feed: 9 } })).feed,
    }),
  ),
  mixed("mix-types", "METADATA_MALFORMED", "a snapshot in the place of the timestamp", async ({ good }) => ({
    timestamp: good.snapshot,
  })),
  lie("mix-number", "METADATA_MISMATCH", "the snapshot says another number than the manifest", () => ({
    edit: { snapshot: (signed: Loose) => (signed.meta["endpoint.json"].version = 3) },
  })),
];

const keyLies: readonly Lie[] = [
  ...(["timestamp", "snapshot", "targets", "feed"] as const).map((role) =>
    lie(
      `keys-of-a-stranger-${role === "feed" ? "manifest" : role}`,
      "METADATA_THRESHOLD",
      "signed by keys that nobody named",
      ({ strangers }) => ({
        signers: { [role]: strangers[role] },
      }),
    ),
  ),
  mixed(
    "keys-of-a-stranger-root",
    "METADATA_THRESHOLD",
    "a next root by keys of its own alone",
    async (world) => ({
      nextRoot: await root2(world, { signers: world.strangers.root, listed: { root: world.strangers.root } }),
    }),
  ),
  mixed(
    "keys-old-without-new",
    "METADATA_THRESHOLD",
    "a next root that its own new keys have not signed",
    async (world) => ({
      nextRoot: await root2(world, { listed: { root: world.strangers.root } }),
    }),
  ),
  lie("keys-of-another-role", "METADATA_THRESHOLD", "a timestamp by the snapshot's key", ({ keys }) => ({
    signers: { timestamp: keys.snapshot },
  })),
  lie("keys-nobody", "METADATA_THRESHOLD", "no signature at all", () => ({ signers: { timestamp: [] } })),
  lie("keys-changed-afterwards", "METADATA_THRESHOLD", "one member changed after signing", () => ({
    file: { timestamp: (file: Loose) => ({ ...file, signed: { ...file.signed, more: 1 } }) },
  })),
  mixed(
    "keys-forgotten-by-the-root",
    "METADATA_THRESHOLD",
    "a timestamp by the key that the new root took away",
    async (world) => ({
      nextRoot: await root2(world, { listed: { timestamp: world.strangers.timestamp } }),
    }),
  ),
];

const shares = (
  role: "targets" | "feed",
  who: string,
  pick: (keys: readonly TestSigner[]) => readonly TestSigner[],
) =>
  lie(`threshold-${who}`, "METADATA_THRESHOLD", `signed by one of two: ${who}`, ({ keys }) => ({
    signers: { [role]: pick(keys[role]) },
  }));

const thresholds: readonly Lie[] = [
  mixed("threshold-one-root-share", "METADATA_THRESHOLD", "a next root by one of three", async (world) => ({
    nextRoot: await root2(world, { signers: world.keys.root.slice(0, 1) }),
  })),
  shares("targets", "one-targets-share", (keys) => keys.slice(1)),
  shares("feed", "publisher-alone", (keys) => keys.slice(0, 1)),
  shares("feed", "overseer-alone", (keys) => keys.slice(1)),
  lie("threshold-one-key-twice", "METADATA_MALFORMED", "one signature, listed twice", () => ({
    file: { feed: (file: Loose) => ({ ...file, signatures: [file.signatures[0], file.signatures[0]] }) },
  })),
  lie("threshold-one-signature-two-names", "METADATA_THRESHOLD", "one signature, under both key ids", () => ({
    file: {
      feed: ({ signed, signatures: [a, b] }: Loose) => ({ signed, signatures: [a, { ...b, sig: a.sig }] }),
    },
  })),
  delegation("threshold-zero", "a delegation that asks for nobody", (role) => (role.threshold = 0)),
  delegation(
    "threshold-negative",
    "a delegation that asks for less than nobody",
    (role) => (role.threshold = -1),
  ),
  delegation("threshold-text", "a number as text", (role) => (role.threshold = "2")),
  delegation("threshold-none", "no number at all", (role) => delete role.threshold),
  delegation(
    "threshold-key-listed-twice",
    "one key id twice in the delegation",
    (role) => (role.keyids = [role.keyids[0], role.keyids[0]]),
  ),
  lie(
    "threshold-one-key-two-ids",
    "METADATA_THRESHOLD",
    "one public key under two key ids, signing alone",
    ({ keys }) => ({
      versions: { targets: 2 },
      signers: { feed: keys.feed.slice(0, 1) },
      edit: {
        targets: (signed: Loose) => {
          const { key } = keys.feed[0] as TestSigner;
          const twin: JSONObject = { ...key, keyval: { public: key.keyval.public.trimEnd() } } as never;
          signed.delegations.keys[keyID(twin)] = twin;
          signed.delegations.roles[0].keyids.push(keyID(twin));
        },
      },
    }),
  ),
  delegation("threshold-false-id", "a key under an id that is not its hash", (role, _, signed) => {
    const [id] = role.keyids;
    signed.delegations.keys["0".repeat(64)] = signed.delegations.keys[id];
    role.keyids[0] = "0".repeat(64);
  }),
  delegation("threshold-unknown-key", "a key id without a key", (role) => role.keyids.push("0".repeat(64))),
];

const far = 1_000_000;
const fastForwards: readonly Lie[] = [
  {
    ...{
      name: "fast-forward",
      code: "METADATA_ROLLBACK",
      why: "somebody counted a million ahead; honest numbers look old",
    },
    make: async ({ keys, good }) => {
      const ahead = await makeFiles(keys, { versions: { timestamp: far, snapshot: far } });
      return { ...good, seen: { timestamp: ahead.timestamp, snapshot: ahead.snapshot } };
    },
  },
  {
    ...{
      name: "fast-forward-recovered",
      code: "success",
      why: "the same, and a new root with new online keys: what was counted is forgotten",
    },
    make: async (world) => {
      const { keys, strangers } = world;
      const ahead = await makeFiles(keys, { versions: { timestamp: far, snapshot: far } });
      const fresh = { timestamp: strangers.timestamp, snapshot: strangers.snapshot };
      const files = await makeFiles({ ...keys, ...fresh }, { versions: second });
      const seen = { timestamp: ahead.timestamp, snapshot: ahead.snapshot };
      return { ...files, root: world.seen.root, nextRoot: await root2(world, { listed: fresh }), seen };
    },
  },
  mixed("fast-forward-root", "ROOT_CHAIN_BROKEN", "a next root that skips a number", async (world) => ({
    nextRoot: await root2(world, { version: 3 }),
  })),
];

const names: readonly Lie[] = [
  ...[
    "../endpoint",
    "a/b",
    "..",
    "",
    "ENDPOINT",
    "end point",
    "endpoint\u0000",
    "x".repeat(64),
    "root",
    "timestamp",
  ].map((name, i) =>
    delegation(
      `name-${["way-out", "folder", "dots", "empty", "capitals", "blank", "nul", "long", "of-root", "of-timestamp"][i]}`,
      `a delegation to ${JSON.stringify(name).slice(0, 20)}`,
      (role, _, signed) => signed.delegations.roles.push({ ...role, name }),
    ),
  ),
  delegation("name-twice", "two delegations to one name", (role, _, signed) =>
    signed.delegations.roles.push(role),
  ),
  lie("name-outside-its-paths", "TARGET_UNKNOWN", "a target outside what was delegated", () => ({
    edit: {
      feed: (signed: Loose) => {
        signed.targets = { "other/1.full.rmp": Object.values(signed.targets)[0] };
      },
    },
  })),
];

const truth = lie("good", "success", "nothing is wrong with this one");
export const lies: readonly Lie[] = [
  ...[truth, ...rollbacks, ...freezes, ...mixes, ...keyLies, ...thresholds, ...fastForwards, ...names],
];

/** What differs from the good one, by path; `good` has everything. */
export async function makeVectors(): Promise<Map<string, Uint8Array>> {
  const world = await createWorld();
  const files = new Map<string, Uint8Array>();
  const base = vectorFiles({ ...world.good, seen: world.seen });
  for (const one of lies) {
    const offer = await one.make(world);
    for (const [path, bytes] of vectorFiles({ ...offer, seen: { ...world.seen, ...offer.seen } })) {
      const known = one.name === "good" ? undefined : base.get(path);
      if (known === undefined || !Buffer.from(known).equals(bytes)) files.set(`${one.name}/${path}`, bytes);
    }
    files.set(`${one.name}/expect.txt`, new TextEncoder().encode(`${one.code}\n${one.why}\n`));
  }
  return files;
}

function vectorFiles({ nextRoot, seen = {}, ...files }: Offer): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>([
    ["1.root.json", files.root],
    ["timestamp.json", files.timestamp],
    ["snapshot.json", files.snapshot],
    ["targets.json", files.targets],
    ["endpoint.json", files.feed],
  ]);
  if (nextRoot !== undefined) found.set("2.root.json", nextRoot);
  if (seen.timestamp !== undefined) found.set("seen/timestamp.json", seen.timestamp);
  if (seen.snapshot !== undefined) found.set("seen/snapshot.json", seen.snapshot);
  return found;
}
