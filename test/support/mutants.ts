/** Random changes of signed files, by a seed: of bits, bytes, stretches and lengths; of DER values; of JSON that keeps its form. */
import type { webcrypto } from "node:crypto";
import { concatBytes } from "../../src/core/encoding/bytes.js";
import { type DERNode, parseDER } from "../../src/core/encoding/der.js";

/** By default 100,000 in all, dear ones fewer; RULEMINT_MUTANTS is a number for each kind of file. */
const defaults = { evidence: 20_000, manifest: 20_000, pack: 60_000 };
export type Artefact = keyof typeof defaults;
export const mutantCount = (what: Artefact): number => Number(process.env.RULEMINT_MUTANTS ?? defaults[what]);

export type Random = (below: number) => number;

/** Small, good enough to choose bytes, the same on every run. */
export function randomFrom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

type Change = (bytes: Uint8Array, random: Random) => Uint8Array;

const cut = (bytes: Uint8Array, from: number, to: number): Uint8Array => bytes.subarray(from, to);
const withOctet = (bytes: Uint8Array, at: number, octet: number): Uint8Array => bytes.with(at, octet & 0xff);

/** For bytes of any kind. `other` is a good file of the same kind. */
export function byteChanges(other: Uint8Array): Change[] {
  const place = (bytes: Uint8Array, random: Random): [number, number] => {
    const at = random(bytes.length);
    return [at, Math.min(bytes.length, at + 1 + random(8))];
  };
  return [
    (bytes, random) => {
      const at = random(bytes.length);
      return withOctet(bytes, at, (bytes[at] as number) ^ (1 << random(8)));
    },
    (bytes, random) => withOctet(bytes, random(bytes.length), random(256)),
    (bytes, random) => {
      const [at] = place(bytes, random);
      const more = Uint8Array.from({ length: 1 + random(4) }, () => random(256));
      return concatBytes(cut(bytes, 0, at), more, cut(bytes, at, bytes.length));
    },
    (bytes, random) => {
      const [from, to] = place(bytes, random);
      return concatBytes(cut(bytes, 0, from), cut(bytes, to, bytes.length));
    },
    (bytes, random) => {
      const [from, to] = place(bytes, random);
      return concatBytes(cut(bytes, 0, to), cut(bytes, from, bytes.length));
    },
    (bytes, random) => cut(bytes, 0, random(bytes.length)),
    (bytes, random) =>
      concatBytes(
        bytes,
        Uint8Array.from({ length: 1 + random(4) }, () => random(256)),
      ),
    // Two good files, joined at one place.
    (bytes, random) => {
      const at = random(Math.min(bytes.length, other.length));
      return concatBytes(cut(bytes, 0, at), cut(other, at, other.length));
    },
    (bytes, random) => {
      const at = random(Math.min(bytes.length, other.length) - 8);
      const mutant = new Uint8Array(bytes);
      mutant.set(cut(other, at, at + 1 + random(8)), at);
      return mutant;
    },
  ];
}

interface Place {
  readonly start: number;
  readonly end: number;
  readonly header: number;
}

/** Every value of the file, with what is inside octet strings left closed. */
function placesOf(bytes: Uint8Array): Place[] {
  const places: Place[] = [];
  const visit = (node: DERNode, start: number): void => {
    const header = node.bytes.length - node.content.length;
    places.push({ start, end: start + node.bytes.length, header });
    let inner = start + header;
    for (const child of node.children) {
      visit(child, inner);
      inner += child.bytes.length;
    }
  };
  visit(parseDER(bytes), 0);
  return places;
}

/** For DER: lengths, tags, and whole values that change places, come twice, or come from another file. */
export function derChanges(good: Uint8Array, other: Uint8Array): Change[] {
  const [mine, theirs] = [placesOf(good), placesOf(other)];
  const pick = (places: readonly Place[], random: Random): Place => places[random(places.length)] as Place;
  return [
    (bytes, random) => {
      const { start, header } = pick(mine, random);
      const at = start + 1 + random(header - 1);
      return withOctet(bytes, at, (bytes[at] as number) + 1 + random(255));
    },
    (bytes, random) => withOctet(bytes, pick(mine, random).start, random(256)),
    (bytes, random) => {
      const [a, b] = [pick(mine, random), pick(mine, random)].sort((x, y) => x.start - y.start) as [
        Place,
        Place,
      ];
      if (a.end > b.start) return cut(bytes, 0, a.start);
      const between = cut(bytes, a.end, b.start);
      const parts = [cut(bytes, 0, a.start), cut(bytes, b.start, b.end), between, cut(bytes, a.start, a.end)];
      return concatBytes(...parts, cut(bytes, b.end, bytes.length));
    },
    (bytes, random) => {
      const { start, end } = pick(mine, random);
      return concatBytes(cut(bytes, 0, end), cut(bytes, start, bytes.length));
    },
    (bytes, random) => {
      const { start, end } = pick(mine, random);
      const value = pick(theirs, random);
      return concatBytes(
        cut(bytes, 0, start),
        cut(other, value.start, value.end),
        cut(bytes, end, bytes.length),
      );
    },
  ];
}

