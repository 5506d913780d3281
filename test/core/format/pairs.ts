/** Pairs of databases for the identity of apply and diff: chosen to be hard, from one seed. */
import { limits } from "../../../src/core/limits.js";
import { type RuleKind, ruleKinds } from "../../../src/core/rules/model.js";
import type { Random } from "../../support/mutants.js";
import { type Contents, rules } from "./samples.js";

type List = string[];
type Maker = (most: number, random: Random) => List;
type Editor = (list: List, random: Random) => List;

const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));
const byte = (random: Random): string => String.fromCharCode(random(256));
const noise = (length: number, random: Random): string => times(length, () => byte(random)).join("");
const pick = <T>(all: readonly T[], random: Random): T => all[random(all.length)] as T;

/**
 * Lengths at which something changes its form: varints of one and two bytes, keys of an index, words that are worth an edit, a block, a piece of
 * text for the models.
 */
const edges = [0, 1, 2, 15, 16, 39, 40, 63, 64, 65, 127, 128, 129, 255, 256, 257] as const;
const largeEdges = [4094, 4095, 4096, 4097, 16_383, 16_384, 32_767, 32_768, 65_535, 65_536, 65_537] as const;
/** Its id is one digit: the longest id is a limit of its own. */
const ofLength = (length: number, random: Random): string =>
  `${random(10)} ${pick(["x", "ab ", "\xff\x00", noise(5, random)], random).repeat(length)}`.slice(0, length);

/** What records are made of, at most about so many: each stresses another part of the codec. */
const makers: readonly Maker[] = [
  () => [],
  // few different ones, so that they repeat, and the empty record
  (most, random) => times(random(most), () => times(random(4), () => "ab \xff"[random(4)]).join("")),
  (most, random) => rules(random(most), random(1000)),
  // hashes: plain parts
  (most, random) => times(random(most), () => noise(20, random)),
  // common prefixes, longer each time
  (most, random) => times(random(most), (i) => `${"p".repeat(random(60))}${i}`),
  // every one the prefix of another
  (most, random) => times(random(2 * most), (i) => "x".repeat(i)),
  // bytes that look like numbers, words and ends of words
  (most, random) =>
    times(random(most), () => times(random(30), () => "a0 \t_\x00\x7f\x80\xff.-9Z"[random(13)]).join("")),
  // long runs: matches of every length
  (most, random) => times(random(most), () => `${"abc".repeat(random(30))}${byte(random)}`),
  // one record, very often: a sequence of equal ones, with others between them
  (most, random) => {
    const same = `same ${random(3)}`;
    return times(random(3 * most), () => (random(12) === 0 ? `${same}${random(4)}` : same));
  },
  (most, random) => times(1 + random(Math.min(most, 4)), () => ofLength(pick(edges, random), random)),
  // the first and the last of all records
  () => ["", "\x00", "\x00\x00", "\xff", "\xff\xff", "\xff".repeat(64), "\xff".repeat(65)],
];

/** Dear ones, for a pair in four hundred: many blocks, many parts, records across the limits of blocks. */
const largeMakers: readonly Maker[] = [
  (_, random) => [ofLength(pick(largeEdges, random), random), ...rules(3)],
  (_, random) => rules(300 + random(1500), random(1000)),
  (_, random) => times(2000 + random(3000), () => noise(1 + random(20), random)),
  (_, random) => times(5000, () => pick(["", "a", "same 1"], random)),
  // more are removed at once than edits may use
  (_, random) => times(limits.removedSourcesMax + random(40), (i) => `${i} ${"word ".repeat(9)}${i % 7}`),
];

/** What becomes of a list. */
const editors: readonly Editor[] = [
  (list) => list,
  (list) => [...list].reverse(),
  (list, random) => list.filter(() => random(3) > 0),
  (list, random) => list.map((text) => (random(4) === 0 ? changed(text, random) : text)),
  // everything is replaced
  (list, random) => list.map((text) => changed(text, random)),
  // the same change in many records: shapes
  (list) => list.map((text) => text.replace("rev:1", "rev:2").replace("a", "")),
  (list, random) => list.flatMap((text) => (random(5) === 0 ? [text, changed(text, random)] : [text])),
  // equal ones side by side, and far from each other
  (list, random) => list.flatMap((text) => (random(4) === 0 ? Array(1 + random(4)).fill(text) : [text])),
  (list) => [...list, ...list],
  moved,
  (list, random) => [...list].sort(() => random(3) - 1),
  // first, last, and everything but those
  (list) => list.slice(1),
  (list) => list.slice(0, -1),
  (list) => [...list.slice(0, 1), ...list.slice(-1)],
  (list, random) => [...list, ...pick(makers, random)(8, random)],
  (list, random) => [...pick(makers, random)(8, random), ...list],
  (_, random) => pick(makers, random)(8, random),
  () => [],
];

function changed(text: string, random: Random): string {
  const at = random(text.length + 1);
  return text.slice(0, at) + noise(random(6), random) + text.slice(at + random(9));
}

/** A stretch goes to another place. */
function moved(list: List, random: Random): List {
  const rest = [...list];
  const stretch = rest.splice(random(list.length + 1), random(list.length + 1));
  rest.splice(random(rest.length + 1), 0, ...stretch);
  return rest;
}

/** Sorted kinds and the sequence, any of them missing or empty on one side or both; now and then what was one kind's is another's. */
export function pairOf(random: Random): [Contents, Contents] {
  const pair: [Contents, Contents] = [{}, {}];
  const large = random(400) === 0;
  // mostly few records: many more pairs for the same time, and nothing that needs more
  const most = pick([3, 3, 6, 30], random);
  for (const kind of kindsOf(random)) {
    const old = times(1 + random(2), () => pick(makers, random)(most, random)).flat();
    if (large) old.push(...pick(largeMakers, random)(most, random));
    let next = old;
    for (let left = random(3); left >= 0; left--) next = pick(editors, random)(next, random);
    if (random(12) > 0) pair[0][kind] = old;
    if (random(12) > 0) pair[1][random(12) > 0 ? kind : pick(ruleKinds, random)] = next;
  }
  return random(2) === 0 ? pair : [pair[1], pair[0]];
}

/** Mostly one; the sequence as often as all others. */
function kindsOf(random: Random): readonly RuleKind[] {
  const one = random(2) === 0 ? "yara" : pick(ruleKinds, random);
  if (random(4) > 0) return [one];
  return random(4) > 0 ? [...new Set([one, pick(ruleKinds, random)])] : ruleKinds;
}

/** Pairs of which one is enough: records as long as they may be. */
export function pairsAtTheLimit(): readonly (readonly [string, Contents, Contents])[] {
  const longest = `id ${"x".repeat(limits.recordBytesMax - 3)}`;
  const other = `id ${"x".repeat(limits.recordBytesMax - 4)}y`;
  return [
    ["goes", { yara: [longest, "a"] }, { yara: ["a"] }],
    ["stays and moves", { yara: [longest, "a", "b"] }, { yara: ["b", "a", longest] }],
    [
      "comes beside another, of which it has all but the last byte",
      { ioc: [longest] },
      { ioc: [longest, other] },
    ],
    ["is replaced by what it begins with", { ioc: [longest] }, { ioc: [longest.slice(0, -1)] }],
  ];
}
