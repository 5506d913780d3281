/** Names by MD5 and SHA-1, held against the platform's, and UUIDs of names against the RFC's own example. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { hexText } from "../../../src/core/encoding/bytes.js";
import { md5, sha1 } from "../../../src/core/encoding/name-digests.js";
import { uuidMaker } from "../../../src/core/encoding/uuid.js";

describe.each([
  ["md5", md5],
  ["sha1", sha1],
] as const)("%s", (name, digest) => {
  it("is the platform's for every length around the ends of blocks", () => {
    for (let length = 0; length < 300; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 0xff);
      expect(hexText(digest(bytes))).toBe(createHash(name).update(bytes).digest("hex"));
    }
  });
});

describe("a UUID of a name", () => {
  it("RFC 9562 A.4: is that of the example", () => {
    const dns = uuidMaker("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
    expect(dns("www.example.com")).toBe("2ed6657d-e927-568b-95e1-2665a8aea6a2");
  });
});
