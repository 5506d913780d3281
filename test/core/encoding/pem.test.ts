/** PEM: what goes in comes out, and what is not PEM is refused. */
import { describe, expect, it } from "vitest";
import { formatPEM, parsePEM } from "../../../src/core/encoding/pem.js";

const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);
const pem = formatPEM(bytes, "CERTIFICATE");

describe("PEM", () => {
  it("goes out and back, in lines of 64 characters", () => {
    expect(parsePEM(pem, "CERTIFICATE")).toEqual([bytes]);
    expect(Math.max(...pem.split("\n").map((line) => line.length))).toBe(64);
  });

  it("takes several blocks, explanations around them, and CRLF", () => {
    const text = `subject: somebody\n${pem}more words\n${pem}`.replaceAll("\n", "\r\n");
    expect(parsePEM(text, "CERTIFICATE")).toEqual([bytes, bytes]);
  });

  it.each([
    ["no block", "words"],
    ["another label", pem.replaceAll("CERTIFICATE", "PRIVATE KEY")],
    ["no end", pem.slice(0, -30)],
    ["a block in a block", pem.replace("\n", "\n-----BEGIN CERTIFICATE-----\n")],
    ["characters outside base64", pem.replace("AAEC", "A*EC")],
    ["stray bits in base64", pem.replace(/..==/, "zz==")],
    ["white space in a line", pem.replace("AAEC", "AA EC")],
  ])("refuses %s", (_name, text) => {
    expect(() => parsePEM(text, "CERTIFICATE")).toThrow(
      expect.objectContaining({ code: "ENCODING_MALFORMED" }),
    );
  });
});
