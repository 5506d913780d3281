import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { utf8Text } from "../../src/core/encoding/bytes.js";
import { OperationError } from "../../src/core/errors.js";
import type { PublicTree } from "../../src/ports/public-tree.js";
import { checkPublication } from "../../src/services/check-publication.js";
import type { ServiceContext } from "../../src/services/context.js";
import { showFeed } from "../../src/services/read-releases.js";
import { refreshMetadata } from "../../src/services/refresh-metadata.js";
import { ann, type Desk, feed, openDesk } from "./desk.js";

const indicators = (count: number) =>
  Array.from({ length: count }, (_, i) => `host-${i}.example.com\n`).join("");

describe("publishing a release", () => {
  let desk: Desk;
  afterEach(() => desk.close());

  const head = async () =>
    JSON.parse(utf8Text((await desk.context.tree.read("metadata/timestamp.json"))!)).signed;
  const check = (number: number | null) =>
    checkPublication(
      (path) => desk.context.tree.read(path),
      desk.now,
      1,
      number === null ? null : { feed, client: "0.1.0", trusted: undefined },
    );

  it("SPEC §2.6.1 carries approved rules into a tree that a customer accepts", async () => {
    desk = await openDesk();
    await desk.addRules("hosts", "ioc", { "a.txt": indicators(100) });
    const release = await desk.release();
    expect(release).toMatchObject({ state: "published", waitingFor: null, release: 1 });
    await check(1);
    const files = (await readdir(join(desk.folder, "public"), { recursive: true })).sort();
    expect(files).toEqual(
      expect.arrayContaining([
        "evidence/endpoint/1.json",
        "evidence/endpoint/1.p7s",
        "metadata/1.endpoint.json",
        "metadata/1.root.json",
        "metadata/1.targets.json",
        "metadata/2.snapshot.json",
        `targets/endpoint/${release.packs[0]!.sha256}.1.full.rmp`,
        `targets/endpoint/${release.packs[0]!.sha256}.1.full.rmp.p7s`,
      ]),
    );
    expect(await showFeed(desk.context, ann, feed)).toMatchObject({ newest: 1, published: 1 });
  });

  it("publishes a chain of releases with deltas, and keeps every old file", async () => {
    desk = await openDesk();
    for (let i = 1; i <= 3; i++) {
      await desk.addRules("hosts", "ioc", { "a.txt": indicators(100 * i) });
      const release = await desk.release();
      expect(release.release).toBe(i);
      expect(release.packs.filter(({ kind, to }) => kind === "delta" && to === i)).toHaveLength(i - 1);
      await check(i);
    }
    for (let i = 1; i <= 3; i++)
      expect(await desk.context.tree.read(`metadata/${i}.endpoint.json`)).toBeDefined();
  });

  it("waits while the time-stamp authorities are down, says so, and goes on when they are back", async () => {
    let down = true;
    desk = await openDesk({
      wrap: ({ tsa }) => ({
        tsa: {
          stamp: async (digest) => {
            if (down) throw new OperationError("TSA_UNAVAILABLE", "expected a time-stamp, got silence");
            return tsa.stamp(digest);
          },
        },
      }),
    });
    await desk.addRules("hosts", "ioc", { "a.txt": indicators(10) });
    const waiting = await desk.release();
    expect(waiting).toMatchObject({
      state: "assayed",
      waitingFor: expect.stringMatching(/^TSA_UNAVAILABLE: /),
    });
    expect(waiting.retry).toMatchObject({ attempts: 1 });
    await check(null);
    // Not due yet: nothing happens, however often the scheduler looks.
    expect(await desk.advance()).toEqual(waiting);
    desk.passDays(1 / 1440);
    expect(await desk.advance()).toMatchObject({ state: "assayed", retry: { attempts: 2 } });
    down = false;
    expect(await desk.publish(waiting)).toMatchObject({ state: "published", waitingFor: null, retry: null });
    await refreshMetadata(desk.context);
    await check(1);
  });

  it.each([
    ["before the manifest is signed", 0, "built"],
    ["between provenance and manifest", 1, "built"],
    ["before the seal", 2, "assayed"],
    ["in the middle of the seal", 3, "assayed"],
  ])("waits when the HSM is gone %s, and loses nothing", async (_, worksFor, state) => {
    let left = worksFor;
    desk = await openDesk({
      wrap: ({ publisher }) => ({
        publisher: {
          ...publisher,
          sign: async (message) => {
            if (left-- > 0) return publisher.sign(message);
            throw new OperationError("SIGNER_UNAVAILABLE", "PKCS#11 session lost");
          },
        },
      }),
    });
    await desk.addRules("hosts", "ioc", { "a.txt": indicators(10) });
    const built = await desk.build();
    const stuck = built.state === "built" ? built : await desk.publish(await desk.coSign(built));
    expect(stuck).toMatchObject({ state, waitingFor: "SIGNER_UNAVAILABLE: PKCS#11 session lost" });
    left = Number.POSITIVE_INFINITY;
    desk.passDays(1 / 1440);
    const next = await desk.advance();
    const done = next.state === "signed" ? await desk.publish(await desk.coSign(next)) : next;
    expect(done).toMatchObject({ state: "published", release: 1, createdAt: built.createdAt });
    await check(1);
  });

  it("does not try a wrong PIN again by itself", async () => {
    let tries = 0;
    desk = await openDesk({
      wrap: ({ publisher }) => ({
        publisher: {
          ...publisher,
          sign: async () => {
            tries++;
            throw new OperationError("SIGNER_PIN", "expected the token's PIN, got another");
          },
        },
      }),
    });
    await desk.addRules("hosts", "ioc", { "a.txt": indicators(10) });
    expect(await desk.build()).toMatchObject({ state: "built", retry: null });
    desk.passDays(30);
    expect(await desk.advance()).toMatchObject({ waitingFor: expect.stringMatching(/^SIGNER_PIN/) });
    expect(tries).toBe(1);
  });

  it("SPEC §2.5.2 publishes nothing that a customer would refuse: a certificate of another key", async () => {
    const stranger = await openDesk({ ceremony: false });
    desk = await openDesk({ wrap: () => ({ publisherChain: stranger.context.publisherChain }) });
    await stranger.close();
    await desk.addRules("hosts", "ioc", { "a.txt": indicators(10) });
    const release = await desk.release();
    expect(release.state).toBe("assayed");
    expect(release.waitingFor).toMatch(
      /^(SIGNER_KEY_MISMATCH|CMS_SIGNATURE_INVALID|SIGNATURE_REFUSED|CMS_\w+): /,
    );
    await check(null);
  });

  it.each([true, false])(
    "SPEC §2.6.2 SPEC §2.6.3 leaves an acceptable tree after a crash at every write (before it: %s), and ends the same",
    async (before) => {
      const crash = { at: Number.POSITIVE_INFINITY, before };
      desk = await openDesk({ wrap: ({ tree }) => ({ tree: fragile(tree, crash) }) });
      await desk.addRules("hosts", "ioc", { "a.txt": indicators(10) });
      await desk.release();
      await desk.addRules("hosts", "ioc", { "a.txt": indicators(20) });
      const ready = await desk.coSign(await desk.build());
      const { version } = await head();
      let crashes = 0;
      for (;;) {
        crash.at = crashes + 1;
        const after = await desk.publish(ready);
        // What a customer sees: the old release or the new one, whole.
        await check(1);
        if (after.state === "published") break;
        crashes++;
        expect(after).toMatchObject({ state: "logged", waitingFor: "STORE_FAILED: crash" });
        expect([version, version + 1]).toContain((await head()).version);
      }
      // Packs and their signatures; evidence, provenance, index, manifest, snapshot, head.
      expect(crashes).toBe(2 * ready.packs.length + 6);
      expect((await head()).version).toBe(version + 1);
      expect(await showFeed(desk.context, ann, feed)).toMatchObject({ published: 2 });
      const found = await desk.context.records.get<{ pending: unknown }>("publication", "current");
      expect(found?.body.pending).toBeNull();
    },
  );

  it("finishes an interrupted publication even after its head has expired", async () => {
    const crash = { at: Number.POSITIVE_INFINITY, before: true };
    desk = await openDesk({ wrap: ({ tree }) => ({ tree: fragile(tree, crash) }) });
    await desk.addRules("hosts", "ioc", { "a.txt": indicators(10) });
    const ready = await desk.coSign(await desk.build());
    // Four revocation lists with a copy each, and the first files of the release.
    crash.at = 8 + 6;
    expect(await desk.publish(ready)).toMatchObject({ state: "logged" });
    crash.at = Number.POSITIVE_INFINITY;
    desk.passDays(9);
    await refreshMetadata(desk.context);
    await check(1);
    expect(await desk.publish(ready)).toMatchObject({ state: "published" });
    await check(1);
  });
});

/** Fails at the n-th write, before or after it has happened, and at every later one. */
function fragile(tree: PublicTree, crash: { at: number; before: boolean }): ServiceContext["tree"] {
  const step = async (write: () => Promise<void>) => {
    crash.at--;
    if (crash.at < 0 || (crash.at === 0 && crash.before)) throw new OperationError("STORE_FAILED", "crash");
    await write();
    if (crash.at === 0) throw new OperationError("STORE_FAILED", "crash");
  };
  return {
    read: (path) => tree.read(path),
    open: (path) => tree.open(path),
    putImmutable: (path, content) => step(() => tree.putImmutable(path, content)),
    swapHead: (path, expected, next) => step(() => tree.swapHead(path, expected, next)),
  };
}
