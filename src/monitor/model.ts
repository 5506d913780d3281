/** What a monitor works with and what it says. It trusts the pinned key of one log, and holds the log to that. */
import type { ErrorCode } from "../core/errors.js";
import type { DigestFactory } from "../core/encoding/stream.js";
import type { TreeHead } from "../core/log/checkpoint.js";
import type { LogPolicy } from "../core/log/log-policy.js";
import type { ReleaseLogEntry, UnknownEntry } from "../core/log/release-entries.js";
import type { VerifierKey } from "../core/log/verifier-key.js";
import type { Clock } from "../ports/clock.js";
import type { EndpointFiles } from "../ports/endpoint-store.js";
import type { Fetcher } from "../ports/fetcher.js";

export interface MonitorContext {
  /** Its memory and its evidence. */
  readonly files: EndpointFiles;
  readonly fetcher: Fetcher;
  readonly clock: Clock;
  readonly digest: DigestFactory;
  readonly key: VerifierKey;
  /** What stands before `/checkpoint`. */
  readonly url: string;
  readonly policy?: LogPolicy;
  /** The public tree that the log is about. */
  readonly tree?: string;
  /** `KIND`, or `KIND:ID` as `expectedID` writes it: entries that nobody has to shout about. */
  readonly expected: ReadonlySet<string>;
  /** Twice the log's own interval, and a minute, when absent. */
  readonly staleSeconds?: number;
}

export interface Alarm {
  readonly code: ErrorCode;
  readonly message: string;
  /** `YYYY-MM-DDTHH:MM:SSZ` */
  readonly at: string;
  /** Names of files in the monitor's folder. */
  readonly evidence: readonly string[];
}

export interface SeenEntry {
  readonly index: number;
  readonly entry: ReleaseLogEntry | UnknownEntry;
}

/** One look at the log. */
export interface Look {
  /** The largest tree that is known to be sound; undefined before the first. */
  readonly head: TreeHead | undefined;
  readonly entries: readonly SeenEntry[];
  /** That were found, or still hold. */
  readonly alarms: readonly Alarm[];
  /** Those of them that were not there at the last look. */
  readonly fresh: readonly Alarm[];
  /** What could not be asked, and why. */
  readonly unreached: readonly string[];
}
