/** One encoding of given records: what a block or an index could have said otherwise is refused. */
import { describe, expect, it } from "vitest";
import { ByteWriter } from "../../../src/core/encoding/varint.js";
import { parseBlock, writeRecord } from "../../../src/core/format/block.js";
import { malformedDatabase } from "../../../src/core/format/directory.js";
import { parseIndex, writeIndexEntry } from "../../../src/core/format/index-table.js";

const refused = expect.objectContaining({ code: "DATABASE_MALFORMED" });

describe("a block", () => {
  const block = (shared: number) => {
    const writer = new ByteWriter();
    writeRecord(writer, "", "alpha");
    writer.varint(shared);
    writer.varint("alps".length - shared);
    writer.text("alps", shared);
    return writer.take();
  };

  it("SPEC §3.1.4 shares all that neighbours have in common", () => {
    expect(parseBlock(block(3), 2, "sorted", malformedDatabase)).toEqual(["alpha", "alps"]);
    for (const shared of [0, 1, 2]) {
      expect(() => parseBlock(block(shared), 2, "sorted", malformedDatabase)).toThrowError(refused);
    }
  });
});

describe("an index", () => {
  const digest = "d".repeat(32);
  const index = (records: number) => {
    const writer = new ByteWriter();
    writeIndexEntry(writer, "sorted", "", { bytes: 20, records: 2, rules: 2, key: "alpha", digest });
    writeIndexEntry(writer, "sorted", "alpha", { bytes: 10, records, rules: 1, key: "beta", digest });
    return writer.take();
  };
  const totals = { order: "sorted", offset: 5, blockBytes: 30, records: 3, rules: 3 } as const;

  it("SPEC §3.5.2 adds up to its section", () => {
    expect(parseIndex(index(1), totals, malformedDatabase)).toHaveLength(2);
    for (const change of [{ blockBytes: 31 }, { blockBytes: 29 }, { records: 4 }, { rules: 2 }]) {
      expect(() => parseIndex(index(1), { ...totals, ...change }, malformedDatabase)).toThrowError(refused);
    }
  });
});
