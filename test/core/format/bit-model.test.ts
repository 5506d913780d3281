/** The arithmetic of a delta's parts: the same whole numbers on every machine. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hexText } from "../../../src/core/encoding/bytes.js";
import { VerificationError } from "../../../src/core/errors.js";
import { BitReader, BitWriter } from "../../../src/core/format/bit-coder.js";
import { squash, stretch } from "../../../src/core/format/logistic.js";
import { NumberModel, fields } from "../../../src/core/format/number-model.js";
import { TextModel } from "../../../src/core/format/text-model.js";
import { rules } from "./samples.js";

const complain = (message: string) => new VerificationError("PACK_MALFORMED", message);
const refused = expect.objectContaining({ code: "PACK_MALFORMED" });
const odds = fc.oneof(fc.constantFrom(1, 32_768, 65_535), fc.integer({ min: 1, max: 65_535 }));

function encodeText(text: string): Uint8Array {
  const [model, writer] = [new TextModel(12), new BitWriter()];
  for (let i = 0; i < text.length; i++) model.byte(writer, text.charCodeAt(i));
  return writer.finish();
}

describe("the bits of a part", () => {
  it("come back as they were, and end where they end", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), odds), { maxLength: 400 }), (bits) => {
        const writer = new BitWriter();
        for (const [bit, one] of bits) writer.bit(bit, one);
        const bytes = writer.finish();
        const reader = new BitReader(bytes, complain);
        expect(bits.map(([, one]) => reader.bit(0, one))).toEqual(bits.map(([bit]) => bit));
        reader.end();
      }),
      { numRuns: 300 },
    );
  });

  it("SPEC §4.5.3 are refused with a byte more, and are not the same with one less", () => {
    const bits = Array.from({ length: 100 }, (_, i) => (i % 3 === 0 ? 1 : 0));
    const writer = new BitWriter();
    for (const bit of bits) writer.bit(bit, 20_000);
    const bytes = writer.finish();
    const read = (part: Uint8Array) => {
      const reader = new BitReader(part, complain);
      const found = bits.map(() => reader.bit(0, 20_000));
      reader.end();
      return found;
    };
    expect(read(bytes)).toEqual(bits);
    expect(() => read(bytes.subarray(0, 0))).toThrowError(refused);
    expect(() => read(new Uint8Array([...bytes, 0]))).toThrowError(refused);
    const reader = new BitReader(bytes.subarray(0, -1), complain);
    expect(() => {
      expect(bits.map(() => reader.bit(0, 20_000))).toEqual(bits);
      reader.end();
    }).toThrowError();
  });
});

describe("odds", () => {
  const spec = readFileSync(new URL("../../../docs/SPEC.md", import.meta.url), "utf8");

  it("SPEC §4.6.2 are those that the specification prints", () => {
    const printed = /squash\(-2816\) …[\s\S]*?```\n([\s\S]*?)```/.exec(spec)?.[1] ?? "";
    const anchors = printed.trim().split(/\s+/).map(Number);
    expect(anchors).toHaveLength(45);
    for (let i = 1; i < 44; i++) expect(squash(128 * i - 2816)).toBe(anchors[i]);
  });

  it("rise, and turn round", () => {
    for (let x = -2814; x <= 2815; x++) expect(squash(x)).toBeGreaterThanOrEqual(squash(x - 1));
    for (let one = 1; one < 4095; one++) {
      const found = stretch(one);
      if (Math.abs(found) < 2047) expect(squash(found)).toBeGreaterThanOrEqual(16 * one + 8);
      if (Math.abs(found) < 2047) expect(squash(found - 1)).toBeLessThan(16 * one + 8);
    }
  });
});

describe("models", () => {
  it("give numbers back", () => {
    const numbers = fc.oneof(fc.nat(20), fc.nat(5000), fc.integer({ min: 0, max: 2 ** 31 + 13 }));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...fields), numbers, fc.nat(9)), { maxLength: 60 }),
        (list) => {
          const [model, writer] = [new NumberModel(), new BitWriter()];
          for (const [field, value, beside] of list) model.code(writer, field, value, beside);
          const [back, reader] = [new NumberModel(), new BitReader(writer.finish(), complain)];
          expect(list.map(([field, , beside]) => back.code(reader, field, 0, beside))).toEqual(
            list.map(([, value]) => value),
          );
          reader.end();
        },
      ),
      { numRuns: 100 },
    );
  });

  it("make little of what repeats, and hardly more of what cannot be known than it is", () => {
    expect(encodeText(rules(200).join("\n")).length).toBeLessThan(5000);
    const noise = Array.from({ length: 4000 }, (_, i) =>
      String.fromCharCode(createHash("sha256").update(String(i)).digest()[0] as number),
    ).join("");
    expect(encodeText(noise).length).toBeLessThan(4200);
  });

  // whoever writes this format from SPEC.md alone compares with these
  it("SPEC §4.6.1 give these bytes", () => {
    expect(hexText(encodeText('alert tcp any any -> any any (msg:"a"; sid:1;)'))).toBe(
      "9e708e002f3956916d1ff70876d713c306fb25bee4959691ab793e72594d94227d3657a8",
    );
    const [model, writer] = [new NumberModel(), new BitWriter()];
    for (const value of [0, 14, 15, 16, 300, 300, 70_000, 2 ** 31 + 13]) model.code(writer, "skip", value);
    expect(hexText(writer.finish())).toBe("efd8667ad9c6bf36ff353aa80000");
  });
});
