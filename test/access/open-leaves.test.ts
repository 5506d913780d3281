/** Many leaves at once are what each of them is alone, for a fraction of the reads. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { leafHash, verifyInclusion } from "../../src/core/log/merkle.js";
import type { AccessLog } from "../../src/services/access-log.js";
import { openLeaves } from "../../src/services/open-leaves.js";
import { event, insider, openTestAccess } from "../support/access-world.js";
import { temporaryFolder } from "../support/temporary.js";

const count = 600;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let log: AccessLog;
/** What was asked of the openings. */
let reads: string[];
/** Of what was asked of the log: names of files. */
let files: string[];

beforeEach(async () => {
  folder = await temporaryFolder();
  files = [];
  log = await openTestAccess(folder.path, {
    wrapStore: (store) =>
      new Proxy(store, {
        get: (of, name) => {
          const found = Reflect.get(of, name);
          if (name === "read") {
            return (file: string) => {
              files.push(file);
              return of.read(file);
            };
          }
          return typeof found === "function" ? found.bind(of) : found;
        },
      }),
  });
  await Promise.all(Array.from({ length: count }, (_, n) => log.record(event(n))));
  reads = [];
});
afterEach(async () => {
  await log.close();
  await folder.remove();
});

async function openMany(indices: readonly number[]) {
  const own = await log.log();
  const head = await own.store.settle();
  const openings = new Proxy(log.openings, {
    get: (of, name) =>
      ((...args: never[]) => {
        reads.push(String(name));
        return (Reflect.get(of, name) as (...args: never[]) => unknown).apply(of, args);
      }) as never,
  });
  const leaves = await openLeaves(own, { openings }, indices, head.size);
  for (const { index, leaf, proof } of leaves) {
    verifyInclusion({ index, ...head, leaf: leafHash(leaf), proof });
  }
  return leaves;
}

it("a range is opened with one look at the openings and one at each file of the log", async () => {
  const all = Array.from({ length: count }, (_, i) => i);
  const leaves = await openMany(all);
  expect(leaves.map(({ index }) => index)).toEqual(all);
  expect(leaves.every(({ opening }) => opening !== null)).toBe(true);
  expect(reads).toEqual(["list"]);
  expect(files.sort()).toEqual([...new Set(files)]);
});

it("what was chosen here and there is what it is alone, in the order of the log", async () => {
  const some = [599, 3, 4, 300, 9, 18, 256, 255];
  const leaves = await openMany(some);
  expect(leaves.map(({ index }) => index)).toEqual([3, 4, 9, 18, 255, 256, 300, 599]);
  for (const leaf of leaves) expect(await openMany([leaf.index])).toEqual([leaf]);
});

it("SPEC §13.4.2 who erased one comes along, and one whose opening is gone stands without it", async () => {
  const erasedBy = await log.erase(5, { who: "ann", from: "local", why: "asked" });
  insider(folder.path).remove(7);
  const leaves = await openMany([4, 5, 6, 7, 8]);
  expect(leaves.map(({ index, opening }) => [index, opening !== null])).toEqual([
    ...[4, 5, 6, 7, 8].map((index) => [index, index !== 5 && index !== 7]),
    [erasedBy, true],
  ]);
});
