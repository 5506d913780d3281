import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sha256Hex } from "../../../src/core/brands.js";
import { memorySink, memorySource } from "../../../src/core/encoding/stream.js";
import { encodeSourceMap, type MappedSection, type RulePlace } from "../../../src/core/format/source-map.js";
import { openSourceMap } from "../../../src/core/format/source-map-reader.js";
import { type RuleKind, ruleKinds } from "../../../src/core/rules/model.js";
import { codeOf } from "./samples.js";

const head = { sourceTreeSha256: sha256Hex("a".repeat(64)), databaseSha256: sha256Hex("b".repeat(64)) };
const headBytes = [...Array<number>(32).fill(0xaa), ...Array<number>(32).fill(0xbb)];

type Places = readonly (readonly RulePlace[])[];

const section = (kind: RuleKind, records: Places): MappedSection => {
  const places = records.flat();
  let end = 0;
  const starts = Int32Array.from([0, ...records.map((all) => (end += all.length))]);
  return {
    kind,
    origins: { starts, sources: Int32Array.from(places.keys()) },
    files: Int32Array.from(places, ({ file }) => file),
    lines: Int32Array.from(places, ({ line }) => line),
    ends: Int32Array.from(places, ({ line, lines }) => line + lines - 1),
  };
};

async function encoded(sections: readonly MappedSection[]): Promise<Uint8Array<ArrayBuffer>> {
  const sink = memorySink();
  await encodeSourceMap(head, sections, sink);
  return sink.bytes();
}

async function contentsOf(bytes: Uint8Array): Promise<Map<RuleKind, Places>> {
  const map = await openSourceMap(memorySource(bytes));
  const contents = new Map<RuleKind, Places>();
  for (const { kind, records } of map.sections) {
    const places = [];
    for (let record = 0; record < records; record++) places.push(await map.placesOf(kind, record));
    contents.set(kind, places);
  }
  return contents;
}

const place = fc.record({
  file: fc.nat(9),
  line: fc.integer({ min: 1, max: 9e6 }),
  lines: fc.integer({ min: 1, max: 300 }),
});
const entry = fc
  .uniqueArray(place, { minLength: 1, maxLength: 4, selector: ({ file, line }) => `${file}:${line}` })
  .map((list) => list.sort((a, b) => a.file - b.file || a.line - b.line));
const contents = fc.dictionary(
  fc.constantFrom(...ruleKinds),
  fc.array(entry, { minLength: 1, maxLength: 20 }),
);

describe("SPEC §15.2: the source map as a file", () => {
  it("gives back every place of every record", async () => {
    await fc.assert(
      fc.asyncProperty(contents, async (wanted) => {
        const sections = ruleKinds.flatMap((kind) => (wanted[kind] ? [section(kind, wanted[kind])] : []));
        const bytes = await encoded(sections);
        expect(Object.fromEntries(await contentsOf(bytes))).toEqual({ ...wanted });
        expect((await openSourceMap(memorySource(bytes))).head).toEqual(head);
      }),
      { numRuns: 100 },
    );
  });

  it("reads one group for a record, whatever their number", async () => {
    const places = Array.from({ length: 10_000 }, (_, i) => [{ file: i % 7, line: 10_000 - i, lines: 1 }]);
    const bytes = await encoded([section("ioc", places)]);
    const reads: number[] = [];
    const source = memorySource(bytes);
    const map = await openSourceMap({
      length: source.length,
      read: (offset, length) => {
        reads.push(length);
        return source.read(offset, length);
      },
    });
    reads.length = 0;
    for (const record of [0, 4095, 4096, 9999]) {
      expect(await map.placesOf("ioc", record)).toEqual(places[record]);
    }
    expect(reads).toHaveLength(4);
    expect(Math.max(...reads)).toBeLessThan(bytes.length / 2);
  });

  it("is small for lists in order: a byte for an indicator on the next line", async () => {
    const places = Array.from({ length: 4000 }, (_, i) => [{ file: 0, line: i + 1, lines: 1 }]);
    expect((await encoded([section("ioc", places)])).length).toBeLessThan(4100);
  });

  it("SPEC §15.2.5 gives one file for given places, and refuses every other", async () => {
    const places: Places = [
      [{ file: 2, line: 5, lines: 1 }],
      [
        { file: 0, line: 9, lines: 3 },
        { file: 1, line: 1, lines: 1 },
      ],
    ];
    const good = await encoded([section("ioc", places), section("yara", places)]);
    for (let at = 0; at < good.length; at++) {
      for (const bit of [1, 2, 4, 8, 64, 128]) {
        const bad = good.slice();
        bad[at] = (bad[at] as number) ^ bit;
        const outcome = await codeOf(async () => {
          const read = [...(await contentsOf(bad))];
          // Another file that is sound says something else, and is the only one that says it.
          const { head: said } = await openSourceMap(memorySource(bad));
          const sink = memorySink();
          await encodeSourceMap(
            said,
            read.map(([kind, all]) => section(kind, all)),
            sink,
          );
          expect(sink.bytes()).toEqual(bad);
        });
        expect(["success", "SOURCE_MAP_MALFORMED"]).toContain(outcome);
      }
    }
  });

  const file = (groups: number[], facts: number[], magic = [0x52, 0x4d, 0x53, 0x4d]): Uint8Array => {
    const directory = [...headBytes, ...facts];
    return Uint8Array.of(...magic, 1, ...groups, ...directory, directory.length, 0, 0, 0, ...magic);
  };
  it.each([
    ["nothing", Uint8Array.of()],
    ["another format", file([], [0], [0x52, 0x4d, 0x44, 0x42])],
    [
      "a directory beyond the file",
      Uint8Array.of(0x52, 0x4d, 0x53, 0x4d, 1, 9, 9, 0, 0, 0x52, 0x4d, 0x53, 0x4d),
    ],
    ["bytes of no section", file([0], [0])],
    ["bytes behind the directory's facts", file([], [0, 0])],
    ["a section of a kind that there is none of", file([16], [1, 5, 1, 1])],
    ["a section twice", file([16, 16], [2, 1, 1, 1, 1, 1, 1])],
    ["a section without records", file([], [1, 1, 0])],
    ["groups that are larger than the file", file([16], [1, 1, 1, 9])],
    ["line 0", file([0], [1, 1, 1, 1])],
    ["the same file named again", file([16 + 2, 0], [1, 1, 1, 2])],
    ["one line written as several", file([16 + 1, 0], [1, 1, 1, 2])],
    ["a file before the first", file([16 + 2, 1], [1, 1, 1, 2])],
    ["a place twice", file([16 + 4, 0], [1, 1, 1, 2])],
    ["places out of order", file([32 + 4, 8], [1, 1, 1, 2])],
    ["a place less than it promises", file([16 + 4], [1, 1, 1, 1])],
    ["a place more than there are records", file([16, 16], [1, 1, 1, 2])],
    ["a number in a longer form", file([0x90, 0x00], [1, 1, 1, 2])],
  ])("refuses %s", async (_, bytes) => {
    expect(await codeOf(() => contentsOf(bytes))).toBe("SOURCE_MAP_MALFORMED");
  });

  it("says so when it is asked about a kind or a record that it does not have", async () => {
    const map = await openSourceMap(
      memorySource(await encoded([section("ioc", [[{ file: 0, line: 1, lines: 1 }]])])),
    );
    expect(await codeOf(() => map.placesOf("yara", 0))).toBe("SOURCE_MAP_MALFORMED");
    expect(await codeOf(() => map.placesOf("ioc", 5000))).toBe("SOURCE_MAP_MALFORMED");
  });
});
