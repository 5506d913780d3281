import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byteString } from "../../../src/core/encoding/bytes.js";
import { memorySource } from "../../../src/core/encoding/stream.js";
import { nodeDigest } from "../../../src/adapters/node-digest.js";
import { mergeRuns } from "../../../src/core/release/merge-runs.js";
import { encodeRun, openRun } from "../../../src/core/release/run.js";

async function runOf(records: readonly string[], mark: number) {
  const file = { path: "a.txt", records, lines: records.map((_, i) => i + 1), findings: [] };
  const { section } = await openRun(
    memorySource(await encodeRun("ioc", [file], nodeDigest)),
    "ioc",
    nodeDigest,
  );
  return section === undefined ? [] : [{ section, mark }];
}

/** Record and marks, in the order in which they come. */
async function merged(runs: readonly { readonly records: readonly string[]; readonly mark: number }[]) {
  const opened = (await Promise.all(runs.map(({ records, mark }) => runOf(records, mark)))).flat();
  const found: [string, number][] = [];
  await mergeRuns(opened, (bytes, length, marks) => {
    found.push([byteString(bytes.subarray(0, length)), marks]);
  });
  return found;
}

function expected(runs: readonly { readonly records: readonly string[]; readonly mark: number }[]) {
  const marks = new Map<string, number>();
  for (const { records, mark } of runs)
    for (const record of new Set(records)) marks.set(record, (marks.get(record) ?? 0) + mark);
  return [...marks].sort(([a], [b]) => (a < b ? -1 : 1));
}

describe("runs that are merged", () => {
  it("give each record once, in byte order, with the sum of the marks of those that hold it", async () => {
    const record = fc.string({ unit: fc.constantFrom("\0", "a", "b", "\xff"), minLength: 1, maxLength: 8 });
    const run = fc.record({
      records: fc.array(record, { maxLength: 40 }),
      mark: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(run, { maxLength: 9 }), async (runs) => {
        expect(await merged(runs)).toEqual(expected(runs));
      }),
    );
  });

  it("go on from block to block, records shared across the boundary or not", async () => {
    const number = (i: number) => `name ${String(i).padStart(7, "0")}`;
    const every = (step: number) => Array.from({ length: 60_000 / step }, (_, i) => number(i * step));
    const runs = [every(1), every(2), every(3), every(60)].map((records, i) => ({ records, mark: 10 ** i }));
    expect(await merged(runs)).toEqual(expected(runs));
  });

  it("of two that cancel leave out at most what both hold", async () => {
    const records = Array.from({ length: 40_000 }, (_, i) => `record ${String(i).padStart(7, "0")}`);
    const runs = [
      { records, mark: 1 },
      { records: records.filter((_, i) => i !== 20_000), mark: -1 },
    ];
    const found = await merged(runs);
    expect(found.length).toBeLessThan(20_000);
    expect(found.filter(([, marks]) => marks !== 0)).toEqual([[records[20_000], 1]]);
  });
});
