/** One value has one encoding; every other spelling of it is refused. */
import { limits } from "../../../src/core/limits.js";
import { describe, expect, it } from "vitest";
import { hexBytes, hexText } from "../../../src/core/encoding/bytes.js";
import { constructedTag, contextTag, parseDER, tags } from "../../../src/core/encoding/der.js";
import { formatECDSASignature, parseECDSASignature } from "../../../src/core/encoding/der-ecdsa.js";
import { VerificationError } from "../../../src/core/errors.js";

const der = (hex: string) => parseDER(hexBytes(hex.replaceAll(" ", "")));
const refusedWith = (code: string, run: () => unknown) => {
  try {
    run();
  } catch (cause) {
    expect(cause).toBeInstanceOf(VerificationError);
    expect((cause as VerificationError).code).toBe(code);
    return;
  }
  expect.unreachable("expected a refusal");
};

describe("DER values", () => {
  it.each([
    ["empty input", ""],
    ["a tag alone", "30"],
    ["content cut short", "0402aa"],
    ["a byte after the value", "040100 00"],
    ["indefinite length", "3080 0000"],
    ["a length of 0x81 that fits one octet", `04817f${"00".repeat(127)}`],
    ["a length with a leading zero octet", `04820080${"00".repeat(128)}`],
    ["a length of five octets", "048500000000ff"],
    ["a high tag number", "1f8101 00"],
    ["the end-of-contents tag", "0000"],
    ["a broken child", "3003 0405aa"],
  ])("refuses %s", (_name, hex) => refusedWith("DER_MALFORMED", () => der(hex)));

  it("refuses nesting beyond the limit, and bytes beyond the limit", () => {
    const nest = (levels: number): string => {
      let hex = "";
      for (let i = 0; i < levels; i++) hex = `30${(hex.length / 2).toString(16).padStart(2, "0")}${hex}`;
      return hex;
    };
    expect(der(nest(32)).tag).toBe(tags.sequence);
    refusedWith("DER_MALFORMED", () => der(nest(33)));
    // SPEC §6.1.2
    refusedWith("LIMIT_EXCEEDED", () => parseDER(new Uint8Array(11), 10));
    const content = (2 * limits.derNodesMax).toString(16).padStart(6, "0");
    refusedWith("LIMIT_EXCEEDED", () => der(`3083${content}${"0500".repeat(limits.derNodesMax)}`));
  });

  it("reads fields in order and refuses another tag, a missing or a left-over field", () => {
    const fields = der("3006 020105 800101").fields();
    expect(fields.next().smallInteger()).toBe(5);
    expect(fields.optional(contextTag(1))).toBeUndefined();
    expect(fields.optional(contextTag(0))?.content).toEqual(Uint8Array.of(1));
    fields.end();
    refusedWith("DER_MALFORMED", () => fields.next());
    refusedWith("DER_MALFORMED", () => der("3003 020105").fields().end());
    refusedWith("DER_MALFORMED", () => der("3100").fields());
    refusedWith("DER_MALFORMED", () => der("a000").only("a value", constructedTag(0)));
  });
});

