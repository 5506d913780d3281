/** `client status` for a person: one sentence, then where the endpoint stands, what was proven, and what its owner chose. */
import type { EndpointStatus, InstalledRelease } from "../client/model.js";
import type { ProofSummary } from "../client/remember-proof.js";
import { describeLeftOut, describeRings } from "./describe-endpoint.js";
import { reportLine } from "./describe-reports.js";
import { rulesLine } from "./describe-rules.js";
import { type Fact, formatAge, formatBytes, formatCount, formatGroups, formatTime } from "./figures.js";

export function describeStatus(status: EndpointStatus): string {
  const groups = [standing(status), proof(status), choices(status)];
  return `${headline(status)}\n\n${formatGroups([troubles(status), ...groups])}`;
}

function headline(status: EndpointStatus): string {
  const { installed, fetched, feed, releaseAgeSeconds, staleSeconds } = status;
  if (status.isForgotten)
    return `A database of ${feed} is here, but state.json, which says of which release, is damaged or lost. The next update mends that.`;
  if (fetched) return `Rules of release ${fetched.release} of ${feed} are here, without its database.`;
  if (installed === null) return `No release of ${feed} is here yet.`;
  if (status.damage !== null)
    return `The database of release ${installed.release} of ${feed} is ${status.damage}; the next update mends that. The engines' files stay.`;
  const made = releaseAgeSeconds === null ? "" : `, made ${formatAge(releaseAgeSeconds)} ago`;
  const seen = staleSeconds === null ? "" : `, checked ${formatAge(staleSeconds)} ago`;
  return `Release ${installed.release} of ${feed} is in use${made}${seen}.`;
}

/** What somebody should look at first. */
function troubles(status: EndpointStatus): readonly Fact[] {
  const { lastFailure, logFork, bad, held, watch, clockBehind } = status;
  return [
    [
      "CLOCK",
      clockBehind &&
        `this machine says ${formatTime(clockBehind.now)}, ${formatAge(clockBehind.seconds)} before what was signed ${formatTime(clockBehind.newest)}: set it right; until then ages are unknown and updates may be refused`,
    ],
    [
      "FORKED LOG",
      logFork &&
        `${logFork.origin} showed two histories, ${formatTime(logFork.at)}; proof: ${logFork.files.join(", ")}`,
    ],
    ["failed", lastFailure && `${formatTime(lastFailure.at)}, ${lastFailure.code}: ${lastFailure.message}`],
    ["failed here", bad && `release ${bad.release}, ${bad.code}: not taken again (update --again)`],
    ["held", held && `release ${held}: rolled back by hand, not applied again`],
    [
      "daemon fails",
      watch?.lastError && watch.failures > 0
        ? `${watch.failures === 1 ? "once" : `${watch.failures} times in a row`}, ${watch.lastError.code}: ${watch.lastError.message}`
        : null,
    ],
  ];
}

function standing(status: EndpointStatus): readonly Fact[] {
  const { installed, fetched, previous, waiting, lastSuccess, newestTrusted, network } = status;
  const mirrors = network.mirrors.length === 0 ? "" : `, then ${network.mirrors.join(", ")}`;
  return [
    ["release", release(installed)],
    ["fetched", fetched && `${fetched.kinds.join(", ")}, ${formatTime(fetched.at)}, into ${fetched.folder}`],
    ["came", arrival(status)],
    ["before it", release(previous)],
    [
      "newest",
      newestTrusted === null || newestTrusted === (installed ?? fetched)?.release
        ? null
        : `release ${newestTrusted}`,
    ],
    ["waits", waiting && `${waiting.why}; since ${formatTime(waiting.since)}`],
    ["engines", fetched ? null : engines(status)],
    ["rules", rules(status)],
    ["versions", versions(status)],
    ["left out", describeLeftOut(status.leftOut).join("; ")],
    ["source", `${status.url}${mirrors}${network.proxy === undefined ? "" : `, through ${network.proxy}`}`],
    ["checked", lastSuccess === null ? "never" : formatTime(lastSuccess.at)],
    ["next", nextPoll(status.watch)],
    ["left today", status.bytesLeftToday === null ? null : formatBytes(status.bytesLeftToday)],
  ];
}

function release(one: InstalledRelease | null): string | null {
  return one && `${one.release}, ${formatBytes(one.databaseBytes)}, sha256 ${one.databaseSha256}`;
}

