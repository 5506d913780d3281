/**
 * The tampering drill: each party in turn turns evil, with its own keys and the network besides. What is left to it stands in
 * docs/THREAT-MODEL.md, a row for each test, and the test shows both: what it fails at, and what it still can.
 */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sha256 } from "../../src/core/encoding/sha256.js";
import { utf8Bytes } from "../../src/core/encoding/bytes.js";
import { verifySignature } from "../../src/core/pki/verify-signature.js";
import { signCMS } from "../../src/issuing/cms.js";
import { indicators, type Scene } from "../client/endpoint.js";
import { memoryTSA } from "../core/pki/publisher.js";
import type { SimulatedLog } from "../simulator/log.js";
import { testSigner } from "../simulator/test-signer.js";
import { answerOf, forkedLog, newcomerTo, openLoggedFeed } from "./logged-feed.js";

let scene: Scene;
let log: SimulatedLog;

beforeEach(async () => {
  ({ scene, log } = await openLoggedFeed());
});
afterEach(() => scene.close());

type Choices = Parameters<Scene["publisher"]["release"]>[1];
const release = (n: number, choices: Choices = {}) => scene.publisher.release(indicators(n), choices);

const update = (endpoint = scene.endpoint) => answerOf(endpoint);
const newcomer = () => newcomerTo(scene, `newcomer-${++newcomers}`);
let newcomers = 0;

function serve(tree: ReadonlyMap<string, Uint8Array>): void {
  scene.publisher.tree.clear();
  for (const [path, bytes] of tree) scene.publisher.tree.set(path, bytes);
}

/** The publisher's CMS under a stamp of another time. */
const stampedAt =
  (days: number): NonNullable<Choices>["cms"] =>
  async (manifest) => {
    const { signer, chain, tsuSigner, tsuChain, lists } = scene.publisher.identity;
    const time = scene.publisher.in(days);
    return signCMS({
      ...{ contentSha256: await sha256(manifest), signer, chain, signingTime: time },
      ...{ tsa: memoryTSA(tsuSigner, tsuChain, () => time), revocation: async () => lists },
    });
  };

type Drill = () => Promise<void>;
/** By the row's first two cells. */
const drills: Readonly<Record<string, Drill>> = {
  "publisher without the overseer: withhold releases": async () => {
    const { publisherKey } = scene.publisher;
    await release(2, { signers: [publisherKey] });
    expect(await update()).toBe("METADATA_THRESHOLD");
    await release(3, { signers: [publisherKey, await testSigner()] });
    expect(await update()).toBe("METADATA_THRESHOLD");
    expect((await scene.endpoint.updater.status()).installed?.release).toBe(1);
  },
  "overseer alone: withhold its signature": async () => {
    await release(2, { signers: [scene.publisher.overseerKey] });
    expect(await update()).toBe("METADATA_THRESHOLD");
    expect((await scene.endpoint.updater.status()).installed?.release).toBe(1);
  },
  "log operator with two histories: stop updates, and be convicted by its own signatures": async () => {
    Object.assign(log, { log: forkedLog(), witnesses: [] });
    await release(2);
    expect(await update(await newcomer())).toBe("WITNESS_QUORUM");
    expect(await update()).toBe("LOG_FORK");
    const { installed, logFork } = await scene.endpoint.updater.status();
    expect([installed?.release, logFork?.files.length]).toEqual([1, 2]);
  },
  "log operator with one witness of three: no more than alone": async () => {
    Object.assign(log, { log: forkedLog(), witnesses: log.witnesses.slice(0, 1) });
    await release(2);
    expect(await update(await newcomer())).toBe("WITNESS_QUORUM");
    expect(await update()).toBe("LOG_FORK");
  },
  "log operator with a quorum of witnesses: show newcomers another history of co-signed releases":
    async () => {
      log.log = forkedLog();
      await release(2, { signers: [await testSigner(), await testSigner()] });
      expect(await update(await newcomer())).toBe("METADATA_THRESHOLD");
      await release(3);
      expect(await update(await newcomer())).toBe(3);
      expect(await update()).toBe("LOG_FORK");
    },
  "time-stamp authority that lies: date back within the life of a certificate, if the publisher helps":
    async () => {
      await release(2, { cms: stampedAt(1) });
      expect(await update()).toBe("TIMESTAMP_INVALID");
      await release(3, { cms: stampedAt(-400) });
      expect(await update()).toMatch(/^(CERTIFICATE|CHAIN|TIMESTAMP|CRL|REVOCATION)_/);
      scene.wait(2);
      await release(4, { cms: stampedAt(-1) });
      expect(await update()).toBe(4);
    },
  "mirror that serves old files: keep newcomers at an old release until its timestamp ends, a day":
    async () => {
      const old = new Map(scene.publisher.tree);
      await release(2);
      expect(await update()).toBe(2);
      const now = new Map(scene.publisher.tree);
      serve(old);
      expect(await update()).toBe("METADATA_ROLLBACK");
      expect(await update(await newcomer())).toBe(1);
      scene.wait(1.1);
      expect(await update(await newcomer())).toBe("METADATA_EXPIRED");
      serve(now);
      expect((await scene.endpoint.updater.status()).installed?.release).toBe(2);
    },
  "thief of the timestamp key: keep endpoints at an old release until its snapshot ends, a week":
    async () => {
      scene.wait(6);
      await scene.publisher.publishTimestamp();
      expect(await update()).toBe(1);
      scene.wait(1.5);
      await scene.publisher.publishTimestamp();
      expect(await update()).toBe("METADATA_EXPIRED");
      expect((await scene.endpoint.updater.status()).installed?.release).toBe(1);
    },
  "thief of the code-signing key: sign what is no release in our name, until the certificate is revoked":
    async () => {
      const { publisher } = scene;
      await release(2, { signers: [publisher.publisherKey, await testSigner()] });
      expect(await update()).toBe("METADATA_THRESHOLD");
      const file = utf8Bytes("no release of ours\n");
      const question = { policy: publisher.policy, now: publisher.now };
      const cms = await publisher.identity.sign(file);
      const { signer } = await verifySignature({ contentSha256: await sha256(file), cms, ...question });
      expect(signer.subject).toContain("C=CH");
    },
};

/** `| who | what it fails at | what it still can | shown by |` under the heading of the drill. */
function rows(): string[][] {
  const page = readFileSync(new URL("../../docs/THREAT-MODEL.md", import.meta.url), "utf8");
  const [, section = ""] = page.split("## The drill\n");
  const lines =
    section
      .split(/\n## /)[0]
      ?.split("\n")
      .filter((line) => line.startsWith("| ")) ?? [];
  return lines.slice(1).map((line) => line.slice(2, -2).split(" | "));
}
const here = "parties.test.ts";
const titleOf = ([who = "", , can = ""]: string[]) => `${who}: ${can}`;

describe("the table of the drill", () => {
  it("has a row for each test, and each test is a row", () => {
    const own = rows().filter(([, , , by = ""]) => by.includes(here));
    expect(own.map(titleOf)).toEqual(Object.keys(drills));
  });

  it("names a test that is there in every other row", () => {
    const others = rows().filter(([, , , by = ""]) => !by.includes(here));
    expect(others.length).toBeGreaterThan(0);
    for (const row of others) {
      const [, path = "", title = ""] = /^`(\S+)`, "(.+)"$/.exec(row[3] ?? "") ?? [];
      expect(readFileSync(new URL(`../../${path}`, import.meta.url), "utf8")).toContain(title);
    }
  });
});

describe("who turns evil, and what is left to it", () => {
  it.each(Object.entries(drills))("%s", (_row, drill) => drill());
});
