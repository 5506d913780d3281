/**
 * Apply after diff is identity: on random databases, on what an editor makes of one, and on pairs that are chosen to be hard. RULEMINT_FUZZ
 * is how many pairs, RULEMINT_SEED which ones.
 */
import { expect, it } from "vitest";
import { randomFrom } from "../../support/mutants.js";
import { pairOf, pairsAtTheLimit } from "./pairs.js";
import { apply, type Contents, database, delta } from "./samples.js";

const cases = Number(process.env.RULEMINT_FUZZ ?? 400);
const seed = Number(process.env.RULEMINT_SEED ?? 1);

async function comesOutTheSame(from: Contents, to: Contents): Promise<boolean> {
  const [old, next] = [await database(from), await database(to)];
  return Buffer.compare(await apply(old, await delta(old, next)), next) === 0;
}

it(`leads from any database to any other, ${cases} pairs`, { timeout: 36_000_000 }, async () => {
  const random = randomFrom(seed);
  for (let i = 0; i < cases; i++) {
    const [from, to] = pairOf(random);
    if (await comesOutTheSame(from, to)) continue;
    expect.fail(
      `pair ${i} of seed ${seed} came out differently: ${JSON.stringify([from, to]).slice(0, 4000)}`,
    );
  }
});

it.each(pairsAtTheLimit())("a record as long as it may be %s", async (_, from, to) => {
  expect(await comesOutTheSame(from, to)).toBe(true);
});
