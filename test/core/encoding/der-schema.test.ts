/** Readers put together: what a schema does not name cannot be there, and what we write ourselves reads back. */
import { describe, expect, it } from "vitest";
import { hexBytes, hexText } from "../../../src/core/encoding/bytes.js";
import { derValue, derInteger, derObjectID } from "../../../src/core/encoding/der-writer.js";
import * as schema from "../../../src/core/encoding/der-schema.js";
import { parseDER, tags } from "../../../src/core/encoding/der.js";

const der = (hex: string) => parseDER(hexBytes(hex.replaceAll(" ", "")));
const code = (expected: string) => expect.objectContaining({ code: expected });

const read = schema.sequence("a thing", {
  name: schema.objectID,
  isLoud: schema.flag(),
  count: schema.optional(tags.integer, schema.smallInteger),
  outer: schema.explicit(0, schema.smallInteger),
  inner: schema.implicit(1, tags.octetString, schema.octetString),
});

describe("a schema", () => {
  it.each([
    ["3003 06012a", { isLoud: false, count: undefined, outer: undefined, inner: undefined }],
    ["3006 06012a 0101ff", { isLoud: true, count: undefined, outer: undefined, inner: undefined }],
    ["300f 06012a 020105 a003020107 8102aabb", { isLoud: false, count: 5, outer: 7 }],
  ])("reads %s", (hex, values) => {
    const thing = read(der(hex));
    expect(thing).toMatchObject({ name: "1.2", ...values });
    if (hex.endsWith("aabb")) expect(hexText(thing.inner as Uint8Array)).toBe("aabb");
  });

  it.each([
    ["3000", "a field is missing"],
    ["3103 06012a", "another outer tag"],
    ["3003 0d012a", "another inner tag"],
    ["3006 06012a 010100", "a default is encoded"],
    ["3005 06012a 0500", "a field that is not named"],
    ["3009 020105 06012a 0101ff", "the order is another"],
    ["3009 06012a 0101ff 0101ff", "a field comes twice"],
    ["3005 06012a a000", "an explicit tag is empty"],
    ["300b 06012a a006 020107 020107", "an explicit tag holds two"],
    ["3008 06012a a1030401aa", "an implicit tag is constructed"],
  ])("refuses %s: %s", (hex) => {
    expect(() => read(der(hex))).toThrow(code("DER_MALFORMED"));
  });

  it("bounds its lists, and sorts its sets", () => {
    const list = schema.sequenceOf("numbers", schema.smallInteger, 1, 2);
    expect(list(der("3006 020105 020103"))).toEqual([5, 3]);
    expect(() => list(der("3000"))).toThrow(code("DER_MALFORMED"));
    expect(() => list(der("3009 020101 020102 020103"))).toThrow(code("LIMIT_EXCEEDED"));
    const set = schema.setOf("numbers", schema.smallInteger);
    expect(set(der("3106 020103 020105"))).toEqual([3, 5]);
    expect(() => set(der("3106 020105 020103"))).toThrow(code("DER_MALFORMED"));
    const one = schema.setOfOne("a number", schema.smallInteger);
    expect(one(der("3103 020105"))).toBe(5);
    expect(() => one(der("3106 020103 020105"))).toThrow(code("DER_MALFORMED"));
  });

  it("chooses by tag, opens what is wrapped, and holds values to their words", () => {
    const alternatives = {
      good: schema.implicit(0, tags.null, schema.none),
      since: schema.explicit(1, schema.integer),
    };
    const either = schema.choice("a status", alternatives);
    expect(either(der("8000"))).toEqual({ good: true });
    expect(either(der("a103020107"))).toEqual({ since: Uint8Array.of(7) });
    expect(() => either(der("8200"))).toThrow(code("DER_MALFORMED"));
    expect(schema.wrapped(schema.smallInteger)(der("0403 020107"))).toBe(7);
    expect(() => schema.wrapped(schema.smallInteger)(der("0404 020107 00"))).toThrow(code("DER_MALFORMED"));
    const even = schema.where(schema.smallInteger, (value) => value % 2 === 0, "an even number");
    expect(even(der("020104"))).toBe(4);
    expect(() => even(der("020105"))).toThrow("expected an even number, got another");
    expect(() => schema.required(schema.explicit(0, schema.integer))(der("020104"))).toThrow(
      code("DER_MALFORMED"),
    );
  });
});

describe("what we write", () => {
  it.each(["1.2", "2.5.29.19", "1.2.840.113549.1.1.10", "2.16.840.1.101.3.4.2.1", "1.3.132.0.34"])(
    "%s",
    (oid) => {
      expect(parseDER(derObjectID(oid)).oid()).toBe(oid);
    },
  );

  it.each([0, 1, 127, 128, 255, 256, 65_535, 2 ** 31 - 1])("%d", (value) => {
    const octets = hexBytes(value.toString(16).padStart(10, "0"));
    expect(parseDER(derInteger(octets)).smallInteger()).toBe(value);
  });

  it.each([0, 127, 128, 255, 256, 65_536])("%d octets", (length) => {
    const value = parseDER(
      derValue(tags.octetString, new Uint8Array(length - (length >> 1)), new Uint8Array(length >> 1)),
    );
    expect(value.octets()).toHaveLength(length);
  });
});
