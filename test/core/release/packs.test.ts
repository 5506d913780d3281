import { describe, expect, it } from "vitest";
import { feedName, releaseNumber, sha256Hex } from "../../../src/core/brands.js";
import type { PackFacts } from "../../../src/core/format/model.js";
import { choosePath } from "../../../src/core/format/plan.js";
import { listedPacks, packTarget, plannedPacks } from "../../../src/core/release/packs.js";
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

  it("keep the facts of an older pack as they were, and drop what nobody would take", () => {
    const before = [pack(0, 1, 5000), { ...pack(0, 2, 5000) }, { ...pack(1, 2, 40), cms: "kept" }];
    const made = [pack(0, 3, 5000), pack(2, 3, 50), pack(1, 3, 9000)];
    expect(listedPacks<PackFacts>(releaseNumber(3), made, before)).toEqual([made[1], made[0], before[2]]);
  });
});
