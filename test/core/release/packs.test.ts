import { describe, expect, it } from "vitest";
import { feedName, releaseNumber, sha256Hex } from "../../../src/core/brands.js";
import type { PackFacts } from "../../../src/core/format/model.js";
import { choosePath } from "../../../src/core/format/plan.js";
import {
  listedPacks,
  needsSmallPack,
  packTarget,
  plannedPacks,
  smallPacks,
} from "../../../src/core/release/packs.js";
import { packPath, packSignaturePath } from "../../../src/core/release/tree-paths.js";

const feed = feedName("endpoint");

function pack(from: number, to: number, bytes: number): PackFacts {
  return {
    path: packTarget(feed, from, releaseNumber(to)),
    kind: from === 0 ? "full" : "delta",
    from,
    to: releaseNumber(to),
    bytes,
    sha256: sha256Hex("a".repeat(64)),
    databaseSha256: sha256Hex("b".repeat(64)),
    databaseBytes: 1000,
    codec: "c",
  };
}

describe("the packs of a release", () => {
  it("are named by where they start and end", () => {
    expect(pack(0, 7, 1).path).toBe("endpoint/7.full.rmp");
    expect(pack(3, 7, 1).path).toBe("endpoint/3-7.delta.rmp");
    const digest = "a".repeat(64);
    expect(packPath(pack(3, 7, 1))).toBe(`targets/endpoint/${digest}.3-7.delta.rmp`);
    expect(packSignaturePath(pack(0, 7, 1))).toBe(`targets/endpoint/${digest}.7.full.rmp.p7s`);
  });

  it("SPEC §2.5.5 leave every endpoint of the last releases a way, release after release", () => {
    let listed: PackFacts[] = [];
    for (let release = 1; release <= 40; release++) {
      const made = plannedPacks(releaseNumber(release)).map((from) =>
        pack(from, release, from === 0 ? 100_000 : 100 * (release - from)),
      );
      listed = listedPacks(releaseNumber(release), made, listed);
      expect(listed[0]?.to).toBe(release);
      expect(listed.filter(({ kind }) => kind === "full")).toHaveLength(1);
      for (let have = 1; have < release; have++) {
        const path = choosePath(listed, have, release);
        expect(
          path?.packs.every(({ kind }) => kind === "delta"),
          `${have} to ${release}`,
        ).toBe(true);
      }
    }
  });

  it("SPEC §2.5.5 §2.5.8 strand nobody and cost nobody more, whatever small packs come, late or never", () => {
    // Every third release has a small pack, which the manifest after the next one lists first.
    let listed: PackFacts[] = [];
    let plain: PackFacts[] = [];
    let small: PackFacts | undefined;
    for (let release = 1; release <= 150; release++) {
      const made = plannedPacks(releaseNumber(release)).map((from) =>
        pack(from, release, from === 0 ? 100_000 + 10 * release : 100 * (release - from)),
      );
      const before = { release: release - 1, packs: listed };
      listed = listedPacks(releaseNumber(release), made, listed, smallPacks(before, small, []));
      plain = listedPacks(releaseNumber(release), made, plain);
      if (release % 3 === 0 && release < 60) small = pack(0, release - 1, 80_000);
      expect(listed.filter(({ kind, to }) => kind === "full" && to === release)).toHaveLength(1);
      expect(listed.filter(({ kind }) => kind === "full").length).toBeLessThanOrEqual(2);
      for (const have of [undefined, ...plain.map(({ to }) => to as number)]) {
        const [one, other] = [listed, plain].map((packs) => choosePath(packs, have, release)?.bytes);
        expect(one, `${have} to ${release}`).toBeLessThanOrEqual(other as number);
      }
      // The newest full pack alone leads there too: what is refused on the way is left out.
      const rest = listed.filter(({ kind, to }) => kind === "delta" || to === release);
      expect(choosePath(rest, undefined, release)?.bytes).toBe(100_000 + 10 * release);
    }
    // The last one, of release 56, is 94 behind, and still leads there.
    expect(choosePath(listed, undefined, 150)?.packs[0]?.to).toBe(56);
  });

  it("SPEC §2.5.8 take a small pack of no blocked database, and of each release the one that was published", () => {
    const known = { ...pack(0, 2, 70), cms: "kept" };
    const before = { release: 4, packs: [pack(0, 4, 100), known, pack(2, 4, 9)] };
    const { databaseSha256 } = known;
    expect(smallPacks<PackFacts>(before, undefined, [])).toEqual([known]);
    expect(smallPacks<PackFacts>(before, pack(0, 2, 70), [])).toEqual([known]);
    expect(smallPacks<PackFacts>(before, pack(0, 4, 80), [])).toEqual([known, pack(0, 4, 80)]);
    const other = { ...pack(0, 4, 80), databaseSha256: sha256Hex("d".repeat(64)) };
    expect(smallPacks<PackFacts>(before, other, [databaseSha256])).toEqual([other]);
  });

  it.each([
    ["when there is none", [pack(0, 9, 900)], undefined, true],
    [
      "not when little follows behind the last one",
      [pack(0, 9, 900), pack(0, 5, 640), pack(5, 9, 20)],
      undefined,
      false,
    ],
    ["when more follows", [pack(0, 9, 900), pack(0, 5, 640), pack(5, 9, 21)], undefined, true],
    [
      "not when little follows behind one that no manifest lists yet",
      [pack(0, 9, 900), pack(8, 9, 20)],
      pack(0, 8, 640),
      false,
    ],
    ["when nothing leads on from the last one", [pack(0, 9, 900), pack(0, 5, 640)], undefined, true],
  ])("SPEC §2.5.8 ask for another small one %s", (_, packs, made, expected) => {
    expect(needsSmallPack({ release: 9, packs }, made, [])).toBe(expected);
    if (!expected)
      expect(needsSmallPack({ release: 9, packs }, made, [sha256Hex("b".repeat(64))])).toBe(true);
  });

  it.each([
    ["", [pack(0, 9, 900)]],
    [", though an older one and deltas are fewer bytes", [pack(0, 9, 900), pack(0, 5, 500), pack(5, 9, 100)]],
  ])("SPEC §2.5.8 ask for no small one of a release that has it%s", (_, packs) => {
    expect(needsSmallPack({ release: 9, packs }, pack(0, 9, 640), [])).toBe(false);
    expect(needsSmallPack({ release: 9, packs }, undefined, [])).toBe(true);
  });

  it("keep the facts of an older pack as they were, and drop what nobody would take", () => {
    const before = [pack(0, 1, 5000), { ...pack(0, 2, 5000) }, { ...pack(1, 2, 40), cms: "kept" }];
    const made = [pack(0, 3, 5000), pack(2, 3, 50), pack(1, 3, 9000)];
    expect(listedPacks<PackFacts>(releaseNumber(3), made, before)).toEqual([made[1], made[0], before[2]]);
  });
});
