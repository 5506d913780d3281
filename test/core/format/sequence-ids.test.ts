import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteWriter } from "../../../src/core/encoding/varint.js";
import { sharedLength } from "../../../src/core/format/block.js";
import { malformedDatabase } from "../../../src/core/format/directory.js";
import {
  IDTableReader,
  type RuleEntry,
  parseIDTable,
  parseRuleMarks,
  writeIDEntry,
} from "../../../src/core/format/index-table.js";
import { SequenceIDs } from "../../../src/core/format/sequence-ids.js";

const entries = (text: string) =>
  text.split(" ").map((one) => ({ id: one.split(":")[0] as string, record: Number(one.split(":")[1]) }));
const tableOf = (text: string) => tableOfEntries(entries(text));
/** The table of the rules of a sequence that has nothing else. */
const tableFrom = (ids: readonly string[]) =>
  tableOfEntries(
    ids
      .map((id, record) => ({ id, record }))
      .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : a.record - b.record)),
  );

function tableOfEntries(rules: readonly RuleEntry[]): Uint8Array {
  const writer = new ByteWriter();
  let before = "";
  for (const entry of rules) {
    writeIDEntry(writer, entry, sharedLength(before, entry.id));
    before = entry.id;
  }
  return writer.take();
}
const readerOf = (table: Uint8Array) => new IDTableReader(table, 100, malformedDatabase);
const old = { idTable: async () => readerOf(tableOf("a:2 b:0 b:5 c:1 d:4")) };
const parsed = (table: Uint8Array) =>
  [...parseIDTable(table, 100, malformedDatabase)].map(({ id, record }) => `${id}:${record}`).join(" ");

describe("ids of a sequence", () => {
  it("are those of kept records where they stand now, and the new ones between them", async () => {
    const ids = new SequenceIDs(old);
    ids.add("b", 0);
    ids.keep(0, 2, 1);
    ids.add("aa", 3);
    ids.keep(4, 6, 4);
    ids.add("z", 6);
    expect(parsed(await ids.table(7))).toBe("aa:3 b:0 b:1 b:5 c:2 d:4 z:6");
  });

  it("of equal names stand by their records, whichever is the new one", async () => {
    const ids = new SequenceIDs(old);
    ids.keep(0, 3, 0);
    ids.add("b", 3);
    ids.keep(3, 6, 4);
    expect(parsed(await ids.table(6))).toBe("a:2 b:0 b:3 b:6 c:1 d:5");
  });

  it("are the new ones alone where nothing was kept", async () => {
    const ids = new SequenceIDs(undefined);
    for (const [id, record] of [["b", 0] as const, ["a", 2] as const, ["a", 1] as const]) ids.add(id, record);
    const table = await ids.table(3);
    expect(parsed(table)).toBe("a:1 a:2 b:0");
    expect([...parseRuleMarks(table, 4, malformedDatabase)]).toEqual([1, 1, 1, 0]);
  });

  it("are front-coded against what stands in front of them now, whatever was kept and added", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.stringMatching(/^[ab]{0,4}$/), fc.constantFrom("keep", "drop", "add")), {
          maxLength: 40,
        }),
        async (rules) => {
          const before = rules.flatMap(([id, fate]) => (fate === "add" ? [] : [id]));
          const ids = new SequenceIDs({ idTable: async () => readerOf(tableFrom(before)) });
          const after: string[] = [];
          let number = 0;
          for (const [id, fate] of rules) {
            if (fate === "keep") ids.keep(number, number + 1, after.length);
            if (fate === "add") ids.add(id, after.length);
            if (fate !== "add") number++;
            if (fate !== "drop") after.push(id);
          }
          expect(await ids.table(after.length)).toEqual(tableFrom(after));
        },
      ),
      { numRuns: 2000 },
    ));

  it("are refused when they are not as many as the rules", async () => {
    const ids = new SequenceIDs(old);
    ids.keep(0, 6, 0);
    await expect(ids.table(6)).rejects.toMatchObject({ code: "DATABASE_MALFORMED" });
  });

  it.each([
    ["fall", [0, 1, 0x62, 0, 0, 1, 0x61, 1]],
    ["are less than the one before", [0, 2, 0x61, 0x62, 0, 1, 0, 1]],
    ["do not share all they have in common", [0, 2, 0x61, 0x62, 0, 0, 2, 0x61, 0x63, 1]],
    ["are longer than their table", [0, 9, 0x61]],
  ])("are refused when they %s", (_, bytes) => {
    const reader = readerOf(Uint8Array.from(bytes));
    expect(() => {
      while (reader.next());
    }).toThrow(expect.objectContaining({ code: "DATABASE_MALFORMED" }));
  });
});
