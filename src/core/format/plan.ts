/**
 * Which delta packs a release makes, which older ones its manifest keeps, and which ones an endpoint takes.
 *
 * Deltas of span 1 to 8 are made at every release, of span 8, 16 … 64 at every eighth, and so on: a client that
 * is n releases behind needs about log8(n) packs, and a release makes eight packs for each power of eight in its number.
 */
import type { DatabaseDamage, PackFacts, PackPath, PackWay } from "./model.js";

const base = 8;
const spansPerLevel = 8;
/** Clients this far behind are served from any release, from every 8th, from every 64th. */
const reach = [
  { step: 1, within: 64 },
  { step: base, within: 512 },
  { step: base * base, within: 4096 },
] as const;

/** The releases from which release `release` makes deltas, newest first. */
export function plannedDeltas(release: number): number[] {
  const from = new Set<number>();
  for (let span = 1; release % span === 0 && span < release; span *= base) {
    for (let times = 1; times <= spansPerLevel; times++) from.add(release - span * times);
  }
  return [...from].filter((start) => start > 0).sort((a, b) => b - a);
}

/**
 * The packs of `packs` that lie on a best path to `newest` for any client within reach, or for one that has nothing. Those made at `newest`
 * itself are treated like the older ones, and one that nobody would take is left out; but the full pack of `newest`, with which every
 * endpoint can repair itself, stays.
 */
export function retainedPacks<P extends PackFacts>(newest: number, packs: readonly P[]): P[] {
  const cheapest = pathsTo(newest, packs);
  const kept = new Set<PackFacts>(cheapest.get(nothing)?.packs);
  for (const { step, within } of reach) {
    for (let behind = 1; behind <= within; behind++) {
      const release = newest - behind;
      if (release < 1 || release % step !== 0) continue;
      for (const pack of cheaperOf(cheapest.get(release), cheapest.get(nothing))?.packs ?? []) kept.add(pack);
    }
  }
  return packs.filter((pack) => kept.has(pack) || (pack.kind === "full" && pack.to === newest));
}

/**
 * The path of fewest bytes from what is there (`have`, undefined for nothing) to release `want`; of equal ones that of fewest packs.
 * Undefined when no packs lead there.
 */
export function choosePath(
  packs: readonly PackFacts[],
  have: number | undefined,
  want: number,
  /** Where nothing is there that should be. */
  damage?: DatabaseDamage,
): PackPath | undefined {
  if (have === want) return { packs: [], bytes: 0, reason: `release ${want} is already there`, ways: [] };
  const cheapest = pathsTo(want, packs);
  const full = cheapest.get(nothing);
  const deltas = have === undefined ? undefined : cheapest.get(have);
  const chosen = cheaperOf(deltas, full);
  if (!chosen) return undefined;
  const ways = waysOf(deltas, full, have === undefined ? undefined : stepByStep(packs, have, want));
  return {
    packs: chosen.packs,
    bytes: chosen.bytes,
    reason: explain(chosen, have ?? damage, deltas, full),
    ways,
  };
}

function waysOf(deltas?: Route, full?: Route, steps?: Route): PackWay[] {
  const named = [
    ["deltas", deltas],
    ["release by release", steps],
    ["full", full],
  ] as const;
  return named
    .flatMap(([way, route]) => (route ? [{ way, packs: route.packs.length, bytes: route.bytes }] : []))
    .sort((a, b) => a.bytes - b.bytes || a.packs - b.packs);
}

/** The chain that skips nothing; undefined where one of its packs is not there any more. */
function stepByStep(packs: readonly PackFacts[], have: number, want: number): Route | undefined {
  const steps = new Map(
    packs.filter(({ from, to }) => from + 1 === to && from > 0).map((pack) => [pack.from as number, pack]),
  );
  const chain: PackFacts[] = [];
  for (let release = have; release < want; release++) {
    const step = steps.get(release);
    if (step === undefined) return undefined;
    chain.push(step);
  }
  return { packs: chain, bytes: chain.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** Where a client without a database starts. */
const nothing = 0;

interface Route {
  readonly packs: readonly PackFacts[];
  readonly bytes: number;
}

/** Shortest routes to `want` from everywhere (Dijkstra, backwards); `nothing` is where full packs start. */
function pathsTo(want: number, packs: readonly PackFacts[]): Map<number, Route> {
  const into = new Map<number, PackFacts[]>();
  for (const pack of packs) {
    const list = into.get(pack.to);
    if (list) list.push(pack);
    else into.set(pack.to, [pack]);
  }
  const done = new Map<number, Route>();
  const open = new Map<number, Route>([[want, { packs: [], bytes: 0 }]]);
  for (;;) {
    let nearest: number | undefined;
    for (const [release, route] of open) {
      if (nearest === undefined || isCheaper(route, open.get(nearest) as Route)) nearest = release;
    }
    if (nearest === undefined) return done;
    const route = open.get(nearest) as Route;
    open.delete(nearest);
    done.set(nearest, route);
    for (const pack of into.get(nearest) ?? []) {
      const from = pack.kind === "full" ? nothing : pack.from;
      if (done.has(from)) continue;
      const longer = { packs: [pack, ...route.packs], bytes: pack.bytes + route.bytes };
      const known = open.get(from);
      if (!known || isCheaper(longer, known)) open.set(from, longer);
    }
  }
}

function isCheaper(a: Route, b: Route): boolean {
  return a.bytes < b.bytes || (a.bytes === b.bytes && a.packs.length < b.packs.length);
}

function cheaperOf(a: Route | undefined, b: Route | undefined): Route | undefined {
  return a && (!b || !isCheaper(b, a)) ? a : b;
}

function explain(
  chosen: Route,
  have: number | DatabaseDamage | undefined,
  deltas?: Route,
  full?: Route,
): string {
  const what = describe(chosen);
  if (chosen === full) {
    if (have === undefined) return `${what}, because there is no database yet`;
    if (typeof have === "string") return `${what}, because the database here is ${have}`;
    if (!deltas) return `${what}, because no delta packs lead here from release ${have}`;
    return `${what}, because ${describe(deltas)} would be more`;
  }
  const instead = full ? `instead of ${describe(full)}` : "and there is no full pack";
  return `${what} from release ${have}, ${instead}`;
}

function describe({ packs, bytes }: Route): string {
  const counted = (["full", "delta"] as const).flatMap((kind) => {
    const { length } = packs.filter((pack) => pack.kind === kind);
    return length === 0 ? [] : `${length} ${kind} pack${length === 1 ? "" : "s"}`;
  });
  return `${counted.join(" and ")} of ${grouped(bytes)} bytes`;
}

function grouped(bytes: number): string {
  return String(bytes).replace(/\B(?=(\d{3})+$)/g, ",");
}
