/** The words of a ring, and that the draw is fair. */
import { describe, expect, it } from "vitest";
import { feedName, releaseNumber } from "../../../src/core/brands.js";
import { formatRings, parseRings, ringPosition } from "../../../src/core/trust/rings.js";

const feed = feedName("endpoint");
const table = (entry: object) => ({ schema: 1, rings: { endpoint: entry } }) as never;
const entry = { candidate: 3, stable: 2, permille: 10 };

describe("rings in a timestamp", () => {
  it("SPEC §16.1.1 are read as they are written, and none are none", () => {
    expect(formatRings(parseRings(table(entry)))).toEqual(table(entry));
    expect(parseRings(undefined).size).toBe(0);
    expect(formatRings(new Map())).toBeUndefined();
  });

  it.each([
    ["SPEC §16.1.2 another schema", { schema: 2, rings: {} }],
    ["SPEC §16.1.2 no object", "everybody"],
    ["SPEC §16.1.3 a stable release that is the candidate", table({ ...entry, stable: 3 })],
    ["SPEC §16.1.3 more than everybody", table({ ...entry, permille: 1001 })],
    ["SPEC §16.1.3 less than nobody", table({ ...entry, permille: -1 })],
    ["SPEC §16.1.3 a share that is no number", table({ ...entry, permille: "10" })],
    ["a feed that is none", { schema: 1, rings: { root: entry } }],
    [
      "too many feeds",
      { schema: 1, rings: Object.fromEntries([...Array(65)].map((_, i) => [`f${i}`, entry])) },
    ],
  ])("are refused: %s", (_, value) => {
    expect(() => parseRings(value as never)).toThrowError(
      expect.objectContaining({ code: "METADATA_MALFORMED" }),
    );
  });
});

describe("SPEC §16.1.4 the draw", () => {
  const id = (i: number) => i.toString(16).padStart(32, "0");

  it("is the same for the same endpoint and release, and known to the digit", async () => {
    expect(await ringPosition(id(7), feed, releaseNumber(12))).toBe(
      await ringPosition(id(7), feed, releaseNumber(12)),
    );
    // sha256("rulemint-ring-v1\n00…07\nendpoint\n12") begins with these four bytes, by sha256sum.
    expect(await ringPosition(id(7), feed, releaseNumber(12))).toBe(918);
  });

  it("spreads endpoints evenly: no tenth is off by more than 5 sigma, and the shares nest", async () => {
    const endpoints = 20_000;
    const tenths = new Array<number>(10).fill(0);
    for (let i = 0; i < endpoints; i++) {
      const tenth = Math.floor((await ringPosition(id(i), feed, releaseNumber(1))) / 100);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    const sigma = Math.sqrt(endpoints * 0.1 * 0.9);
    for (const count of tenths) expect(Math.abs(count - endpoints / 10)).toBeLessThan(5 * sigma);
  });

  it("draws anew for every release: who is first now is not first the next time", async () => {
    const first: number[] = [];
    for (let i = 0; i < 5_000; i++)
      if ((await ringPosition(id(i), feed, releaseNumber(1))) < 100) first.push(i);
    let again = 0;
    for (const i of first) if ((await ringPosition(id(i), feed, releaseNumber(2))) < 100) again++;
    // One in ten by chance.
    expect(again / first.length).toBeGreaterThan(0.05);
    expect(again / first.length).toBeLessThan(0.16);
  });
});
