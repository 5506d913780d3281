/** `rulemint audit …`: the auditor: redo every step. */
import type { AddCommand } from "../command.js";
import { auditExport } from "../commands/audit-export.js";
import { auditAll, auditKey, auditSignatures } from "../commands/audit-history.js";
import { auditLog, auditPolicy, compareMirrors } from "../commands/audit-others.js";
import { auditRelease } from "../commands/audit-release.js";
import { auditVerify } from "../commands/audit-verify.js";

export const commands: readonly AddCommand[] = [
  auditRelease,
  auditExport,
  auditVerify,
  auditAll,
  auditSignatures,
  auditKey,
  auditPolicy,
  compareMirrors,
  auditLog,
];
