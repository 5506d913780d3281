import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RecordHeap } from "../../../src/core/rules/record-heap.js";

/** Few letters, so that many records share much, are equal, or are the beginning of others. */
const records = fc.array(fc.string({ unit: fc.constantFrom("\0", "a", "b", "\xff"), maxLength: 12 }), {
  maxLength: 300,
});

describe("a heap of records", () => {
  const textsOf = (heap: RecordHeap) => Array.from({ length: heap.count }, (_, i) => heap.text(i));

  it("gives them as they came, until it is sorted: then in byte order, each once", () => {
    fc.assert(
      fc.property(records, (all) => {
        const heap = new RecordHeap();
        for (const record of all) heap.add(record);
        expect(textsOf(heap)).toEqual(all);
        heap.sort();
        expect(textsOf(heap)).toEqual([...new Set(all)].sort());
      }),
    );
  });

  it("sorts what is in order already, in the opposite order, and all the same", () => {
    const rising = Array.from({ length: 20_000 }, (_, i) => String(i).padStart(6, "0"));
    for (const all of [
      rising,
      rising.toReversed(),
      rising.map(() => "same"),
      [...rising, "a".repeat(100_000)],
    ]) {
      const heap = new RecordHeap();
      for (const record of all) heap.add(record);
      heap.sort();
      expect(textsOf(heap)).toEqual([...new Set(all)].sort());
    }
  });
});
