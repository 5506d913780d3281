/** One share of the root is stolen or lost. Two are needed: nothing happens, and the next ceremony takes it out. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { metadataPath } from "../../src/core/release/tree-paths.js";
import { type TestSigner, testSigner } from "../simulator/test-signer.js";
import { Drill, type Loose, addition } from "./scene.js";

let drill: Drill;
beforeEach(async () => {
  drill = await Drill.open();
});
afterEach(() => drill.close());

/** A root in which every role is the thief's. */
async function forgedRoot(version: number, thief: TestSigner, ...signers: TestSigner[]): Promise<void> {
  const forged = await drill.forge(metadataPath("root", version - 1), signers, (signed: Loose) => {
    signed.version = version;
    signed.keys[thief.keyid] = thief.key;
    for (const role of Object.values(signed.roles) as Loose[])
      Object.assign(role, { keyids: [thief.keyid], threshold: 1 });
  });
  drill.tree.set(metadataPath("root", version), forged);
}

describe("one root share is stolen", () => {
  it("makes no root that an endpoint follows, alone or with keys of the thief's", async () => {
    const [share] = drill.desk.shares as [TestSigner];
    const thief = await testSigner();
    for (const signers of [[share], [share, thief], [thief]]) {
      await forgedRoot(2, thief, ...signers);
      const newcomer = await drill.newcomer();
      expect(await drill.update(newcomer)).toBe("METADATA_THRESHOLD");
      await newcomer.close();
    }
    drill.tree.clear();
    await drill.release();
    expect(await drill.update()).toBe(2);
  });

  it("is taken out by the two others; then not even with one of them it is enough", async () => {
    const [stolen, second, third] = drill.desk.shares as [TestSigner, TestSigner, TestSigner];
    const fresh = await testSigner();
    const change = {
      remove: [{ role: "root", key: "vendor-1" }],
      add: [addition("root", "vendor-1b", fresh)],
    };
    await drill.ceremony("root", change, drill.desk.context, [second, third]);
    await drill.release();
    expect(await drill.update()).toBe(2);
    const thief = await testSigner();
    await forgedRoot(3, thief, stolen, second, thief);
    const newcomer = await drill.newcomer();
    expect(await drill.update(newcomer)).toBe("METADATA_THRESHOLD");
    drill.tree.clear();
    expect(await drill.update(newcomer)).toBe(2);
    await newcomer.close();
  });

  it("lost instead of stolen, it is named as the one that has not signed", async () => {
    const [first] = drill.desk.shares as [TestSigner];
    await expect(drill.ceremony("root", {}, drill.desk.context, [first])).rejects.toThrowError(
      expect.objectContaining({
        code: "METADATA_THRESHOLD",
        message: expect.stringMatching(
          /not yet: .*vendor-2.*overseer-root|not yet: .*overseer-root.*vendor-2/,
        ),
      }),
    );
  });
});
