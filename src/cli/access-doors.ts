/** What the commands about the access log need from the rest of the program. */
import type { Said } from "./api-call.js";
import type { ReportOptions } from "./audit-doors.js";
import type { Progress, Report } from "./doors.js";

/** What an auditor pins. */
export interface AccessTrust {
  /** Path of a file with the access log's verifier key. */
  readonly key: string;
  /** Path of the release log's policy: its heads of the access log are checked under it. */
  readonly logPolicy?: string;
}

export interface AccessCall {
  readonly server: string;
  readonly token: string;
  readonly said: Said;
}

export interface AccessListOptions extends AccessTrust {
  readonly call: AccessCall;
  readonly search: Readonly<Record<string, string | number | undefined>>;
  /** The file that proves it all, for later. */
  readonly out?: string;
}

export interface AccessVerifyOptions extends AccessTrust {
  readonly file: string;
}

export interface AccessCheckOptions extends AccessTrust {
  readonly call: AccessCall;
  readonly from: number;
}

export interface AccessEraseOptions {
  readonly data: string;
  readonly index: number;
  readonly why: string;
}

export interface VisitEndOptions extends VisitTrust {
  readonly call: AccessCall;
  readonly id: string;
  readonly out: string;
}

export interface ReadSourcesOptions {
  readonly call: AccessCall;
  readonly feed: string;
  readonly release: number;
  /** Folder to write the files to; none is written when absent. */
  readonly out?: string;
}

export interface VisitRebuildOptions extends ReportOptions {
  readonly call: AccessCall;
  /** The visit. */
  readonly id: string;
  /** Path of the pinned root. */
  readonly root: string;
  readonly feed: string;
  readonly release: number;
}

export interface VisitTrust extends AccessTrust, ReportOptions {
  /** Path of the public key that signs protocols, PEM. */
  readonly visitsKey: string;
}

export interface AccessDoors {
  readSources(options: ReadSourcesOptions): Promise<Report>;
  rebuildInVisit(options: VisitRebuildOptions, progress: Progress): Promise<Report>;
  endVisit(options: VisitEndOptions): Promise<Report>;
  verifyVisit(options: VisitTrust & { readonly file: string }): Promise<Report>;
  listAccess(options: AccessListOptions): Promise<Report>;
  checkAccess(options: AccessCheckOptions): Promise<Report>;
  verifyAccess(options: AccessVerifyOptions): Promise<Report>;
  eraseAccess(options: AccessEraseOptions): Promise<Report>;
}
