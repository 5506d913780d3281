/** The auditor's questions about more than one release, with the files that they name. */
import { basename } from "node:path";
import { auditAll } from "../audit/audit-all.js";
import { auditLog } from "../audit/audit-log.js";
import { compareMirrors } from "../audit/audit-mirrors.js";
import { auditPolicies } from "../audit/audit-policies.js";
import { auditKey, auditSignatures } from "../audit/audit-signatures.js";
import type {
  AuditKeyOptions,
  AuditLogOptions,
  AuditPolicyOptions,
  AuditSignaturesOptions,
  CompareMirrorsOptions,
  TreeOptions,
} from "../cli/audit-doors.js";
import type { Progress, Report } from "../cli/doors.js";
import { releaseNumber } from "../core/brands.js";
import { utf8Text } from "../core/encoding/bytes.js";
import { parsePEM } from "../core/encoding/pem.js";
import { UsageError } from "../core/errors.js";
import { parseLogPolicy } from "../core/log/log-policy.js";
import { parseCertificate } from "../core/pki/certificate.js";
import { parsePolicy } from "../core/trust/policy.js";
import { answering, withTree } from "./compose-audit.js";
import { readInput } from "./compose-endpoint.js";

export const auditAllOf = (options: TreeOptions, progress: Progress): Promise<Report> =>
  answering(options.report, () => withTree(options, progress, auditAll));

export function auditSignaturesOf(options: AuditSignaturesOptions, progress: Progress): Promise<Report> {
  const span = { from: new Date(options.from), to: new Date(options.to) };
  return answering(options.report, () =>
    withTree(options, progress, (tree) => auditSignatures({ ...tree, ...span })),
  );
}

export function auditKeyOf(options: AuditKeyOptions, progress: Progress): Promise<Report> {
  const key = /^[0-9a-f]{64}$/.test(options.key) ? options.key : publicKeyIn(options.key);
  const since = options.since === undefined ? {} : { since: new Date(options.since) };
  return answering(options.report, () =>
    withTree(options, progress, (tree) => auditKey({ ...tree, key, ...since })),
  );
}

/** @throws UsageError USAGE */
function publicKeyIn(path: string): Uint8Array {
  const text = utf8Text(readInput(path));
  if (text.includes("BEGIN CERTIFICATE")) {
    return parseCertificate(parsePEM(text, "CERTIFICATE")[0] as Uint8Array).key.spki;
  }
  if (text.includes("BEGIN PUBLIC KEY")) return parsePEM(text, "PUBLIC KEY")[0] as Uint8Array;
  throw new UsageError("USAGE", "expected a key id, or a certificate or public key in PEM");
}

export function auditPolicyOf(options: AuditPolicyOptions, progress: Progress): Promise<Report> {
  const policies = options.policies.map((path) => ({
    ...{ name: basename(path), policy: parsePolicy(readInput(path)) },
  }));
  const release = options.release === undefined ? {} : { release: releaseNumber(options.release) };
  return answering(options.report, () =>
    withTree(options, progress, (tree) => auditPolicies({ ...tree, policies, ...release })),
  );
}

export function compareMirrorsOf(options: CompareMirrorsOptions, progress: Progress): Promise<Report> {
  const { other } = options;
  return answering(options.report, () =>
    withTree(options, progress, (tree) => compareMirrors({ ...tree, other })),
  );
}

export function auditLogOf(options: AuditLogOptions, progress: Progress): Promise<Report> {
  const { witnesses, logPolicy } = options;
  const checkpoints = options.checkpoints.map((path) => ({
    ...{ name: basename(path), bytes: readInput(path) },
  }));
  const policy = logPolicy === undefined ? {} : { logPolicy: parseLogPolicy(utf8Text(readInput(logPolicy))) };
  return answering(options.report, () =>
    withTree(options, progress, (tree) => auditLog({ ...tree, witnesses, checkpoints, ...policy })),
  );
}
