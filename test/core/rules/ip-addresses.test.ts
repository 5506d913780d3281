import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatIPv4,
  formatIPv6,
  maskAddress,
  parseDecimal,
  parseIPv4,
  parseIPv6,
} from "../../../src/core/rules/ip-addresses.js";

describe("IPv4", () => {
  it.each(["0.0.0.0", "1.2.3.4", "255.255.255.255", "10.0.200.9"])("reads %s and writes it back", (text) => {
    expect(formatIPv4(parseIPv4(text) as string)).toBe(text);
  });
  it.each([
    "",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.00",
    "1..2.3",
    "1.2.3.4 ",
    "1.2.3.-4",
    "a.b.c.d",
    "1.2.3.1000",
  ])("refuses %j", (text) => expect(parseIPv4(text)).toBeUndefined());
});

describe("IPv6", () => {
  it.each([
    ["2001:db8:0:0:0:0:2:1", "2001:db8::2:1"],
    ["2001:DB8::1", "2001:db8::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["0:0:0:0:0:ffff:1.2.3.4", "::ffff:1.2.3.4"],
    ["::ffff:102:304", "::ffff:1.2.3.4"],
    ["64:ff9b::1.2.3.4", "64:ff9b::102:304"],
  ])("RFC 5952: %s is written %s", (text, canonical) => {
    expect(formatIPv6(parseIPv6(text) as string)).toBe(canonical);
  });
  it.each([
    "",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8",
    "12345::",
    "::g",
    "fe80::1%eth0",
    "1.2.3.4",
    "::1.2.3",
    "1.2.3.4::",
  ])("refuses %j", (text) => expect(parseIPv6(text)).toBeUndefined());
  it("reads back what it writes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const address = String.fromCharCode(...bytes.map((byte) => (byte < 128 ? 0 : byte)));
        expect(parseIPv6(formatIPv6(address))).toBe(address);
      }),
    );
  });
});

describe("masks and numbers", () => {
  it.each([
    ["255.255.255.255", 0, "0.0.0.0"],
    ["255.255.255.255", 9, "255.128.0.0"],
    ["10.1.2.3", 24, "10.1.2.0"],
    ["10.1.2.3", 32, "10.1.2.3"],
  ])("%s under %i bits is %s", (text, bits, masked) => {
    expect(formatIPv4(maskAddress(parseIPv4(text) as string, bits))).toBe(masked);
  });
  it.each([
    ["0", 0],
    ["65535", 65535],
    ["65536", undefined],
    ["007", undefined],
    ["", undefined],
    ["-1", undefined],
    ["1e3", undefined],
  ])("the decimal %j is %j", (text, value) => expect(parseDecimal(text, 65535)).toBe(value));
});
