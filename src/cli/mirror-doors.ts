/** What the commands of mirrors and air gaps need from the rest of the program. */
import type { Progress, Report } from "./doors.js";

export interface MirrorSyncOptions {
  readonly url: string;
  /** Path of the pinned root.json. */
  readonly root: string;
  readonly to: string;
  /** Path of a signature policy that overrides the root's. */
  readonly policy?: string;
  /** Between two looks; once when absent. */
  readonly seconds?: number;
}

export interface ExportUpdateOptions {
  readonly url: string;
  /** Path of the pinned root.json. */
  readonly root: string;
  readonly feed: string;
  readonly policy?: string;
  /** Releases that endpoints on the other side have; none for the full pack. */
  readonly from: readonly number[];
  readonly out: string;
}

export interface ImportUpdateOptions {
  readonly state: string;
  readonly file: string;
}

export interface MirrorDoors {
  exportUpdate(options: ExportUpdateOptions, progress: Progress): Promise<Report>;
  importUpdate(options: ImportUpdateOptions, progress: Progress): Promise<Report>;
  syncMirror(options: MirrorSyncOptions, progress: Progress): Promise<Report>;
}
