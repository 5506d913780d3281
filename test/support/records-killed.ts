/** `kill -9` of a process that writes pairs of records: what it acknowledged is there, and whole. */
import { expect } from "vitest";
import type { Records } from "../../src/ports/records.js";
import { killDuringWork } from "./kill.js";

/** `place` is what the child opens the records by. */
export async function expectKillsLoseNothing(
  place: string,
  open: () => Promise<Records>,
  rounds: number,
): Promise<void> {
  let acknowledged = 0;
  for (let round = 0; round < rounds; round++) {
    const lines = await killDuringWork("records-writer", [place, String(acknowledged)], 40 + round * 17);
    acknowledged = Math.max(acknowledged, ...lines.map(Number));
    const records = await open();
    const left = (await records.list("pair", { prefix: "left-" })).map(({ id }) => id.slice(5));
    const right = (await records.list("pair", { prefix: "right-" })).map(({ id }) => id.slice(6));
    await records.close();
    expect(left.length).toBeGreaterThanOrEqual(acknowledged);
    expect(right).toEqual(left);
    acknowledged = left.length;
  }
  expect(acknowledged).toBeGreaterThan(100);
}
