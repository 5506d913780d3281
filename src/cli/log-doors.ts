/** What the commands of witnesses and monitors need from the rest of the program. */
import type { Progress, Report } from "./doors.js";
import type { KeyPlace } from "./key-options.js";

export interface WitnessInitOptions {
  readonly data: string;
  /** Of its key: a URL without a scheme, as a rule. */
  readonly name: string;
  /** Verifier keys of the logs that it follows. */
  readonly logs: readonly string[];
  /** Where its key is; a file in the folder when absent. */
  readonly key?: KeyPlace;
}

export interface MonitorOptions {
  readonly data: string;
  /** The log's address: what stands before `/checkpoint`. */
  readonly url: string;
  readonly vkey: string;
  /** Path of a log policy: whose cosignatures it takes, and where witnesses can be asked. */
  readonly policy?: string;
  /** The public tree that the log is about. */
  readonly tree?: string;
  /** Shell command that is run for every new alarm, which it gets as JSON on stdin. */
  readonly onAlarm?: string;
  /** Kinds, or `KIND:ID`, of entries that somebody announced. */
  readonly expected: readonly string[];
  /** How old the newest checkpoint's cosignatures, and its heartbeat, may be. */
  readonly staleSeconds?: number;
  readonly once: boolean;
  readonly seconds: number;
}

export interface LogDoors {
  witnessInit(options: WitnessInitOptions): Promise<Report>;
  witnessShow(data: string): Promise<Report>;
  /** Adds or removes a log, which takes effect at once in a witness that is being served. */
  witnessLogs(data: string, change: { readonly add?: string; readonly remove?: string }): Promise<Report>;
  /** Returns when it has stopped. `progress` gets one line when it listens, with its address. */
  witnessServe(data: string, listen: string | undefined, progress: Progress): Promise<void>;
  monitor(options: MonitorOptions, progress: Progress): Promise<Report>;
}
