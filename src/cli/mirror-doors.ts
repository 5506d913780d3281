/** What the commands of mirrors need from the rest of the program. */
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

export interface MirrorDoors {
  syncMirror(options: MirrorSyncOptions, progress: Progress): Promise<Report>;
}