/** For JSON: a number, a text or a member changes, and everything else is written as it was. */
export const jsonChanges: Change[] = [
  (bytes, random) => changedText(bytes, random, /\d+/g, (digits) => String(Number(digits) + 1 + random(9))),
  (bytes, random) =>
    changedText(bytes, random, /[0-9a-f]{8,}/g, (hex) => hex.slice(1) + "0123456789abcdef"[random(16)]),
  (bytes, random) => changedText(bytes, random, /"[^"\\]+":/g, (key) => key.replace(/"(.)/, '"x$1')),
  (bytes, random) => changedText(bytes, random, /"[^"\\]+"/g, (text) => `${text.slice(0, -1)}${random(10)}"`),
  (bytes, random) => changedText(bytes, random, /[,:]/g, (sign) => `${sign} `),
  (bytes, random) => changedText(bytes, random, /,?"[^"\\]+":("[^"\\]*"|\d+)/g, () => ""),
  (bytes, random) =>
    changedText(bytes, random, /"[^"\\]+":("[^"\\]*"|\d+)/g, (member) => `${member},${member}`),
];

function changedText(
  bytes: Uint8Array,
  random: Random,
  what: RegExp,
  change: (found: string) => string,
): Uint8Array {
  const text = new TextDecoder().decode(bytes);
  const found = [...text.matchAll(what)];
  const match = found[random(found.length)];
  if (match === undefined) return cut(bytes, 0, bytes.length - 1);
  const after = text.slice(match.index + match[0].length);
  return new TextEncoder().encode(text.slice(0, match.index) + change(match[0]) + after);
}

export interface Sweep {
  readonly tried: number;
  readonly accepted: readonly string[];
  readonly codes: ReadonlyMap<string, number>;
  /** CPU milliseconds of the slowest, the best of three tries: others use this machine too. */
  readonly slowestMs: number;
}

/** `verdict` is a code, or "accepted"; anything else that it throws ends the sweep. */
export async function sweep(
  what: Artefact,
  good: Uint8Array,
  changes: readonly Change[],
  verdict: (mutant: Uint8Array, i: number) => Promise<string>,
  seed: number,
): Promise<Sweep> {
  const random = randomFrom(seed);
  const accepted: string[] = [];
  const codes = new Map<string, number>();
  let [tried, slowestMs] = [0, 0];
  const timed = async (mutant: Uint8Array, i: number): Promise<[string, number]> => {
    const start = process.cpuUsage();
    const code = await verdict(mutant, i);
    const { user, system } = process.cpuUsage(start);
    return [code, (user + system) / 1000];
  };
  for (let i = 0; tried < mutantCount(what); i++) {
    const kind = i % changes.length;
    const mutant = (changes[kind] as Change)(good, random);
    if (Buffer.compare(mutant, good) === 0) continue;
    tried++;
    let [code, ms] = await timed(mutant, i);
    for (let again = 0; ms > slowestMs && again < 2; again++) ms = Math.min(ms, (await timed(mutant, i))[1]);
    slowestMs = Math.max(slowestMs, ms);
    codes.set(code, (codes.get(code) ?? 0) + 1);
    if (code === "accepted") accepted.push(`change ${kind}, number ${i}`);
  }
  const found = { tried, accepted, codes, slowestMs };
  console.log(shown(what, found));
  return found;
}

function shown(what: string, { tried, accepted, codes, slowestMs }: Sweep): string {
  const most = [...codes].sort(([, a], [, b]) => b - a);
  const list = most.map(([code, count]) => `${code} ${count}`).join(", ");
  return `${what}: ${tried} mutants, ${accepted.length} accepted, slowest ${slowestMs.toFixed(1)} ms of CPU; ${list}`;
}

/**
 * The platform's answers, remembered: mutants share nearly all of their signatures, and each is checked for real once. What is
 * remembered is keyed by every byte that goes in.
 */
export function rememberSignatures(): () => void {
  const { subtle } = globalThis.crypto;
  const { importKey, verify } = subtle;
  const keys = new Map<string, Promise<webcrypto.CryptoKey>>();
  const names = new WeakMap<webcrypto.CryptoKey, string>();
  const verdicts = new Map<string, Promise<boolean>>();
  const latin = (bytes: unknown): string => Buffer.from(bytes as Uint8Array).toString("latin1");
  subtle.importKey = (async (...input: Parameters<typeof importKey>) => {
    const [format, data, ...rest] = input as unknown as [string, unknown, ...unknown[]];
    const name = JSON.stringify([format, format === "jwk" ? data : latin(data), rest]);
    const key = keys.get(name) ?? (importKey.apply(subtle, input) as Promise<webcrypto.CryptoKey>);
    if (!keys.has(name)) keys.set(name, key);
    const imported = await key;
    names.set(imported, name);
    return imported;
  }) as typeof importKey;
  subtle.verify = (async (...input: Parameters<typeof verify>) => {
    const [algorithm, key, signature, message] = input;
    const name = [JSON.stringify(algorithm), names.get(key), latin(signature), latin(message)].join("|");
    const known = verdicts.get(name) ?? verify.apply(subtle, input);
    if (verdicts.size < 100) verdicts.set(name, known);
    return known;
  }) as typeof verify;
  return () => Object.assign(subtle, { importKey, verify });
}
