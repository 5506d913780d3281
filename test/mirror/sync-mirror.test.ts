/** `mirror sync`: what it copies, in which order, what it refuses, and that the copy is whole whenever somebody looks. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFilesystemTree } from "../../src/adapters/public-tree/filesystem.js";
import { nodeDigest } from "../../src/adapters/node-digest.js";
import { openHTTPFetcher } from "../../src/adapters/fetcher/http.js";
import { TrustedMetadata } from "../../src/core/trust/trusted-metadata.js";
import type { ErrorCode } from "../../src/core/errors.js";
import { OperationError } from "../../src/core/errors.js";
import { formatNote } from "../../src/core/log/note.js";
import { isReplaced } from "../../src/mirror/kept-files.js";
import { type MirrorSync, syncMirror } from "../../src/mirror/sync-mirror.js";
import type { PublicTree } from "../../src/ports/public-tree.js";
import { type Scene, indicators, openScene } from "../client/endpoint.js";
import { digestOf } from "../simulator/digest-of.js";
import { SimulatedLog } from "../simulator/log.js";
import { type Behaviour, flipped, instead, missing, SimulatedServer } from "../simulator/server.js";
import { TestLog } from "../support/log-world.js";
import { temporaryFolder } from "../support/temporary.js";

let scene: Scene;
let copy: PublicTree;
let folder: { readonly path: string; remove(): Promise<void> };
const fetcher = openHTTPFetcher({ silenceMs: 1200 });

beforeEach(async () => {
  scene = await openScene();
  scene.publisher.log = new SimulatedLog();
  await scene.publisher.publishRoot();
  await release(1);
  folder = await temporaryFolder();
  copy = await openFilesystemTree(folder.path);
});
afterEach(async () => {
  await scene.close();
  await folder.remove();
});

/** With the signatures over its packs, which endpoints do not ask for and auditors do. */
async function release(n: number): Promise<void> {
  const { publisher } = scene;
  await publisher.release(indicators(n, 60));
  for (const [path, bytes] of publisher.tree) {
    if (!path.endsWith(".rmp") || publisher.tree.has(`${path}.p7s`)) continue;
    publisher.tree.set(`${path}.p7s`, await publisher.identity.sign(bytes));
  }
}

const sync = (tree: PublicTree = copy, url = scene.server.url): Promise<MirrorSync> => {
  const { root, now } = scene.publisher;
  return syncMirror({ fetcher, url, tree, root, at: now, digest: nodeDigest });
};

/** Path to digest. A partial tile of a log that has grown need not be copied. */
const digests = (files: Iterable<[string, Uint8Array]>): Record<string, string> =>
  Object.fromEntries(
    [...files].filter(([path]) => !/\.p\/|^log\/tile/.test(path)).map(([p, b]) => [p, digestOf(b)]),
  );

/** Packs by what they are, everything else by itself. */
function grouped(files: Record<string, string>): Record<string, string[]> {
  const groups: Record<string, string[]> = {};
  for (const [path, digest] of Object.entries(files)) {
    const name = /\.([0-9]+\.full|[0-9]+-[0-9]+\.delta)\.rmp/.exec(path)?.[1] ?? path;
    groups[name] = [...(groups[name] ?? []), digest].sort();
  }
  return groups;
}

async function copied(): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const path of scene.publisher.tree.keys()) {
    const bytes = await copy.read(path);
    if (bytes !== undefined) files.set(path, bytes);
  }
  return files;
}

/** A newcomer who knows the copy alone. */
async function expectEndpointAt(wanted: number, name: string): Promise<void> {
  const mirror = await SimulatedServer.start(await copied());
  const endpoint = await scene.endpointOn(name);
  await endpoint.updater.init({ url: mirror.url, root: scene.publisher.root });
  expect(await endpoint.updater.update()).toMatchObject({ release: wanted });
  await mirror.close();
}

