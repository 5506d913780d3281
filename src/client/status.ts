/** What an endpoint says about itself, from its own disk. */
import type { Sha256Hex } from "../core/brands.js";
import { hexText } from "../core/encoding/bytes.js";
import { encodeCanonicalJSON } from "../core/encoding/canonical-json.js";
import { sha256 } from "../core/encoding/sha256.js";
import type { DigestFactory } from "../core/encoding/stream.js";
import { limits } from "../core/limits.js";
import { ruleKinds } from "../core/rules/model.js";
import { formatTime } from "../core/trust/metadata.js";
import type { EndpointStore } from "../ports/endpoint-store.js";
import { readBoots } from "./boot-counter.js";
import { Budget } from "./budget.js";
import { reportStatus } from "./choose-reports.js";
import { damageOf, databaseDigest } from "./holdings.js";
import { exportChoices } from "./export-choices.js";
import { readLocalStatus } from "./local-rules/status.js";
import type { ClockBehind, EndpointState, EndpointStatus, FetchedRules } from "./model.js";
import { withoutPassword } from "./network.js";
import { policyInForce } from "./prove-release.js";
import { startFromStoredRoot } from "./refresh.js";
import { readConfig, readState } from "./state.js";
import { readWatchStatus } from "./watch-status.js";

interface StatusInput {
  readonly store: Pick<EndpointStore, "files" | "boots" | "databases" | "exports">;
  readonly digest: DigestFactory;
  readonly now: Date;
}

/** @throws UsageError USAGE before `init`; OperationError STATE_CORRUPT */
export async function readStatus({
  store: { files, boots, databases, exports },
  digest,
  now,
}: StatusInput): Promise<EndpointStatus> {
  const config = await readConfig(files);
  const { url, feed, network, rings } = config;
  const state = await readState(files);
  const { root } = await startFromStoredRoot(files, now);
  const { policy, source } = await policyInForce(files, root);
  const secondsSince = (time: string | null | undefined) => ageSeconds(time, now);
  const { installed, previous, held, lastSuccess, lastFailure } = state;
  const found = await databaseDigest(databases, "database", digest);
  return {
    url,
    network: withoutPassword(network),
    bytesLeftToday:
      network.bytesPerDayMax === undefined
        ? null
        : Math.max(0, network.bytesPerDayMax - new Budget(undefined, state.spent, now).spent.bytes),
    feed,
    policySha256: hexText(await sha256(encodeCanonicalJSON(policy))) as Sha256Hex,
    policySource: source,
    rootVersion: root.version,
    installed,
    isForgotten: installed === null && found !== undefined,
    damage: isInUse(found, state) ? null : damageOf(found),
    previous,
    held,
    bad: state.bad ?? null,
    fetched: installed === null ? fetchedRules(state) : null,
    exportedRules: state.exportedRules ?? null,
    loadedRules: state.loadedRules ?? null,
    proof: state.proof ?? null,
    arrival: state.arrival?.release === installed?.release ? (state.arrival ?? null) : null,
    boots: await readBoots(boots),
    rings,
    waiting: state.waiting ?? null,
    newestTrusted: state.trusted?.release ?? null,
    exports: exportChoices(config),
    engines: state.engines ?? [],
    leftOut: state.leftOut ?? {},
    exported:
      installed !== null &&
      state.exportedSha256 === installed.databaseSha256 &&
      (await exports.isThere(exports.folder)),
    lastSuccess,
    lastFailure,
    logFork: state.logFork ?? null,
    localRules: await readLocalStatus(files, state),
    reports: await reportStatus(files, config),
    watch: await readWatchStatus(files),
    clockBehind: clockBehind(state, now),
    releaseAgeSeconds: secondsSince(installed?.createdAt),
    staleSeconds: secondsSince(lastSuccess?.at),
  };
}

/** Null where nobody knows: nothing was seen yet, or the clock was set back behind it. */
function ageSeconds(time: string | null | undefined, now: Date): number | null {
  if (time == null) return null;
  const seconds = Math.floor((now.getTime() - Date.parse(time)) / 1000);
  return seconds < -limits.timestampFutureSecondsMax ? null : Math.max(0, seconds);
}

/** The newest time that somebody signed and that was proven here is the least that a right clock says, but for what clocks differ. */
function clockBehind({ proof, installed }: EndpointState, now: Date): ClockBehind | null {
  const seen = [proof?.stampedAt, installed?.createdAt].filter((one) => one != null);
  const newest = seen.sort().at(-1);
  if (newest === undefined) return null;
  const seconds = Math.floor((Date.parse(newest) - now.getTime()) / 1000);
  return seconds > limits.timestampFutureSecondsMax ? { now: formatTime(now), newest, seconds } : null;
}

/** A crash may have left a swap half done: then either is right. */
function isInUse(found: Sha256Hex | undefined, { installed, swap }: EndpointState): boolean {
  if (installed === null) return true;
  return found !== undefined && [installed, swap?.installed].some((one) => one?.databaseSha256 === found);
}

function fetchedRules({ fetched }: EndpointState): FetchedRules | null {
  if (fetched === undefined) return null;
  const { folder, release, at, sections } = fetched;
  return { folder, release, kinds: ruleKinds.filter((kind) => kind in sections), at };
}
