import { describe, expect, it } from "vitest";
import { requireOneHistory } from "../../../src/core/log/one-history.js";
import type { TileReader } from "../../../src/core/log/tiles.js";
import { TestLog } from "../../support/log-world.js";

const log = (size: number, word = "entry") => {
  const made = new TestLog().append(...Array.from({ length: size }, (_, i) => `${word} ${i}`));
  made.checkpoint();
  return made;
};
const head = (made: TestLog) => ({ size: made.size, root: made.root });
const noTiles: TileReader = async () => Promise.reject(new Error("no tiles were needed"));
/** A log whose entries are others from `from` on. */
function forked(size: number, from: number): TestLog {
  const words = Array.from({ length: size }, (_, i) => (i < from ? `entry ${i}` : `lie ${i}`));
  const made = new TestLog().append(...words);
  made.checkpoint();
  return made;
}

describe("SPEC §11.10.2 one history", () => {
  it.each([
    [1, 2],
    [4, 9],
    [5, 9],
    [255, 300],
    [256, 300],
    [256, 512],
    [300, 1000],
  ])("is told by trees of %i and %i entries, in either order", async (small, large) => {
    const [before, after] = [log(small), log(large)];
    const { readTile } = after;
    await requireOneHistory({ seen: head(before), offered: head(after), readTile });
    await requireOneHistory({ seen: head(after), offered: head(before), readTile });
  });

  it("needs no tiles with the proof that came along, and with equal or empty trees", async () => {
    const [before, after] = [log(5), log(9)];
    const given = { from: 5, hashes: await after.continues(5) };
    await requireOneHistory({ seen: head(before), offered: head(after), given, readTile: noTiles });
    await requireOneHistory({ seen: head(after), offered: head(after), readTile: noTiles });
    await requireOneHistory({ seen: head(log(0)), offered: head(after), readTile: noTiles });
  });

  it("is settled by tiles when the proof that came along is of another size, or wrong", async () => {
    const [before, after] = [log(5), log(9)];
    const { readTile } = after;
    const claim = { seen: head(before), offered: head(after), readTile };
    await requireOneHistory({ ...claim, given: { from: 4, hashes: await after.continues(4) } });
    await requireOneHistory({ ...claim, given: { from: 5, hashes: await after.continues(4) } });
  });

  it.each([
    [9, 9, 5],
    [4, 9, 3],
    [4, 9, 0],
    [5, 9, 4],
    [8, 9, 7],
    [256, 300, 255],
    [300, 700, 299],
    [512, 700, 100],
  ])("is not told by a tree of %i and one of %i that differs from entry %i on", async (seen, size, from) => {
    const offered = forked(size, from);
    const { readTile } = offered;
    const claim = { seen: head(log(seen)), offered: head(offered), readTile };
    await expect(requireOneHistory(claim)).rejects.toMatchObject({ code: "LOG_FORK" });
    const reverse = { seen: claim.offered, offered: claim.seen, readTile };
    await expect(requireOneHistory(reverse)).rejects.toMatchObject({ code: "LOG_FORK" });
  });

  it("is not denied by a mirror with wrong tiles: that is the mirror's lie, not the log's", async () => {
    const [before, after] = [log(5), log(9)];
    const { readTile } = forked(9, 2);
    const claim = { seen: head(before), offered: head(after), readTile };
    await expect(requireOneHistory(claim)).rejects.toMatchObject({ code: "LOG_CONSISTENCY_FAILED" });
    const whole = { ...claim, seen: head(log(8)) };
    await expect(requireOneHistory(whole)).rejects.toMatchObject({ code: "LOG_CONSISTENCY_FAILED" });
    const short: TileReader = async (place) => (await readTile(place)).subarray(1);
    await expect(requireOneHistory({ ...claim, readTile: short })).rejects.toMatchObject({
      code: "LOG_TILE_MALFORMED",
    });
  });
});
