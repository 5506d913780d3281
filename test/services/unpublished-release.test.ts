/** Releases that never become public: withdrawn, or overtaken by the expiry of their own manifest. None blocks the feed. */
import { afterEach, describe, expect, it } from "vitest";
import { OperationError } from "../../src/core/errors.js";
import type { Signer } from "../../src/ports/signer.js";
import { checkPublication } from "../../src/services/check-publication.js";
import type { ReleaseRecord } from "../../src/services/model.js";
import { showRelease } from "../../src/services/read-releases.js";
import { refreshMetadata } from "../../src/services/refresh-metadata.js";
import { withdrawRelease } from "../../src/services/withdraw-release.js";
import { ann, type Desk, type DeskOptions, feed, mia, openDesk } from "./desk.js";

const hosts = (name: string) => ({ "a.txt": `${name}.example.com\n` });

describe("a release that is not public yet", () => {
  let desk: Desk;
  afterEach(() => desk.close());

  const withdraw = (one: ReleaseRecord) =>
    withdrawRelease(desk.context, mia, { feed, release: one.release, reason: "a false positive" });
  const show = (one: ReleaseRecord) => showRelease(desk.context, ann, one);
  const acceptable = () =>
    checkPublication((path) => desk.context.tree.read(path), desk.now, 1, {
      feed,
      client: "0.1.0",
      trusted: undefined,
    });

  /** The next release goes all the way, under a number of its own. */
  async function expectNextRelease(after: ReleaseRecord): Promise<void> {
    await desk.addRules("hosts", "ioc", hosts("next"));
    const next = await desk.release();
    expect(next).toMatchObject({ release: after.release + 1, state: "published", previous: after.previous });
    await acceptable();
  }

  async function sealed(signers: { gone: boolean }, options: DeskOptions = {}): Promise<ReleaseRecord> {
    desk = await openDesk({
      ...options,
      wrap: (real) => ({ snapshot: absent(real.snapshot, signers), ...options.wrap?.(real) }),
    });
    await desk.addRules("hosts", "ioc", hosts("first"));
    await desk.release();
    await desk.addRules("hosts", "ioc", hosts("second"));
    const ready = await desk.coSign(await desk.build());
    signers.gone = true;
    const stuck = await desk.publish(ready);
    expect(stuck).toMatchObject({ release: 2, state: "logged", waitingFor: "SIGNER_UNAVAILABLE: away" });
    return stuck;
  }

  it("can be withdrawn when it is co-signed, and the next one has another number", async () => {
    desk = await openDesk();
    await desk.addRules("hosts", "ioc", hosts("first"));
    await desk.release();
    await desk.addRules("hosts", "ioc", hosts("second"));
    const ready = await desk.coSign(await desk.build());
    expect(await withdraw(ready)).toMatchObject({ state: "failed", release: 2 });
    await expectNextRelease(ready);
    expect(await show(ready)).toMatchObject({ state: "failed" });
  });

  it("can be withdrawn when it is sealed, as long as nothing of it is decided", async () => {
    const signers = { gone: false };
    const stuck = await sealed(signers);
    expect(await withdraw(stuck)).toMatchObject({ state: "failed" });
    signers.gone = false;
    await expectNextRelease(stuck);
  });

  it("cannot be withdrawn once its files are being written, and then comes out", async () => {
    let full = false;
    desk = await openDesk({
      wrap: ({ tree }) => ({
        tree: {
          read: (path) => tree.read(path),
          open: (path) => tree.open(path),
          putImmutable: (path, content) =>
            full && path.endsWith(".p7s")
              ? Promise.reject(new OperationError("STORE_FULL", "no room"))
              : tree.putImmutable(path, content),
          swapHead: (path, expected, next) => tree.swapHead(path, expected, next),
        },
      }),
    });
    await desk.addRules("hosts", "ioc", hosts("first"));
    const ready = await desk.coSign(await desk.build());
    full = true;
    const stuck = await desk.publish(ready);
    expect(stuck).toMatchObject({ state: "logged", waitingFor: "STORE_FULL: no room" });
    await expect(withdraw(stuck)).rejects.toMatchObject({ code: "RELEASE_STATE" });
    // Not even the expiry of its manifest ends it: what is decided is finished, and renewed.
    desk.passDays(31);
    full = false;
    await desk.advance();
    await desk.publish(stuck);
    expect(await show(stuck)).toMatchObject({ state: "published" });
    expect(await desk.release({ renew: true })).toMatchObject({ release: 2, state: "published" });
    await acceptable();
  });

  it.each(["signed", "assayed", "logged"])(
    "SPEC §2.5.7 ends when its manifest expires while it is %s",
    async (state) => {
      const signers = { gone: false };
      let stuck: ReleaseRecord;
      if (state === "logged") stuck = await sealed(signers);
      else {
        desk = await openDesk();
        await desk.addRules("hosts", "ioc", hosts("first"));
        await desk.release();
        await desk.addRules("hosts", "ioc", hosts("second"));
        stuck = await desk.build();
        if (state === "assayed") stuck = await desk.coSign(stuck);
      }
      expect(stuck.state).toBe(state);
      desk.passDays(29);
      expect(await desk.advance()).toMatchObject({ state });
      desk.passDays(2);
      expect(await desk.advance()).toMatchObject({
        state: "failed",
        waitingFor: expect.stringMatching(/^METADATA_EXPIRED: expected publication before /),
        retry: null,
      });
      signers.gone = false;
      await refreshMetadata(desk.context);
      await expectNextRelease(stuck);
    },
  );
});

function absent(signer: Signer, state: { readonly gone: boolean }): Signer {
  return {
    ...signer,
    sign: (message) =>
      state.gone ? Promise.reject(new OperationError("SIGNER_UNAVAILABLE", "away")) : signer.sign(message),
  };
}
