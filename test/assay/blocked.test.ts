/** What was recalled stays recalled: a publisher that drops it from the list gets no second signature. */
import { describe, expect, it } from "vitest";
import { sha256Hex } from "../../src/core/brands.js";
import { requireStillBlocked } from "../../src/assay/staged-manifest.js";

const digest = (i: number) => sha256Hex(i.toString(16).padStart(64, "0"));
const block = (own: number, ...blocked: number[]) =>
  ({ database: { sha256: digest(own) }, blocked: blocked.map(digest) }) as never;
const manifest = (...blocked: number[]) => ({ block: block(100, ...blocked) }) as never;
const many = Array.from({ length: 64 }, (_, i) => i + 10);

describe("SPEC §16.2.2 an overseer", () => {
  it.each([
    ["the same list", manifest(1, 2), block(7, 1, 2)],
    ["a longer list", manifest(1), block(7, 1, 2)],
    ["a list without the content that comes back", manifest(1, 2), block(1, 2)],
    ["a full list, which the oldest have left", manifest(1), block(7, ...many)],
  ])("signs %s", (_, before, now) => {
    expect(() => requireStillBlocked(before, now)).not.toThrow();
  });

  it.each([
    ["a shorter list", manifest(1, 2), block(7, 2)],
    ["no list", manifest(1), block(7)],
  ])("refuses %s", (_, before, now) => {
    expect(() => requireStillBlocked(before, now)).toThrowError(
      expect.objectContaining({ code: "ASSAY_MISMATCH" }),
    );
  });
});
