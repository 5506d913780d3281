import { describe, expect, it } from "vitest";
import type { ReleaseNumber, Sha256Hex } from "../../../src/core/brands.js";
import type { PackFacts } from "../../../src/core/format/model.js";
import { choosePath, plannedDeltas, retainedPacks } from "../../../src/core/format/plan.js";

const pack = (from: number, to: number, bytes: number): PackFacts => ({
  path: `endpoint/${from === 0 ? `${to}.full` : `${from}-${to}.delta`}.rmp`,
  kind: from === 0 ? "full" : "delta",
  from,
  to: to as ReleaseNumber,
  bytes,
  sha256: "" as Sha256Hex,
  databaseSha256: "" as Sha256Hex,
  databaseBytes: 0,
  codec: "",
});

/** What a publisher has after `newest` releases when a delta costs as much as its span, less a little for long ones. */
function history(newest: number): PackFacts[] {
  const packs = [pack(0, newest, 1_000_000)];
  for (let to = 2; to <= newest; to++) {
    for (const from of plannedDeltas(to)) packs.push(pack(from, to, Math.ceil(100 * (to - from) ** 0.8)));
  }
  return packs;
}

describe("plannedDeltas", () => {
  it.each([
    [1, []],
    [2, [1]],
    [7, [6, 5, 4, 3, 2, 1]],
    [9, [8, 7, 6, 5, 4, 3, 2, 1]],
    [16, [15, 14, 13, 12, 11, 10, 9, 8]],
    [24, [23, 22, 21, 20, 19, 18, 17, 16, 8]],
    [128, [127, 126, 125, 124, 123, 122, 121, 120, 112, 104, 96, 88, 80, 72, 64]],
  ])("of release %i", (release, expected) => {
    expect(plannedDeltas(release)).toEqual(expected);
  });

  it("are at most eight for each power of eight", () => {
    for (let release = 1; release <= 5000; release++) {
      let levels = 1;
      for (let span = 8; release % span === 0; span *= 8) levels++;
      expect(plannedDeltas(release).length).toBeLessThanOrEqual(8 * levels);
    }
  });
});

describe("choosePath", () => {
  it("takes the fewest bytes, and of equal paths the one with fewer packs", () => {
    const packs = [pack(1, 2, 10), pack(2, 3, 10), pack(1, 3, 20), pack(0, 3, 900)];
    expect(choosePath(packs, 1, 3)?.packs).toEqual([packs[2]]);
    expect(choosePath([...packs.slice(0, 2), pack(1, 3, 21)], 1, 3)?.bytes).toBe(20);
  });

  it("says why, with figures", () => {
    const packs = [pack(1, 2, 1234), pack(0, 2, 5_678_901)];
    expect(choosePath(packs, 1, 2)?.reason).toBe(
      "1 delta pack of 1,234 bytes from release 1, instead of 1 full pack of 5,678,901 bytes",
    );
    expect(choosePath(packs, undefined, 2)?.reason).toBe(
      "1 full pack of 5,678,901 bytes, because there is no database yet",
    );
    expect(choosePath(packs, 77, 2)?.reason).toBe(
      "1 full pack of 5,678,901 bytes, because no delta packs lead here from release 77",
    );
    expect(choosePath([pack(1, 2, 9_000_000), ...packs.slice(1)], 1, 2)?.reason).toBe(
      "1 full pack of 5,678,901 bytes, because 1 delta pack of 9,000,000 bytes would be more",
    );
    expect(choosePath([pack(1, 2, 7)], 1, 2)?.reason).toBe(
      "1 delta pack of 7 bytes from release 1, and there is no full pack",
    );
    const small = [pack(0, 2, 900), pack(0, 1, 700), pack(1, 2, 9)];
    expect(choosePath(small, undefined, 2)?.reason).toBe(
      "1 full pack and 1 delta pack of 709 bytes, because there is no database yet",
    );
    expect(choosePath(small, undefined, 2, "damaged")?.reason).toBe(
      "1 full pack and 1 delta pack of 709 bytes, because the database here is damaged",
    );
    expect(choosePath(packs, 2, 2)).toEqual({
      packs: [],
      bytes: 0,
      reason: "release 2 is already there",
      ways: [],
    });
  });

  it.each([
    [
      "all three",
      [pack(1, 2, 10), pack(2, 3, 10), pack(1, 3, 15), pack(0, 3, 900)],
      1,
      ["deltas 1 15", "release by release 2 20", "full 1 900"],
    ],
    [
      "no chain where a step is gone",
      [pack(2, 3, 10), pack(1, 3, 15), pack(0, 3, 900)],
      1,
      ["deltas 1 15", "full 1 900"],
    ],
    [
      "a full pack that is smaller than every delta",
      [pack(2, 3, 90), pack(0, 3, 9)],
      2,
      ["full 1 9", "deltas 1 90", "release by release 1 90"],
    ],
    ["nothing but a full pack", [pack(2, 3, 90), pack(0, 3, 9)], undefined, ["full 1 9"]],
  ])("tells the ways that it weighed: %s", (_, packs, have, expected) => {
    const ways = choosePath(packs, have, 3)?.ways ?? [];
    expect(ways.map(({ way, packs, bytes }) => `${way} ${packs} ${bytes}`)).toEqual(expected);
  });

  it("is undefined where nothing leads", () => {
    expect(choosePath([], undefined, 3)).toBeUndefined();
    expect(choosePath([pack(1, 2, 5)], 1, 3)).toBeUndefined();
  });

  it("serves every client within reach with at most four packs", () => {
    const newest = 600;
    const packs = history(newest);
    for (let have = 88; have < newest; have++) {
      const path = choosePath(packs, have, newest);
      expect(path?.packs.length).toBeLessThanOrEqual(have % 8 === 0 ? 4 : 5);
      expect(path?.packs[0]?.from).toBe(have);
      expect(path?.packs.at(-1)?.to).toBe(newest);
    }
  });
});

describe("retainedPacks", () => {
  it("keeps the best path of every client within reach, and little else", () => {
    const newest = 600;
    const packs = history(newest);
    const kept = retainedPacks(newest, packs);
    for (let behind = 1; behind <= 512; behind++) {
      const have = newest - behind;
      if (behind > 64 && have % 8 !== 0) continue;
      expect(choosePath(kept, have, newest)?.bytes).toBe(choosePath(packs, have, newest)?.bytes);
    }
    expect(kept.length).toBeLessThan(160);
    expect(kept.filter(({ kind }) => kind === "full")).toEqual([packs[0]]);
  });

  it("leaves out deltas that cost more than the full pack", () => {
    expect(retainedPacks(2, [pack(1, 2, 500), pack(0, 2, 400)])).toEqual([pack(0, 2, 400)]);
    expect(retainedPacks(2, [pack(1, 2, 300), pack(0, 2, 400)])).toHaveLength(2);
  });

  it("SPEC §4.8.2 keeps the way of one that has nothing, over an older full pack if that is fewer bytes, and the newest full pack", () => {
    // 103 is no multiple of 8 and farther behind than 64: but for the full pack nobody within reach would go over it.
    const way = [pack(0, 103, 300), pack(103, 200, 50)];
    expect(retainedPacks(200, [pack(0, 200, 400), ...way])).toEqual([pack(0, 200, 400), ...way]);
    expect(retainedPacks(200, [pack(0, 200, 350), ...way])).toEqual([pack(0, 200, 350)]);
    const two = [pack(0, 200, 400), pack(0, 199, 390), pack(199, 200, 1), ...way];
    expect(retainedPacks(200, two)).toEqual([pack(0, 200, 400), pack(199, 200, 1), ...way]);
  });
});
