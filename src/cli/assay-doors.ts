/** What the commands of overseers and other rebuilders need from the rest of the program. */
import type { CompilerPath } from "../core/trust/attest/verdict.js";
import type { Progress, Report } from "./doors.js";
import type { KeyPlace } from "./key-options.js";

export interface AssayOptions {
  readonly server: string;
  readonly token: string;
  readonly feed: string;
  /** The newest release that waits for an assay when absent. */
  readonly release?: number;
  /** The overseer's folder: its key, its copies, its verdicts. */
  readonly data: string;
  readonly compilers: readonly CompilerPath[];
  /** The overseer co-signs; another rebuilder's verdict is for the world alone. As the folder says when absent. */
  readonly party?: "overseer" | "rebuilder";
  /** Folders and git repositories that files come from instead of the publisher. */
  readonly sources: readonly string[];
}

export interface InitAssayOptions {
  readonly data: string;
  /** Path of the root.json to pin. */
  readonly root: string;
  readonly party: "overseer" | "rebuilder";
  readonly key: KeyPlace;
}

export interface WatchAssayOptions extends Omit<AssayOptions, "feed" | "release"> {
  readonly feeds: readonly string[];
  /** Also the source map of every release that was passed here. */
  readonly map: boolean;
  /** One round, then an answer. */
  readonly once: boolean;
  /** The longest between two looks. */
  readonly seconds: number;
}

export interface AssayDoors {
  runAssay(options: AssayOptions, progress: Progress): Promise<Report>;
  /** `release` is given. */
  vouchForSourceMap(options: AssayOptions, progress: Progress): Promise<Report>;
  watchAssay(options: WatchAssayOptions, progress: Progress): Promise<Report>;
  initAssay(options: InitAssayOptions): Promise<Report>;
  assayStatus(data: string): Promise<Report>;
}
