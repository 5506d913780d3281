/**
 * How often an engine was started on the files of one database, and whether it ever said that it is up. One file, sealed by a checksum:
 * a flipped bit must not leave a release. SPEC §16.7.
 */
import type { Sha256Hex } from "../core/brands.js";
import { UsageError, quote } from "../core/errors.js";
import type { EndpointBoots } from "../ports/endpoint-store.js";
import { sameFiles } from "./local-rules/in-force.js";
import { openSealed, seal } from "./sealed-json.js";

export interface BootCount {
  /** That the files the engine reads were made from. */
  readonly databaseSha256: Sha256Hex;
  /** The owner's rules in them; absent or null where nothing local is. */
  readonly local?: Sha256Hex | null;
  readonly starts: number;
  /** Came up once: what happens later is not the release's fault. */
  readonly isReady: boolean;
  /** Starts that may fail. */
  readonly triesMax: number;
  readonly lastStartAt: string;
}

export type BootCounts = Readonly<Record<string, BootCount>>;

const enginesMax = 32;
const startsMax = 1_000_000;

export async function readBoots(boots: EndpointBoots): Promise<BootCounts> {
  return parse(await boots.read());
}

/** Durable when it returns; after the first time that the engine came up it only reads. @throws UsageError USAGE */
export async function countStart(
  boots: EndpointBoots,
  engine: string,
  start: Pick<BootCount, "databaseSha256" | "local" | "triesMax" | "lastStartAt">,
): Promise<BootCount> {
  requireName(engine);
  let count: BootCount = { ...start, starts: 1, isReady: false };
  await boots.change(async (bytes) => {
    const counts = await parse(bytes);
    const before = counts[engine];
    if (before !== undefined && sameFiles(before, start)) {
      // SPEC §16.7.3
      if (before.isReady) {
        count = before;
        return undefined;
      }
      count = { ...count, starts: Math.min(before.starts + 1, startsMax) };
    } else if (before === undefined && Object.keys(counts).length >= enginesMax) {
      throw new UsageError("USAGE", `expected at most ${enginesMax} engines, got another: ${quote(engine)}`);
    }
    return seal({ ...counts, [engine]: count });
  });
  return count;
}

/** Of the start that was counted last, whatever was exported since. False when none was. */
export async function noteReady(boots: EndpointBoots, engine: string): Promise<boolean> {
  requireName(engine);
  let isKnown = false;
  await boots.change(async (bytes) => {
    const counts = await parse(bytes);
    const before = counts[engine];
    isKnown = before !== undefined;
    if (before === undefined || before.isReady) return undefined;
    return seal({ ...counts, [engine]: { ...before, isReady: true } });
  });
  return isKnown;
}

export function forgetBoots(boots: EndpointBoots): Promise<void> {
  return boots.change(async (bytes) => (bytes === undefined ? undefined : seal({})));
}

/** SPEC §16.7.2: the engine that does not come up on these files. */
export function loopOn(
  counts: BootCounts,
  files: { readonly databaseSha256: Sha256Hex | null; readonly local?: Sha256Hex | null },
): { readonly engine: string; readonly count: BootCount } | undefined {
  for (const [engine, count] of Object.entries(counts)) {
    if (sameFiles(count, files) && !count.isReady && count.starts > count.triesMax) return { engine, count };
  }
  return undefined;
}

/** What is damaged counts for nothing: a lost count costs a few starts, an invented one a release. */
async function parse(bytes: Uint8Array | undefined): Promise<BootCounts> {
  return ((bytes && (await openSealed(bytes))) ?? {}) as unknown as BootCounts;
}

/** @throws UsageError USAGE */
function requireName(engine: string): void {
  if (/^[a-z][a-z0-9-]{0,31}$/.test(engine)) return;
  throw new UsageError("USAGE", `expected an engine's name such as suricata, got ${quote(engine)}`);
}