/** `2 packs (40 to 41, 41 to 42), 12.4 kB, from http://…, 2026-11-22 09:14 UTC` */
function arrival({ arrival: came, installed }: EndpointStatus): string | null {
  if (came === null || came.release !== installed?.release) return null;
  const packs = came.packs.map(({ kind, from, to }) => (kind === "full" ? "full" : `${from} to ${to}`));
  const shown = packs.length > 6 ? [...packs.slice(0, 5), `and ${packs.length - 5} more`] : packs;
  const size = came.packs.reduce((sum, { bytes }) => sum + bytes, 0);
  const from = came.from.length === 0 ? "from disk" : `from ${came.from.join(" and ")}`;
  return `${formatCount(packs.length, "pack")} (${shown.join(", ")}), ${formatBytes(size)}, ${from}, ${formatTime(came.at)}`;
}

function engines({ exported, isForgotten, loadedRules, boots }: EndpointStatus): string {
  const starts = Object.entries(boots).map(([engine, { starts, isReady, triesMax }]) =>
    isReady
      ? `${engine} is up`
      : `${engine} was started ${formatCount(starts, "time")} without coming up, of ${triesMax}`,
  );
  const loaded = loadedRules === null ? [] : [`${formatCount(loadedRules, "rule")} loaded`];
  const files = isForgotten
    ? "which release their files are of is forgotten too"
    : exported
      ? "files of this release"
      : "no files of this release yet";
  return [files, ...loaded, ...starts].join("; ");
}

/** In the files, by kind. */
function rules({ exportedRules }: EndpointStatus): string {
  const counts = Object.entries(exportedRules ?? {});
  return counts.map(([kind, count]) => `${count.toLocaleString("en-US")} ${kind}`).join(", ");
}

function versions({ engines: known }: EndpointStatus): string {
  return known.map(({ name, version }) => `${name} ${version ?? "does not say"}`).join(", ");
}

/** Its own words: a killed one had no time to say that it ended, so the time of the next poll is there to be compared. */
function nextPoll(watch: EndpointStatus["watch"]): string | null {
  if (watch === null) return null;
  if (watch.stoppedAt !== null) return `the daemon ended ${formatTime(watch.stoppedAt)}`;
  if (watch.nextPollAt === null) return "the daemon is at work";
  return `${formatTime(watch.nextPollAt)}, every ${watch.intervalSeconds} s`;
}

/** Who vouches for it, in five lines. */
function proof({
  proof: summary,
  rootVersion,
  policySource,
  policySha256,
  installed,
}: EndpointStatus): readonly Fact[] {
  const root: Fact = ["root", `version ${rootVersion}; policy ${policySource}, sha256 ${policySha256}`];
  if (summary === null) return [root];
  const about = summary.release === installed?.release ? "" : `release ${summary.release}, `;
  return [
    ["signed", `${about}by ${shortName(summary.signer)}`],
    ["stamped", `${formatTime(summary.stampedAt)} by ${shortName(summary.stampedBy)}`],
    ["co-signed", cosigners(summary)],
    ["logged", logged(summary)],
    root,
  ];
}

/** `Definitions, of Example AG, CH`: what people know of a certificate's subject; all of it is in `--json`. */
function shortName(subject: string): string {
  const parts = new Map(
    subject.split(/(?<!\\), /).map((part): [string, string] => {
      const [name = "", ...value] = part.split("=");
      return [name, value.join("=").replace(/\\(.)/g, "$1")];
    }),
  );
  const [name, organization, country] = ["CN", "O", "C"].map((one) => parts.get(one));
  if (name === undefined) return subject;
  return [name, organization && `of ${organization}`, country].filter(Boolean).join(", ");
}

function cosigners({ signedBy }: ProofSummary): string {
  const keys = signedBy.map(({ keyid, party }) => `${party ?? "key"} ${keyid.slice(0, 12)}`);
  return keys.join(", ");
}

function logged({ log }: ProofSummary): string {
  if (log === null) return "no: the policy asks for no log";
  const witnesses = log.witnesses.length === 0 ? "nobody" : log.witnesses.join(", ");
  return `entry ${log.index} of ${log.size} in ${log.origin}, witnessed by ${witnesses}`;
}

function choices(status: EndpointStatus): readonly Fact[] {
  return [
    ["takes", describeRings(status.rings)],
    ["local rules", rulesLine(status.localRules) ?? "none: the engines get what was published"],
    ["reports", reportLine(status.reports)],
  ];
}
