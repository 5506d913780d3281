import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, ByteWriter } from "../../../src/core/encoding/varint.js";
import { VerificationError } from "../../../src/core/errors.js";

const complain = (message: string) => new VerificationError("ENCODING_MALFORMED", message);
const reader = (...bytes: number[]) => new ByteReader(Uint8Array.from(bytes), complain);

describe("varint", () => {
  it("gives back every safe integer", () => {
    fc.assert(
      fc.property(fc.array(fc.maxSafeNat()), (values) => {
        const writer = new ByteWriter();
        for (const value of values) writer.varint(value);
        const back = new ByteReader(writer.take(), complain);
        expect(values.map(() => back.varint())).toEqual(values);
        back.end();
      }),
    );
  });

  it.each([[[0x80]], [[0xff, 0xff]], [[]]])("refuses a number that ends early: %j", (bytes) => {
    expect(() => reader(...bytes).varint()).toThrow("expected another byte");
  });

  it.each([[[0x80, 0x00]], [[0xff, 0x80, 0x00]]])(
    "SPEC §3.1.3 refuses a number that is longer than it must be: %j",
    (bytes) => {
      expect(() => reader(...bytes).varint()).toThrow("shortest form");
    },
  );

  it("refuses numbers above the bound that the caller knows, and above 2^53", () => {
    expect(reader(0x7f).varint(127)).toBe(127);
    expect(() => reader(0x80, 0x01).varint(127)).toThrow("expected a number up to 127");
    expect(() => reader(...new Array(8).fill(0xff), 0x01).varint()).toThrow(VerificationError);
    expect(() => reader(...new Array(400).fill(0xff)).varint()).toThrow(VerificationError);
  });
});

describe("bytes and text", () => {
  it("come back as they were", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 5000 }), { maxLength: 8 }), (parts) => {
        const writer = new ByteWriter();
        for (const part of parts) {
          writer.bytes(part);
          writer.text(`x${String.fromCharCode(...part)}`, 1);
        }
        expect(writer.length).toBe(2 * parts.reduce((sum, part) => sum + part.length, 0));
        const back = new ByteReader(writer.take(), complain);
        for (const part of parts) {
          expect(back.bytes(part.length)).toEqual(part);
          expect(back.text(part.length)).toBe(String.fromCharCode(...part));
        }
        back.end();
        expect(writer.length).toBe(0);
      }),
    );
  });

  it("refuses more than there is, and less", () => {
    expect(() => reader(1, 2).bytes(3)).toThrow("expected 3 more bytes, got 2");
    expect(() => reader(1).end()).toThrow("expected the end, got 1 more bytes");
    expect(() => reader().byte()).toThrow("expected another byte");
  });

  it("refuses characters that are not bytes: a mistake of the program", () => {
    expect(() => new ByteWriter().text("Ā")).toThrow("above U+00FF");
  });
});
