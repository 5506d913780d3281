/** What the auditor's commands need from the rest of the program. */
import type { Progress, Report } from "./doors.js";

/** Of every audit: files that the report is written to, each in the form that its ending names. */
export interface ReportOptions {
  readonly report: readonly string[];
}

export interface TreeOptions extends ReportOptions {
  /** Where the public tree is. */
  readonly url: string;
  /** Path of the pinned root.json. */
  readonly root: string;
  readonly feed: string;
  /** Path of a signature policy that overrides the root's. */
  readonly policy?: string;
  /** Judge as of this time instead of now, ISO 8601. */
  readonly at?: string;
}

export interface AuditReleaseOptions extends TreeOptions {
  readonly release?: number;
  /** Fetch the sources and compile them again; needs a token of an auditor. */
  readonly rebuild: boolean;
  readonly token?: string;
}

export interface AuditExportOptions extends ReportOptions {
  readonly url: string;
  readonly feed: string;
  readonly release: number;
  readonly out: string;
  /** An auditor's, for the sources; without it the bundle has none. */
  readonly token?: string;
  /** Path of the last checkpoint of the log that the auditor saw. */
  readonly since?: string;
}

export interface AuditVerifyOptions extends ReportOptions {
  readonly bundle: string;
  readonly root: string;
  readonly policy?: string;
  readonly at?: string;
  readonly rebuild: boolean;
  /** Path of the last checkpoint of the log that the auditor saw. */
  readonly since?: string;
}

export interface AuditSignaturesOptions extends TreeOptions {
  /** ISO 8601, both ends count. */
  readonly from: string;
  readonly to: string;
}

export interface AuditKeyOptions extends TreeOptions {
  /** A TUF key id, or the path of a certificate or a public key, PEM. */
  readonly key: string;
  readonly since?: string;
}

export interface AuditPolicyOptions extends Omit<TreeOptions, "policy"> {
  /** Paths. */
  readonly policies: readonly string[];
  readonly release?: number;
}

export interface CompareMirrorsOptions extends TreeOptions {
  readonly other: string;
}

export interface AuditLogOptions extends TreeOptions {
  /** Monitoring prefixes. */
  readonly witnesses: readonly string[];
  /** Paths of checkpoints. */
  readonly checkpoints: readonly string[];
  /** Path of a tlog-policy that overrides the one in the signature policy. */
  readonly logPolicy?: string;
}

export interface AuditDoors {
  auditAll(options: TreeOptions, progress: Progress): Promise<Report>;
  auditSignatures(options: AuditSignaturesOptions, progress: Progress): Promise<Report>;
  auditKey(options: AuditKeyOptions, progress: Progress): Promise<Report>;
  auditPolicy(options: AuditPolicyOptions, progress: Progress): Promise<Report>;
  compareMirrors(options: CompareMirrorsOptions, progress: Progress): Promise<Report>;
  auditLog(options: AuditLogOptions, progress: Progress): Promise<Report>;
  exportBundle(options: AuditExportOptions, progress: Progress): Promise<Report>;
  verifyBundle(options: AuditVerifyOptions, progress: Progress): Promise<Report>;
  auditRelease(options: AuditReleaseOptions, progress: Progress): Promise<Report>;
}
