/**
 * Apply after diff is identity: on random databases, on what an editor makes of one, and on pairs that are chosen to be hard. RULEMINT_FUZZ
 * is how many pairs, RULEMINT_SEED which ones.
 */
import { expect, it } from "vitest";
import type { RuleKind } from "../../../src/core/rules/model.js";
import { type Random, randomFrom } from "../../support/mutants.js";
import { apply, type Contents, database, delta, rules } from "./samples.js";

const cases = Number(process.env.RULEMINT_FUZZ ?? 100);
const seed = Number(process.env.RULEMINT_SEED ?? 1);

type List = string[];
type Maker = (random: Random) => List;
type Editor = (list: List, random: Random) => List;

const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));
const byte = (random: Random): string => String.fromCharCode(random(256));
const noise = (length: number, random: Random): string => times(length, () => byte(random)).join("");

/** What records are made of: each stresses another part of the codec. */
const makers: readonly Maker[] = [
  // few different ones, so that they repeat, and the empty record
  (random) => times(random(30), () => times(random(4), () => "ab \xff"[random(4)]).join("")),
  (random) => rules(random(60), random(1000)),
  // hashes: plain parts
  (random) => times(random(40), () => noise(20, random)),
  // common prefixes, longer each time
  (random) => times(random(20), (i) => "p".repeat(random(400)) + String(i)),
  // every one the prefix of another
  (random) => times(random(60), (i) => "x".repeat(i)),
  // bytes that look like numbers, words and ends of words
  (random) =>
    times(random(20), () => times(random(60), () => "a0 \t_\x00\x7f\x80\xff.-9Z"[random(13)]).join("")),
  // long runs: matches of every length
  (random) => times(1 + random(6), () => `${"abc".repeat(random(300))}${byte(random)}`),
];

/** What becomes of a list. */
const editors: readonly Editor[] = [
  (list) => list,
  (list) => [...list].reverse(),
  (list, random) => list.filter(() => random(3) > 0),
  (list, random) => list.map((text) => (random(4) === 0 ? changed(text, random) : text)),
  // the same change in many records: shapes
  (list) => list.map((text) => text.replace("rev:1", "rev:2").replace("a", "")),
  (list, random) => list.flatMap((text) => (random(5) === 0 ? [text, changed(text, random)] : [text])),
  (list, random) => [...list.slice(random(list.length + 1)), ...list.slice(0, random(list.length + 1))],
  (list, random) => [...list, ...pick(makers, random)(random)],
  (_, random) => pick(makers, random)(random),
  () => [],
];

function changed(text: string, random: Random): string {
  const at = random(text.length + 1);
  return text.slice(0, at) + noise(random(6), random) + text.slice(at + random(9));
}

function pick<T>(all: readonly T[], random: Random): T {
  return all[random(all.length)] as T;
}

/** A pair of one or two kinds, sorted and sequence. */
function pairOf(random: Random): [Contents, Contents] {
  const pair: [Contents, Contents] = [{}, {}];
  const kinds: RuleKind[] = pick([["ioc"], ["yara"], ["ioc", "yara"]], random);
  for (const kind of kinds) {
    const old = times(1 + random(3), () => pick(makers, random)(random)).flat();
    let next = old;
    for (let left = random(3); left >= 0; left--) next = pick(editors, random)(next, random);
    pair[0][kind] = old;
    pair[1][kind] = next;
  }
  return random(2) === 0 ? pair : [pair[1], pair[0]];
}

it(`leads from any database to any other, ${cases} pairs`, { timeout: 3_600_000 }, async () => {
  const random = randomFrom(seed);
  for (let i = 0; i < cases; i++) {
    const [from, to] = pairOf(random);
    const [old, next] = [await database(from), await database(to)];
    const result = await apply(old, await delta(old, next));
    if (Buffer.compare(result, next) !== 0) {
      expect.fail(
        `pair ${i} of seed ${seed} came out differently: ${JSON.stringify([from, to]).slice(0, 4000)}`,
      );
    }
  }
});
