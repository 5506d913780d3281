/**
 * Every parser before changed bytes: bits, octets, stretches, repetitions, joins of two good files. None crashes, none takes a second, and
 * every finding has a place in the text. RULEMINT_FUZZ is how many cases of a kind; 100,000 were run.
 */
import { describe, expect, it } from "vitest";
import { RulemintError } from "../../../src/core/errors.js";
import type { ParsedFile } from "../../../src/core/rules/model.js";
import { byteChanges, type Random, randomFrom } from "../../support/mutants.js";
import { type FuzzedKind, fuzzedKinds } from "./kinds.js";

const cases = Number(process.env.RULEMINT_FUZZ ?? 400);
const hangMs = 1000;
/** Longer inputs are the work of tests of limits. */
const mutantBytesMax = 64 * 1024;

/** The same stretch again and again: what nests, or repeats. */
function repeated(bytes: Uint8Array, random: Random): Uint8Array {
  const from = random(bytes.length);
  const piece = bytes.subarray(from, from + 1 + random(12));
  const times = 1 + random(Math.min(3000, Math.floor(mutantBytesMax / piece.length)));
  const middle = new Uint8Array(piece.length * times);
  for (let i = 0; i < times; i++) middle.set(piece, i * piece.length);
  return Uint8Array.from([...bytes.subarray(0, from), ...middle, ...bytes.subarray(from)]);
}

/** One change of a good file, or several. */
function mutantOf(seeds: readonly Uint8Array[], random: Random): Uint8Array {
  const pick = () => seeds[random(seeds.length)] as Uint8Array;
  const changes = [...byteChanges(pick()), ...(random(50) === 0 ? [repeated] : [])];
  let mutant = pick();
  for (let left = 1 + random(4); left > 0; left--) {
    // Changes of stretches want some bytes to work on.
    if (mutant.length < 16) break;
    mutant = (changes[random(changes.length)] as (typeof changes)[number])(mutant, random);
  }
  return mutant;
}

function checkPlaces(bytes: Uint8Array, { findings, records, lines: starts }: ParsedFile): void {
  const lines = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes).split("\n");
  const inText = (line: number) => line >= 1 && line <= lines.length;
  if (records.length !== starts.length || !starts.every(inText)) throw new Error("a record without a place");
  for (const { line, column, code, message } of findings) {
    if (inText(line) && column >= 1 && column <= (lines[line - 1] as string).length + 1) continue;
    throw new Error(`expected a place in the text, got ${line}:${column} for ${code} ${message}`);
  }
}

async function readOnce({ read, rules }: FuzzedKind, bytes: Uint8Array): Promise<"taken" | "refused"> {
  try {
    const answer = await read(bytes);
    if (rules !== undefined) checkPlaces(bytes, answer as ParsedFile);
    return "taken";
  } catch (error) {
    if (rules === undefined && error instanceof RulemintError) return "refused";
    throw new Error(`on ${Buffer.from(bytes).toString("base64").slice(0, 4000)}`, { cause: error });
  }
}

/** CPU, the best of three: others use this machine too. */
async function cpuMs(kind: FuzzedKind, bytes: Uint8Array): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 3; tries++) {
    const start = process.cpuUsage();
    await readOnce(kind, bytes);
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}

describe("good bytes", () => {
  it.each(fuzzedKinds)(
    "$name: some are taken, so that what is changed reaches beyond the first check",
    async (kind) => {
      const answers = [];
      for (const seed of kind.seeds) answers.push(await readOnce(kind, seed));
      expect(answers).toContain("taken");
    },
  );
});

describe("changed bytes", () => {
  it.each(fuzzedKinds)("$name: no crash, no hang, always places", { timeout: 3_600_000 }, async (kind) => {
    expect(kind.seeds.length).toBeGreaterThan(0);
    const random = randomFrom(cases + kind.name.length);
    const answers = { taken: 0, refused: 0 };
    let slowest = 0;
    for (let i = 0; i < cases; i++) {
      const mutant = mutantOf(kind.seeds, random);
      const start = performance.now();
      answers[await readOnce(kind, mutant)]++;
      if (performance.now() - start > Math.max(50, slowest))
        slowest = Math.max(slowest, await cpuMs(kind, mutant));
    }
    const { taken, refused } = answers;
    console.log(
      `fuzz ${kind.name}: ${cases} cases, ${taken} taken, ${refused} refused, slowest ${slowest.toFixed(0)} ms`,
    );
    expect(slowest).toBeLessThan(hangMs);
  });
});
