import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { base64Bytes, base64Text, hexBytes, hexText } from "../../../src/core/encoding/bytes.js";

/** The platform's reading, of which only what it would write itself stands. */
function platform(text: string): string | undefined {
  try {
    return btoa(atob(text)) === text
      ? hexText(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)))
      : undefined;
  } catch {
    return undefined;
  }
}

const ours = (text: string): string | undefined => {
  try {
    return hexText(base64Bytes(text));
  } catch {
    return undefined;
  }
};

describe("base64", () => {
  it("is read back as it was written", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => void expect(base64Bytes(base64Text(bytes))).toEqual(bytes)),
    );
  });

  it("has one form for each value: whatever else looks like it is refused", () => {
    const letter = fc.constantFrom(..."AQgwZ/+-_= \n\u0041\u0141\ud83d");
    const text = fc.array(letter, { maxLength: 9 }).map((letters) => letters.join(""));
    fc.assert(
      fc.property(text, (one) => void expect(ours(one)).toBe(platform(one))),
      { numRuns: 5000 },
    );
  });

  it.each([
    "A",
    "AA",
    "AAA",
    "A===",
    "AB==",
    "AAB=",
    "====",
    "=AAA",
    "AA=A",
    "AAAA=",
    "AA==AAAA",
    "AAA\u0141",
    " AAA",
  ])("refuses %j", (text) => {
    expect(() => base64Bytes(text)).toThrowError(expect.objectContaining({ code: "ENCODING_MALFORMED" }));
  });
});

it("hexadecimal is read back as it was written", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void expect(hexBytes(hexText(bytes))).toEqual(bytes)));
});
