/**
 * The keys that stand on the server. Whoever has them can hold updates up, and nothing else: no content, nothing older than what an
 * endpoint has, no harm that a root ceremony does not end. docs/OPERATIONS.md has the page.
 */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { metadataPath, timestampPath } from "../../src/core/release/tree-paths.js";
import { type TestSigner, testSigner } from "../simulator/test-signer.js";
import { Drill, type Loose, addition, idOf } from "./scene.js";

let drill: Drill;
beforeEach(async () => {
  drill = await Drill.open();
});
afterEach(() => drill.close());

const far = 2 ** 40;
const soon = (signed: Loose) => {
  signed.expires = "2099-01-01T00:00:00Z";
};
const stolen = (role: "timestamp" | "snapshot") => drill.desk.context[role] as TestSigner;

/** New online keys: root 2 names them, and the service signs with them from now on. */
async function recover(...roles: ("timestamp" | "snapshot")[]): Promise<void> {
  const fresh = await Promise.all(roles.map(() => testSigner()));
  const { context } = drill.desk;
  const add = roles.map((role, i) => addition(role, `${role}-2`, fresh[i] as TestSigner));
  const remove = roles.map((role) => ({ role, key: idOf(context[role]) }));
  const keys = Object.fromEntries(roles.map((role, i) => [role, fresh[i]]));
  await drill.ceremony("root", { add, remove }, { ...context, ...keys });
}

describe("the timestamp key is stolen", () => {
  it("the thief delays: he keeps an endpoint at the release that it has", async () => {
    const old = drill.tree.get(timestampPath) as Uint8Array;
    await drill.release();
    drill.tree.set(timestampPath, old);
    await drill.forgeTimestamp((signed) => {
      soon(signed);
      signed.version++;
    });
    expect(await drill.update()).toBe(1);
  });

  it("he makes no content: a snapshot of his own is refused", async () => {
    const path = metadataPath("snapshot", 2);
    drill.tree.set(
      metadataPath("snapshot", 9),
      await drill.forge(path, [await testSigner()], (s) => (s.version = 9)),
    );
    await drill.forgeTimestamp((signed) => {
      signed.version = 9;
      signed.meta["snapshot.json"] = { version: 9 };
    });
    expect(await drill.update()).toBe("METADATA_THRESHOLD");
    expect(await drill.endpoint.updater.status()).toMatchObject({ installed: { release: 1 } });
  });

  it("he takes nobody back: an older snapshot is refused", async () => {
    await drill.release();
    expect(await drill.update()).toBe(2);
    await drill.forgeTimestamp((signed) => {
      signed.version++;
      signed.meta["snapshot.json"] = { version: 2 };
    });
    expect(await drill.update()).toBe("METADATA_ROLLBACK");
  });

  it("he counts so far ahead that honest timestamps look old, until new keys make clients forget", async () => {
    await drill.forgeTimestamp((signed) => {
      soon(signed);
      signed.version = far;
    });
    expect(await drill.update()).toBe(1);
    drill.tree.clear();
    await drill.release();
    expect(await drill.update()).toBe("METADATA_ROLLBACK");
    await recover("timestamp");
    expect(await drill.update()).toBe(2);
  });

  it("after the ceremony the stolen key is worth nothing", async () => {
    const thief = stolen("timestamp");
    await recover("timestamp");
    await drill.forgeTimestamp((signed) => signed.version++, thief);
    expect(await drill.update()).toBe("METADATA_THRESHOLD");
    drill.tree.clear();
    await drill.release();
    expect(await drill.update()).toBe(2);
  });
});

describe("the snapshot key is stolen", () => {
  it("alone it opens nothing: the timestamp names another file", async () => {
    const path = metadataPath("snapshot", 2);
    drill.desk.passDays(0.1);
    await drill.release();
    drill.tree.set(
      metadataPath("snapshot", 3),
      await drill.forge(path, [stolen("snapshot")], (s) => (s.version = 3)),
    );
    expect(await drill.update()).toBe("METADATA_MISMATCH");
  });

  it("with the timestamp key a newcomer gets an older release, but one that publisher and overseer signed", async () => {
    const first = drill.tree.get(metadataPath("snapshot", 2)) as Uint8Array;
    await drill.release();
    const path = metadataPath("snapshot", 3);
    const { meta } = JSON.parse(Buffer.from(first).toString("utf8")).signed;
    const both = await drill.forge(path, [stolen("snapshot")], (signed) => {
      signed.version = far;
      signed.meta = meta;
    });
    drill.tree.set(metadataPath("snapshot", far), both);
    await drill.forgeTimestamp((signed) => {
      signed.version = far;
      signed.meta["snapshot.json"] = { version: far };
    });
    const newcomer = await drill.newcomer();
    expect(await drill.update(newcomer)).toBe(1);
    // Who has been further does not go back, and a release of the thief's own nobody takes.
    drill.tree.clear();
    expect(await drill.update()).toBe(2);
    drill.tree.set(metadataPath("snapshot", far), both);
    await drill.forgeTimestamp((signed) => {
      signed.version = far;
      signed.meta["snapshot.json"] = { version: far };
    });
    expect(await drill.update()).toBe("METADATA_ROLLBACK");
    drill.tree.clear();
    await drill.release();
    expect(await drill.update(newcomer)).toBe("METADATA_ROLLBACK");
    await recover("timestamp", "snapshot");
    expect(await drill.update(newcomer)).toBe(3);
    expect(await drill.update()).toBe(3);
    await newcomer.close();
  });
});
