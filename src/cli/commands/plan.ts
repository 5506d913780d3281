/** `rulemint plan`: what a fleet of endpoints costs, from a real manifest or a simulated history. */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { UsageError } from "../../core/errors.js";
import { parseManifest } from "../../core/trust/manifest.js";
import { parseEnvelope } from "../../core/trust/metadata.js";
import {
  type AgeShare,
  type DeliveryPlan,
  planDelivery,
  simulatePacks,
} from "../../services/plan-delivery.js";
import { answers, done } from "../command.js";
import type { CLIDoors } from "../doors.js";
import { formatBytes, formatFacts, formatTable } from "../figures.js";

interface PlanOptions {
  readonly manifest?: string;
  readonly fullBytes: number;
  readonly deltaBytes: number;
  readonly growth: number;
  readonly releasesPerDay: number;
  readonly endpoints: number;
  readonly ages: readonly AgeShare[];
  readonly pollMinutes: number;
  readonly edges: number;
  readonly metadataBytes: number;
  readonly metadataRequests: number;
  readonly headerBytes: number;
}

export function plan(program: Command, doors: CLIDoors): void {
  const command = program
    .command("plan")
    .description("say what a fleet of endpoints costs: bytes, requests, load of CDN and origin")
    .option("--manifest <file>", "a real manifest, metadata/<N>.<feed>.json; else a history is simulated")
    .option("--full-bytes <n>", "simulated: bytes of the full pack", amount, 12_000_000)
    .option("--delta-bytes <n>", "simulated: bytes of a delta over one release", amount, 2_000)
    .option("--growth <x>", "simulated: a delta over n releases has n^x the bytes", amount, 0.85)
    .option("--releases-per-day <n>", "releases a day", amount, 24)
    .option("--endpoints <n>", "endpoints", amount, 1_000_000)
    .option(
      "--ages <list>",
      "releases behind at an update, and their shares",
      ages,
      ages("1:0.85,8:0.1,72:0.04,720:0.01"),
    )
    .option("--poll-minutes <n>", "minutes between two polls", amount, 60)
    .option("--edges <n>", "places of the CDN", amount, 100)
    .option(
      "--metadata-bytes <n>",
      "timestamp, snapshot, manifest and evidence; with --manifest its size counts",
      amount,
      40_000,
    )
    .option("--metadata-requests <n>", "requests of an update beside its packs", amount, 4)
    .option("--header-bytes <n>", "headers of one request and its answer", amount, 400);
  answers<PlanOptions>(command, doors, async (_call, options) => {
    const { packs, newest, metadataBytes } = history(options);
    const fleet = {
      endpoints: options.endpoints,
      releasesPerDay: options.releasesPerDay,
      pollsPerDay: (24 * 60) / options.pollMinutes,
      ages: options.ages,
      edges: options.edges,
      spreadSeconds: 60 * options.pollMinutes,
    };
    const { metadataRequests, headerBytes } = options;
    const found = planDelivery(packs, newest, fleet, { metadataBytes, metadataRequests, headerBytes });
    return done({ newest, fleet, ...found }, describe(found, options.endpoints));
  });
}

function history(options: PlanOptions) {
  if (options.manifest === undefined) {
    const behindMax = Math.max(...options.ages.map(({ behind }) => behind));
    return { ...simulatePacks({ ...options, behindMax }), metadataBytes: options.metadataBytes };
  }
  const file = readManifest(options.manifest);
  const { packs, version } = parseManifest(parseEnvelope(file, "targets").signed);
  return { packs, newest: version, metadataBytes: file.length + evidenceBytes };
}

function readManifest(path: string): Uint8Array {
  try {
    return new Uint8Array(readFileSync(path));
  } catch (cause) {
    throw new UsageError("USAGE", `expected a manifest, got nothing at ${JSON.stringify(path)}`, { cause });
  }
}

/** Timestamp, snapshot and the manifest's CMS, as a release of ours has them. */
const evidenceBytes = 6_000;

function describe({ ages: costs, perEndpointDay, cdn, origin }: DeliveryPlan, endpoints: number): string {
  const rate = (bits: number) => `${(bits / 1e9).toFixed(3)} Gbit/s`;
  const whole = (value: number) => Math.round(value).toLocaleString("en-US");
  const rows = costs.map((one) => [
    one.behind.toLocaleString("en-US"),
    `${(100 * one.share).toFixed(1)} %`,
    String(one.packs),
    formatBytes(one.packBytes),
    formatBytes(Math.round(one.updateBytes)),
  ]);
  const facts = formatFacts([
    ["endpoints", whole(endpoints)],
    [
      "an endpoint's day",
      `${formatBytes(Math.round(perEndpointDay.bytes))}, ${perEndpointDay.requests.toFixed(1)} requests`,
    ],
    ["the CDN's day", `${formatBytes(Math.round(cdn.bytesPerDay))}, ${whole(cdn.requestsPerDay)} requests`],
    ["on average", `${rate(cdn.bitsPerSecond)}, ${whole(cdn.requestsPerSecond)} requests/s`],
    [
      "while a release spreads",
      `${rate(cdn.peakBitsPerSecond)}, ${whole(cdn.peakRequestsPerSecond)} requests/s`,
    ],
    [
      "the origin's day",
      `${formatBytes(Math.round(origin.bytesPerDay))}, ${whole(origin.requestsPerDay)} requests`,
    ],
  ]);
  return `${formatTable(["behind", "share", "packs", "bytes of packs", "bytes of an update"], rows)}\n\n${facts}`;
}

function amount(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new UsageError("USAGE", `expected a number above 0, got ${JSON.stringify(text)}`);
}

function ages(text: string): AgeShare[] {
  return text.split(",").map((pair) => {
    const found = /^([1-9][0-9]{0,5}):([0-9.]+)$/.exec(pair.trim());
    if (found === null) throw new UsageError("USAGE", `expected RELEASES:SHARE, got ${JSON.stringify(pair)}`);
    return { behind: Number(found[1]), share: Number(found[2]) };
  });
}
