/** What was recalled stays recalled: a publisher that drops it from the list gets no second signature. */
import { describe, expect, it } from "vitest";
import { sha256Hex } from "../../src/core/brands.js";
import { requireStillBlocked } from "../../src/assay/staged-manifest.js";

const digest = (i: number) => sha256Hex(i.toString(16).padStart(64, "0"));
const earlier = (...blocked: number[]) =>
  ({ version: 4, block: { database: { sha256: digest(100) }, blocked: blocked.map(digest) } }) as never;
/** Release 5. */
const now = (own: number, restores: number | undefined, ...blocked: number[]) =>
  ({
    version: 5,
    block: { database: { sha256: digest(own) }, blocked: blocked.map(digest), ...(restores && { restores }) },
  }) as never;
const many = Array.from({ length: 64 }, (_, i) => i + 10);

describe("SPEC §16.2.2 an overseer", () => {
  it.each([
    ["the same list", earlier(1, 2), now(7, undefined, 1, 2)],
    ["a longer list, of a recall", earlier(1), now(7, 3, 1, 2)],
    ["two more, of a recall over two numbers", earlier(1), now(7, 2, 1, 2, 3)],
    ["a list without the content that comes back", earlier(1, 2), now(1, undefined, 2)],
    ["a full list, which the oldest has left", earlier(...many), now(7, 3, ...many.slice(1), 99)],
  ])("signs %s", (_, last, next) => {
    expect(() => requireStillBlocked(last, next)).not.toThrow();
  });

  it.each([
    ["a shorter list", earlier(1, 2), now(7, undefined, 2)],
    ["no list", earlier(1), now(7, undefined)],
    ["a longer list without a recall", earlier(1), now(7, undefined, 1, 2)],
    ["more than the recall goes back over", earlier(1), now(7, 3, 1, 2, 3)],
    ["a list that was filled up to push the rest out", earlier(1), now(7, 3, ...many)],
    ["another order, in which newer ones would give way", earlier(1, 2), now(7, undefined, 2, 1)],
    ["a full list that lost one for nothing", earlier(...many), now(7, undefined, ...many.slice(1))],
  ])("refuses %s", (_, last, next) => {
    expect(() => requireStillBlocked(last, next)).toThrowError(
      expect.objectContaining({ code: "ASSAY_MISMATCH" }),
    );
  });
});
