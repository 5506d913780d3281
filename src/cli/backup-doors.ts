/** What the commands for whoever runs the service need from the rest of the program. */
import type { Progress, Report } from "./doors.js";

export interface BackupOptions {
  readonly data: string;
  /** The archive to be made. */
  readonly out: string;
  readonly now?: Date;
}

export interface RestoreOptions {
  /** The archive. */
  readonly from: string;
  /** An empty folder, or one that is not there. */
  readonly data: string;
}

export interface OperatorDoors {
  backup(options: BackupOptions, progress: Progress): Promise<Report>;
  restore(options: RestoreOptions, progress: Progress): Promise<Report>;
  /** The records of the data folder into the configured PostgreSQL. */
  loadRecords(data: string): Promise<Report>;
  /** Objects and the public tree of the data folder into the configured buckets. */
  loadObjects(data: string, progress: Progress): Promise<Report>;
  /** Every mistake of a configuration at once. */
  checkConfiguration(data: string): Promise<Report>;
}
