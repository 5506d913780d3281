/**
 * What it costs to keep a fleet of endpoints current: bytes and requests for each of them, and the load of a CDN and of the origin behind
 * it. Pure arithmetic over the packs that a manifest lists; `scripts/bench --fleet` holds it against real clients.
 *
 * An endpoint that is on all day updates at every release; one that is seldom on finds several releases at once. So the ages are the
 * distribution of how many releases an endpoint is behind when it updates, and one of age n updates at every n-th release.
 */
import { type ReleaseNumber, releaseNumber } from "../core/brands.js";
import { UsageError } from "../core/errors.js";
import type { PackFacts } from "../core/format/model.js";
import { choosePath, plannedDeltas } from "../core/format/plan.js";

/** A share of the endpoints, and how many releases they are behind when they update. */
export interface AgeShare {
  readonly behind: number;
  readonly share: number;
}

export interface Fleet {
  readonly endpoints: number;
  readonly releasesPerDay: number;
  readonly pollsPerDay: number;
  readonly ages: readonly AgeShare[];
  /** Places of the CDN that fetch from the origin for themselves. */
  readonly edges: number;
  /** Seconds over which the endpoints of one release spread: as a rule the time between two polls. */
  readonly spreadSeconds: number;
}

/** What goes over the wire beside packs: bodies, and the headers of each answer. */
export interface WireCosts {
  /** Timestamp, snapshot, manifest and evidence of one release. */
  readonly metadataBytes: number;
  readonly metadataRequests: number;
  readonly headerBytes: number;
}

export interface AgeCost extends AgeShare {
  readonly packs: number;
  readonly packBytes: number;
  /** Of one update: packs, metadata and headers. */
  readonly updateBytes: number;
  readonly updateRequests: number;
  readonly updatesPerDay: number;
}

export interface DeliveryPlan {
  readonly ages: readonly AgeCost[];
  readonly perEndpointDay: { readonly bytes: number; readonly requests: number };
  readonly cdn: {
    readonly bytesPerDay: number;
    readonly requestsPerDay: number;
    readonly bitsPerSecond: number;
    readonly requestsPerSecond: number;
    /** While a release spreads. */
    readonly peakBitsPerSecond: number;
    readonly peakRequestsPerSecond: number;
  };
  readonly origin: { readonly bytesPerDay: number; readonly requestsPerDay: number };
}

/** @throws UsageError USAGE when shares do not add up, or nothing leads to the newest release */
export function planDelivery(
  packs: readonly PackFacts[],
  newest: number,
  fleet: Fleet,
  wire: WireCosts,
): DeliveryPlan {
  const sum = fleet.ages.reduce((all, { share }) => all + share, 0);
  if (Math.abs(sum - 1) > 1e-6) throw new UsageError("USAGE", `expected shares that add up to 1, got ${sum}`);
  const ages = fleet.ages.map((age) => costOf(packs, newest, fleet, wire, age));
  const mean = (of: (cost: AgeCost) => number) => ages.reduce((all, cost) => all + cost.share * of(cost), 0);
  const polls = fleet.pollsPerDay - mean(({ updatesPerDay }) => updatesPerDay);
  const bytes = Math.max(0, polls) * wire.headerBytes + mean((one) => one.updatesPerDay * one.updateBytes);
  const requests = Math.max(0, polls) + mean((one) => one.updatesPerDay * one.updateRequests);
  const day = 86_400;
  // At a release those update whose turn it is; the others poll as ever.
  const releaseBytes = mean((one) => one.updateBytes / one.behind);
  const releaseRequests = mean((one) => one.updateRequests / one.behind);
  const pollRate = fleet.pollsPerDay / day;
  return {
    ages,
    perEndpointDay: { bytes, requests },
    cdn: {
      bytesPerDay: bytes * fleet.endpoints,
      requestsPerDay: requests * fleet.endpoints,
      bitsPerSecond: (8 * bytes * fleet.endpoints) / day,
      requestsPerSecond: (requests * fleet.endpoints) / day,
      peakBitsPerSecond:
        8 * fleet.endpoints * (releaseBytes / fleet.spreadSeconds + pollRate * wire.headerBytes),
      peakRequestsPerSecond: fleet.endpoints * (releaseRequests / fleet.spreadSeconds + pollRate),
    },
    origin: originLoad(packs, newest, fleet, wire),
  };
}

function costOf(
  packs: readonly PackFacts[],
  newest: number,
  fleet: Fleet,
  wire: WireCosts,
  age: AgeShare,
): AgeCost {
  const have = newest - age.behind;
  const path = choosePath(packs, have > 0 ? have : undefined, newest);
  if (path === undefined)
    throw new UsageError("USAGE", `expected packs that lead to release ${newest}, got none`);
  const requests = wire.metadataRequests + path.packs.length;
  return {
    ...age,
    packs: path.packs.length,
    packBytes: path.bytes,
    updateBytes: path.bytes + wire.metadataBytes + requests * wire.headerBytes,
    updateRequests: requests,
    updatesPerDay: fleet.releasesPerDay / age.behind,
  };
}

/** Every file of a release once for each edge, as if each had a small pack of its own; the head, which alone changes, once a minute. */
function originLoad(packs: readonly PackFacts[], newest: number, fleet: Fleet, wire: WireCosts) {
  const made = packs.filter(({ kind, to }) => to === newest || kind === "full");
  const files = made.length + wire.metadataRequests;
  const bytes = made.reduce((all, pack) => all + pack.bytes, 0) + wire.metadataBytes;
  const headPolls = 24 * 60 * fleet.edges;
  return {
    bytesPerDay: fleet.edges * fleet.releasesPerDay * bytes + headPolls * wire.headerBytes,
    requestsPerDay: fleet.edges * fleet.releasesPerDay * files + headPolls,
  };
}

export interface SimulatedHistory {
  readonly fullBytes: number;
  /** Of a delta over one release. */
  readonly deltaBytes: number;
  /** A delta over n releases has n to the power of this times the bytes: below 1, because rules change more than once. */
  readonly growth: number;
  /** Farthest age that is asked about. */
  readonly behindMax: number;
}

/** The packs that a publisher who has released for long enough lists. */
export function simulatePacks(history: SimulatedHistory): { packs: PackFacts[]; newest: ReleaseNumber } {
  // A number that eight to the fourth divides: here the longest spans begin.
  const newest = releaseNumber(Math.ceil((history.behindMax + 1) / 4096) * 4096);
  const pack = (from: number, to: number, bytes: number): PackFacts => {
    const sha256 = "0".repeat(64) as PackFacts["sha256"];
    const kind = from === 0 ? "full" : "delta";
    const facts = { kind, from, to: releaseNumber(to), bytes: Math.round(bytes), sha256 } as const;
    return { ...facts, path: `${from}-${to}`, databaseSha256: sha256, databaseBytes: 0, codec: "" };
  };
  const packs = [pack(0, newest, history.fullBytes)];
  for (let to = newest as number; to > Math.max(1, newest - history.behindMax - 1); to--) {
    for (const from of plannedDeltas(to)) {
      const bytes = Math.min(history.fullBytes, history.deltaBytes * (to - from) ** history.growth);
      packs.push(pack(from, to, bytes));
    }
  }
  return { packs, newest };
}
