/** kill -9 between an entry and its answer: an entry without an answer may be, an answer without an entry never. */
import { appendFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checked, event, openTestAccess } from "../support/access-world.js";
import { killDuringWork } from "../support/kill.js";
import { temporaryFolder } from "../support/temporary.js";

const kills = Number(process.env.RULEMINT_ACCESS_KILLS ?? 6);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

describe("an access log that is killed", () => {
  it(`SPEC §13.2.1 has the entry of every answer that was given, ${kills} times`, {
    timeout: 0,
  }, async () => {
    const answered = new Map<number, string>();
    for (let kill = 0; kill < kills; kill++) {
      for (const line of await killDuringWork("access-writer", [folder.path], 8 + ((kill * 37) % 150))) {
        const [index, target = ""] = line.split(" ");
        expect(answered.has(Number(index))).toBe(false);
        answered.set(Number(index), target);
      }
    }
    const log = await openTestAccess(folder.path);
    try {
      await log.record(event(0));
      const own = await log.log();
      const { size } = own.store;
      const found = new Map<number, string | undefined>();
      for (let from = 0; from < size; from += 2000) {
        const part = await checkedRange(log, from, Math.min(from + 2000, size));
        for (const [index, target] of part) found.set(index, target);
      }
      for (const [index, target] of answered) expect(found.get(index), `index ${index}`).toBe(target);
      expect(found.size).toBe(size);
      if (kills > 50) appendFileSync(2, `${kills} kills, ${answered.size} answers, ${size} entries\n`);
    } finally {
      await log.close();
    }
  });
});

async function checkedRange(
  log: Awaited<ReturnType<typeof openTestAccess>>,
  from: number,
  to: number,
): Promise<Map<number, string | undefined>> {
  const { entries, alarms } = await checked(log, undefined, { from, to });
  expect(alarms).toEqual([]);
  return new Map(entries.map(({ index, entry }) => [index, entry?.target]));
}
