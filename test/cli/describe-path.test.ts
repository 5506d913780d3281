import { describe, expect, it } from "vitest";
import { describePath } from "../../src/cli/describe-endpoint.js";
import { fitTables } from "../../src/cli/fit-tables.js";
import type { UpdateResult } from "../../src/client/model.js";
import type { ReleaseNumber } from "../../src/core/brands.js";
import type { PackFacts } from "../../src/core/format/model.js";
import { choosePath } from "../../src/core/format/plan.js";

const pack = (from: number, to: number, bytes: number) =>
  ({
    ...{ from, to, bytes, kind: from === 0 ? "full" : "delta" },
    path: `endpoint/${from === 0 ? `${to}.full` : `${from}-${to}.delta`}.rmp`,
  }) as PackFacts;

const packs = [pack(0, 4, 90_000), pack(1, 2, 700), pack(2, 3, 800), pack(3, 4, 900), pack(2, 4, 1000)];

function explained(have: number | undefined, ofPath?: number, refused = 0): string {
  const path = choosePath(packs, have, 4) ?? null;
  const bytesOfPath = ofPath ?? path?.bytes ?? 0;
  const bytes = bytesOfPath + refused;
  const text = describePath({ path, bytes, bytesOfPath, release: 4 as ReleaseNumber } as UpdateResult);
  return fitTables(text, undefined);
}

describe("what --explain says", () => {
  it("names each pack, and every way with what it would have cost", () => {
    expect(explained(1)).toBe(`   PACK    SIZE         FILE
1  1 to 2  700 bytes    endpoint/1-2.delta.rmp
2  2 to 4  1,000 bytes  endpoint/2-4.delta.rmp

WAY                     PACKS    SIZE
fewest bytes by deltas  2 packs  1,700 bytes   taken
release by release      3 packs  2,400 bytes   1.4 times as much
full pack               1 pack   90,000 bytes  52.9 times as much`);
  });

  it("says that a chain of one is the same way", () => {
    expect(explained(3)).toContain("release by release      1 pack  900 bytes     as much");
  });

  it("counts what an earlier try had brought already", () => {
    expect(explained(undefined, 1000)).toContain("89,000 bytes of it were on disk from an earlier try.");
  });

  it("does not take the bytes of a refused pack for those of the path", () => {
    const text = explained(undefined, 1000, 5000);
    expect(text).toContain("89,000 bytes of it were on disk from an earlier try.");
    expect(text).toContain("5,000 bytes more came for packs that were refused.");
    expect(explained(1)).not.toContain("on disk");
    expect(explained(1)).not.toContain("refused");
  });

  it("says that there was nothing to fetch", () => {
    const path = null;
    expect(
      describePath({ path, bytes: 0, bytesOfPath: 0, release: 4 as ReleaseNumber } as UpdateResult),
    ).toBe("No pack was needed: the database of release 4 is here.");
  });
});