describe("a mirror", () => {
  it("has every file of the tree, for a newcomer and for an endpoint that comes later", async () => {
    await release(2);
    expect(await sync()).toMatchObject({ releases: { endpoint: 2 }, entries: 2 });
    const { "1.full": unlisted, ...rest } = grouped(digests(scene.publisher.tree));
    expect(unlisted).toHaveLength(2);
    expect(grouped(digests(await copied()))).toEqual(rest);
    await expectEndpointAt(2, "newcomer");
  });

  it("SPEC §9.3.1 fetches once what never changes", async () => {
    await sync();
    await release(2);
    scene.server.requests.length = 0;
    expect(await sync()).toMatchObject({ releases: { endpoint: 2 }, entries: 1 });
    const again = scene.server.requests.filter((path) => !isReplaced(path) && !path.includes("/2."));
    expect(again.filter((path) => /^targets\/.*1\.full\.rmp|1\.endpoint\.json|1\.p7s/.test(path))).toEqual(
      [],
    );
    expect(digests(await copied())).toEqual(digests(scene.publisher.tree));
    expect(await sync()).toMatchObject({ files: 0, bytes: 0, entries: 0 });
  });

  it("SPEC §9.3.2 is whole after each single write, wherever it is killed", async () => {
    await sync();
    await release(2);
    const before = scene.publisher.tree.size;
    const killed = () => {
      throw new OperationError("STORE_FAILED", "killed");
    };
    for (let writes = 0; ; writes++) {
      const dying: PublicTree = {
        read: (path) => copy.read(path),
        open: (path) => copy.open(path),
        putImmutable: async (path, content) => {
          await copy.putImmutable(path, content);
          killed();
        },
        swapHead: async (path, expected, next) => {
          await copy.swapHead(path, expected, next);
          killed();
        },
      };
      const outcome = await sync(dying).catch((error: unknown) => error);
      await expectWhole();
      if (outcome instanceof OperationError) continue;
      expect(outcome).toMatchObject({ files: 0 });
      expect(writes).toBeGreaterThan(8);
      break;
    }
    expect(scene.publisher.tree.size).toBe(before);
    await expectEndpointAt(2, "afterwards");
  });

  it("has what endpoints outside of a ring get, though it begins in the middle of a rollout", async () => {
    await release(2);
    await scene.publisher.ring(0);
    await sync();
    await expectEndpointAt(1, "outside");
  });

  it("brings an older log's checkpoint no further back than it was", async () => {
    await release(2);
    const old = formatNote(new TestLog().append(...logOf().entries.slice(0, 1)).checkpoint());
    await sync();
    scene.server.behaviours = [[/^log\/checkpoint$/, instead(() => old)]];
    expect(await sync()).toMatchObject({ files: 0 });
  });

  const refusals: [string, ErrorCode, () => void][] = [
    ["a pack with a flipped bit", "PACK_DIGEST_MISMATCH", () => lies(/3\.full\.rmp$/, flipped(40))],
    [
      "a pack whose signature is another's",
      "CMS_DIGEST_MISMATCH",
      () => lies(/3\.full\.rmp\.p7s$/, otherSignature()),
    ],
    ["a manifest without its seal", "EVIDENCE_MISSING", () => lies(/\/3\.p7s$/, missing)],
    ["a manifest with a flipped bit", "METADATA_MISMATCH", () => lies(/\/3\.endpoint\.json$/, flipped(99))],
    [
      "the tree as it was before",
      "METADATA_ROLLBACK",
      () =>
        lies(
          /timestamp\.json$/,
          instead(() => first),
        ),
    ],
    [
      "a log with another history",
      "LOG_FORK",
      () =>
        lies(
          /^log\/checkpoint$/,
          instead(() => forked()),
        ),
    ],
    ["entries that the log does not have", "LOG_CONSISTENCY_FAILED", () => lies(/entries/, flipped(5))],
  ];
  let first: Uint8Array;
  const logOf = () => (scene.publisher.log as SimulatedLog).log;
  const forked = (...others: string[]) => formatNote(new TestLog().append("a", ...others).checkpoint());
  const lies = (pattern: RegExp, behaviour: Behaviour) => {
    scene.server.behaviours = [[pattern, behaviour]];
  };
  const otherSignature = () =>
    instead(() => scene.publisher.tree.get("evidence/endpoint/2.p7s") as Uint8Array);

  it.each(refusals)(
    "SPEC §9.3.3, §9.3.4 refuses %s with %s, and stays as it was",
    async (_name, code, lie) => {
      first = scene.publisher.tree.get("metadata/timestamp.json") as Uint8Array;
      await release(2);
      await sync();
      await release(3);
      lie();
      const before = digests(await copied());
      await expect(sync()).rejects.toMatchObject({ code });
      expect(digests(await copied())).toEqual(before);
      await expectEndpointAt(2, "endpoint");
    },
  );
});

/** What the copy's timestamp names is in the copy, with everything below. */
async function expectWhole(): Promise<void> {
  const read = async (path: string) => (await copy.read(path)) as Uint8Array;
  const trusted = await TrustedMetadata.start(scene.publisher.root, scene.publisher.now);
  for (let version = trusted.root.version + 1; ; version++) {
    const next = await copy.read(`metadata/${version}.root.json`);
    if (next === undefined) break;
    await trusted.updateRoot(next);
  }
  await trusted.updateTimestamp(await read("metadata/timestamp.json"));
  await trusted.updateSnapshot(await read(`metadata/${trusted.timestamp?.snapshot.version}.snapshot.json`));
  await trusted.updateTargets(await read(`metadata/${trusted.expected("targets").version}.targets.json`));
  const { version } = trusted.expected("endpoint");
  const { envelope } = await trusted.updateFeed(
    await read(`metadata/${version}.endpoint.json`),
    scene.publisher.feed,
  );
  const targets = envelope.signed.targets as Record<string, { hashes: { sha256: string } }>;
  for (const [path, { hashes }] of Object.entries(targets)) {
    const placed = `targets/${path.replace(/([^/]+)$/, `${hashes.sha256}.$1`)}`;
    expect(digestOf(await read(placed))).toBe(hashes.sha256);
    expect(await copy.read(`${placed}.p7s`)).toBeDefined();
  }
  expect(await copy.read(`evidence/endpoint/${version}.p7s`)).toBeDefined();
  expect(await copy.read(`evidence/endpoint/${version}.json`)).toBeDefined();
}
