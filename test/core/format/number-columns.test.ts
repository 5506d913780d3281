import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../../../src/core/encoding/varint.js";
import { VerificationError } from "../../../src/core/errors.js";
import type { ColumnForm } from "../../../src/core/format/number-columns.js";
import {
  BitWriter,
  ColumnReader,
  canBeClassed,
  writeColumn,
} from "../../../src/core/format/number-columns.js";

const complain = (message: string) => new VerificationError("PACK_MALFORMED", message);
const small = fc.oneof(fc.nat(20), fc.nat(5000), fc.nat(2 ** 31 - 1));
const column = fc.tuple(fc.constantFrom<ColumnForm>("plain", "classed"), fc.array(small));

describe("columns of numbers", () => {
  it("come back in both forms, side by side", () => {
    fc.assert(
      fc.property(fc.array(column, { maxLength: 5 }), (columns) => {
        const writer = new ByteWriter();
        const bits = new BitWriter();
        for (const [form, values] of columns) writeColumn(writer, bits, form, values);
        writer.bytes(bits.take());
        const reader = new ColumnReader(new ByteReader(writer.take(), complain), complain);
        const back = columns.map(([form, values]) => reader.column(form, values.length));
        reader.finish();
        expect(back).toEqual(columns.map(([, values]) => values));
      }),
      { numRuns: 500 },
    );
  });

  it("know which numbers have a class", () => {
    expect(canBeClassed([0, 2 ** 31 - 1])).toBe(true);
    expect(canBeClassed([2 ** 31])).toBe(false);
  });

  it.each<[string, number[], ColumnForm, number]>([
    ["more numbers than bytes", [1, 2], "plain", 2 ** 40],
    ["more classes than bytes", [1, 2], "classed", 3],
    ["an unknown class", [70], "classed", 1],
    ["bits that are not there", [20], "classed", 1],
    ["bytes behind the bits", [1, 0], "classed", 1],
  ])("refuse %s", (_, bytes, form, count) => {
    const reader = new ColumnReader(new ByteReader(Uint8Array.from(bytes), complain), complain);
    expect(() => {
      reader.column(form, count);
      reader.finish();
    }).toThrow(VerificationError);
  });
});
