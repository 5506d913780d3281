/** One byte of a pack is another, at every place there is, on its way to an endpoint. */
import { expect, it } from "vitest";
import { flipped } from "../simulator/server.js";
import { indicators, openScene } from "./endpoint.js";

it("refuses a pack with one flipped byte anywhere: PACK_DIGEST_MISMATCH, the old database stays", async () => {
  const scene = await openScene();
  const { publisher, server, endpoint } = scene;
  try {
    await publisher.release(indicators(1, 20));
    await endpoint.updater.update();
    const before = await endpoint.databaseSha256();
    await publisher.release(indicators(2, 20));
    const packs = [...publisher.tree].filter(
      ([path]) => path.endsWith("2.full.rmp") || path.endsWith("1-2.delta.rmp"),
    );
    expect(packs).toHaveLength(2);
    const longest = Math.max(...packs.map(([, { length }]) => length));
    for (let at = 0; at < longest; at++) {
      // Both ways to the release lie at the same place, the shorter one at the place modulo its length.
      server.behaviours = [[/\.rmp$/, flipped(at)]];
      await expect(endpoint.updater.update()).rejects.toMatchObject({ code: "PACK_DIGEST_MISMATCH" });
      expect(await endpoint.databaseSha256()).toBe(before);
    }
    console.log(`packs: ${longest} places flipped, none got through`);
    server.behaviours = [];
    expect(await endpoint.updater.update()).toMatchObject({ outcome: "updated", release: 2 });
  } finally {
    await scene.close();
  }
});
