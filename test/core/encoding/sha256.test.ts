import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hexText, utf8Bytes } from "../../../src/core/encoding/bytes.js";
import { sha256, sha256Digest } from "../../../src/core/encoding/sha256.js";

const running = (...parts: Uint8Array[]): string => {
  const digest = sha256Digest();
  for (const part of parts) digest.update(part);
  return hexText(digest.finish());
};

describe("SHA-256", () => {
  // FIPS 180-4, the examples of NIST
  it.each([
    ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    [
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ],
    ["a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
  ])("of %.10j", async (text, expected) => {
    expect(running(utf8Bytes(text))).toBe(expected);
    expect(hexText(await sha256(utf8Bytes(text)))).toBe(expected);
  });

  it("does not depend on where the bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (parts) => {
        const expected = createHash("sha256");
        for (const part of parts) expected.update(part);
        expect(running(...parts)).toBe(expected.digest("hex"));
      }),
    );
  });
});