describe("DER accessors", () => {
  const read = {
    boolean: (hex: string) => der(hex).boolean(),
    integer: (hex: string) => hexText(der(hex).integerBytes()),
    small: (hex: string) => der(hex).smallInteger(),
    oid: (hex: string) => der(hex).oid(),
    bits: (hex: string) => hexText(der(hex).bitString()),
    named: (hex: string) => [...der(hex).namedBits()].join(),
    text: (hex: string) => der(hex).text(),
    time: (hex: string) => der(hex).time().toISOString(),
    stamp: (hex: string) => der(hex).generalizedTime("fraction").toISOString(),
    set: (hex: string) => der(hex).setOf().length,
    null: (hex: string) => der(hex).null(),
  };
  const ascii = (tag: string, text: string) =>
    tag + text.length.toString(16).padStart(2, "0") + hexText(new TextEncoder().encode(text));

  it.each([
    ["boolean", "0101ff", true],
    ["boolean", "010100", false],
    ["integer", "02020080", "0080"],
    ["integer", "0201ff", "ff"],
    ["small", "02047fffffff", 2 ** 31 - 1],
    ["oid", "06092a864886f70d010702", "1.2.840.113549.1.7.2"],
    ["oid", "0602 8837", "2.999"],
    ["oid", "0603 2a0300", "1.2.3.0"],
    ["bits", "030200aa", "aa"],
    ["named", "03020780", "0"],
    ["named", "03020106", "5,6"],
    ["text", ascii("13", "CH"), "CH"],
    ["text", "0c02c3bc", "ü"],
    ["time", ascii("17", "260901120000Z"), "2026-09-01T12:00:00.000Z"],
    ["time", ascii("17", "500101000000Z"), "1950-01-01T00:00:00.000Z"],
    ["time", ascii("18", "20500101000000Z"), "2050-01-01T00:00:00.000Z"],
    ["stamp", ascii("18", "20260901120000.25Z"), "2026-09-01T12:00:00.250Z"],
    ["set", "3106 020101 020102", 2],
  ] as const)("%s reads %s", (accessor, hex, value) => {
    expect(read[accessor](hex)).toBe(value);
  });

  it.each([
    ["boolean", "010101", "true that is not 0xff"],
    ["boolean", "01020000", "two octets"],
    ["integer", "0200", "no octets"],
    ["integer", "02020001", "a needless zero"],
    ["integer", "0202ff80", "a needless 0xff"],
    ["small", "0201ff", "a negative number"],
    ["small", "02050100000000", "a number beyond 31 bits"],
    ["oid", "0600", "no octets"],
    ["oid", "06022a80", "a cut arc"],
    ["oid", "06032a8001", "an arc with a leading 0x80"],
    ["bits", "0300", "no padding octet"],
    ["bits", "03020100", "unused bits where none may be"],
    ["bits", "030101", "unused bits of nothing"],
    ["named", "030207c0", "a set padding bit"],
    ["named", "03020600", "trailing zero bits"],
    ["named", "030208ff", "eight unused bits"],
    ["text", ascii("13", "a@b"), "a character that PrintableString has not"],
    ["text", "160180", "a character that IA5String has not"],
    ["text", "0c01ff", "bytes that are not UTF-8"],
    ["text", ascii("1e", "ab"), "a BMPString"],
    ["time", ascii("17", "2609011200Z"), "no seconds"],
    ["time", ascii("17", "260901120000+0000"), "an offset"],
    ["time", ascii("17", "260230120000Z"), "30 February"],
    ["time", ascii("17", "260901120060Z"), "a leap second"],
    ["time", ascii("18", "20260901120000Z"), "generalized time before 2050"],
    ["time", ascii("18", "20510901120000.5Z"), "a fraction in a certificate"],
    ["stamp", ascii("18", "20260901120000.50Z"), "a trailing zero in a fraction"],
    ["stamp", ascii("18", "20260901120000.Z"), "an empty fraction"],
    ["stamp", ascii("18", "20260901120000"), "no zone"],
    ["set", "3106 020102 020101", "a set out of order"],
    ["null", "050100", "null with content"],
  ] as const)("%s refuses %s: %s", (accessor, hex, _why) => {
    expect(() => read[accessor](hex)).toThrow(VerificationError);
  });
});

describe("object identifiers", () => {
  it("may hold a UUID in one arc", () => {
    // 2.25 and 2^127: one arc of 19 octets.
    const arc = `82${"80".repeat(17)}00`;
    expect(der(`061469${arc}`).oid()).toBe(`2.25.${2n ** 127n}`);
  });
});

describe("ECDSA signatures", () => {
  it("go to r and s and back", () => {
    for (const size of [32, 48]) {
      for (const fill of [0x01, 0x7f, 0x80, 0xff]) {
        const raw = new Uint8Array(2 * size).fill(fill);
        raw[0] = 0;
        expect(parseECDSASignature(formatECDSASignature(raw), size)).toEqual(raw);
      }
    }
  });

  it.each([
    ["zero", "3006 020100 020101"],
    ["a negative number", "3006 0201ff 020101"],
    ["a needless zero octet", "3007 02020001 020101"],
    ["a third number", "3009 020101 020101 020101"],
    ["a number too wide", `3026 0221 01${"00".repeat(32)} 020101`],
    ["bytes after it", "3006 020101 020101 00"],
  ])("with %s are refused", (_name, hex) => {
    refusedWith("DER_MALFORMED", () => parseECDSASignature(hexBytes(hex.replaceAll(" ", "")), 32));
  });
});
