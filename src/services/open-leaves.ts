/**
 * Leaves of the access log with their openings and proofs, many at once: openings are read in runs of neighbours, bundles and tiles
 * once each, and the proofs share what they have in common.
 */
import { base64Bytes } from "../core/encoding/bytes.js";
import type { OpenedLeaf } from "../core/log/access-file.js";
import { parseBundle } from "../core/log/entries.js";
import { tileReader } from "../core/log/read-log.js";
import { tileAt, tileWidth } from "../core/log/tiles.js";
import { type AccessLog, type StoredOpening, openingID } from "./access-log.js";
import { type OwnLog, proveEntries } from "./append-to-log.js";

/** Neighbours that are no farther apart are read together, with what lies between them. */
const gapMax = 8;
const runMax = 1000;

type Openings = ReadonlyMap<number, StoredOpening>;

/** The leaves `indices` of a log of `size`, in its order, and the entries that erased any of them. */
export async function openLeaves(
  log: OwnLog,
  { openings }: Pick<AccessLog, "openings">,
  indices: readonly number[],
  size: number,
): Promise<OpenedLeaf[]> {
  const wanted = new Set(indices);
  const stored = await readOpenings(openings, wanted);
  // SPEC §13.4.2: who erased it comes along.
  const erasers = new Set<number>();
  for (const body of stored.values()) {
    if ("erasedBy" in body && body.erasedBy < size && !wanted.has(body.erasedBy)) erasers.add(body.erasedBy);
  }
  const all = new Map([...stored, ...(await readOpenings(openings, erasers))]);
  const order = inOrder([...wanted, ...erasers]);
  const [proofs, leaves] = [await proveEntries(log, order, size), await readLeaves(log, order, size)];
  return order.map((index, i) => ({
    ...{ index, leaf: leaves[i] as Uint8Array, proof: proofs[i] ?? [] },
    opening: openingOf(all.get(index)),
  }));
}

function openingOf(body: StoredOpening | undefined): OpenedLeaf["opening"] {
  return body !== undefined && "entry" in body ? { salt: base64Bytes(body.salt), entry: body.entry } : null;
}

async function readOpenings(openings: AccessLog["openings"], wanted: ReadonlySet<number>): Promise<Openings> {
  const found = new Map<number, StoredOpening>();
  for (const { first, last } of runsOf(inOrder([...wanted]))) {
    const after = first === 0 ? {} : { after: openingID(first - 1) };
    for (const { id, body } of await openings.list<StoredOpening>("openings", {
      ...after,
      limit: last - first + 1,
    })) {
      // Where one is missing, the list goes on behind the run.
      if (wanted.has(Number(id))) found.set(Number(id), body);
    }
  }
  return found;
}

function runsOf(sorted: readonly number[]): { readonly first: number; readonly last: number }[] {
  const runs: { first: number; last: number }[] = [];
  for (const index of sorted) {
    const run = runs.at(-1);
    if (run !== undefined && index - run.last <= gapMax && index - run.first < runMax) run.last = index;
    else runs.push({ first: index, last: index });
  }
  return runs;
}

async function readLeaves({ store }: OwnLog, sorted: readonly number[], size: number): Promise<Uint8Array[]> {
  const read = tileReader(store.read);
  const leaves: Uint8Array[] = [];
  let [number, bundle] = [-1, [] as readonly Uint8Array[]];
  for (const index of sorted) {
    if (Math.floor(index / tileWidth) !== number) {
      number = Math.floor(index / tileWidth);
      const place = tileAt("entries", number, size);
      if (place === undefined) throw new RangeError("expected a leaf inside the log");
      bundle = parseBundle(await read(place), place.width);
    }
    leaves.push(bundle[index % tileWidth] as Uint8Array);
  }
  return leaves;
}

function inOrder(indices: readonly number[]): number[] {
  return [...indices].sort((a, b) => a - b);
}
