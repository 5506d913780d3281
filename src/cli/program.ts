/** The command line as a whole: nouns, verbs and their help. Each command is a file below `commands/`. */
import { Command } from "commander";
import { accessCheck, accessErase, accessList, accessVerify } from "./commands/access.js";
import { assayInit } from "./commands/assay-init.js";
import { reviewBegin, reviewEnd, reviewRebuild, reviewVerify } from "./commands/review.js";
import { assayMap } from "./commands/assay-map.js";
import { assayRun } from "./commands/assay-run.js";
import { auditAll, auditKey, auditSignatures } from "./commands/audit-history.js";
import { auditLog, auditPolicy, compareMirrors } from "./commands/audit-others.js";
import { auditExport } from "./commands/audit-export.js";
import { assayStatus } from "./commands/assay-status.js";
import { assayVerdicts } from "./commands/assay-verdicts.js";
import { assayWatch } from "./commands/assay-watch.js";
import { auditRelease } from "./commands/audit-release.js";
import { auditVerify } from "./commands/audit-verify.js";
import {
  rootPropose,
  rootPublish,
  rootShow,
  rootSign,
  targetsPropose,
  targetsPublish,
  targetsShow,
  targetsSign,
} from "./commands/ceremony.js";
import { backup, configCheck, objectsLoad, recordsLoad, restore } from "./commands/backup.js";
import { clientBoot } from "./commands/client-boot.js";
import { clientExportBundle, clientImportBundle } from "./commands/client-bundle.js";
import { clientConfigure } from "./commands/client-configure.js";
import { clientExport } from "./commands/client-export.js";
import { clientInit } from "./commands/client-init.js";
import { clientRebuilders } from "./commands/client-rebuilders.js";
import { clientLookup } from "./commands/client-lookup.js";
import { clientReport } from "./commands/client-report.js";
import { clientRollback } from "./commands/client-rollback.js";
import { clientRules } from "./commands/client-rules.js";
import { clientStatus } from "./commands/client-status.js";
import { clientUpdate } from "./commands/client-update.js";
import { clientWatch } from "./commands/client-watch.js";
import { completion } from "./commands/completion.js";
import { init } from "./commands/init.js";
import { keyCheck, keyCSR, keyGenerate, keyImport, keyShow } from "./commands/key.js";
import { pkiVerify } from "./commands/pki-verify.js";
import { contextList, contextUse, login, logout } from "./commands/login.js";
import { plan } from "./commands/plan.js";
import { pkiVerifyCMS } from "./commands/pki-verify-cms.js";
import { releaseBuild } from "./commands/release-build.js";
import { releaseChanges } from "./commands/release-changes.js";
import { releaseList } from "./commands/release-list.js";
import { releasePublish } from "./commands/release-publish.js";
import { releaseShow } from "./commands/release-show.js";
import { releaseSources } from "./commands/release-sources.js";
import { releaseWithdraw } from "./commands/release-withdraw.js";
import { rolloutHalt, rolloutReports, rolloutResume, rolloutShow, rolloutSkip } from "./commands/rollout.js";
import { ruleExplain } from "./commands/rule-explain.js";
import { ruleHistory } from "./commands/rule-history.js";
import { ruleQuarantine } from "./commands/rule-quarantine.js";
import { serve } from "./commands/serve.js";
import { tokenCreate, tokenList, tokenRevoke } from "./commands/token.js";
import { submissionApprove } from "./commands/submission-approve.js";
import { submissionComment, submissionComments } from "./commands/submission-comment.js";
import { submissionCreate } from "./commands/submission-create.js";
import { submissionDiff } from "./commands/submission-diff.js";
import { submissionList } from "./commands/submission-list.js";
import { submissionOpen, submissionWithdraw } from "./commands/submission-own.js";
import { submissionReject } from "./commands/submission-reject.js";
import { submissionShow } from "./commands/submission-show.js";
import { mirrorSync } from "./commands/mirror-sync.js";
import { monitor } from "./commands/monitor.js";
import {
  witnessFollow,
  witnessInit,
  witnessServe,
  witnessShow,
  witnessUnfollow,
} from "./commands/witness.js";
import type { CLIDoors } from "./doors.js";

type AddCommand = (noun: Command, doors: CLIDoors) => void;

const nouns: readonly (readonly [string, string, readonly AddCommand[]])[] = [
  [
    "submission",
    "propose rules, and review what others propose",
    [
      ...[
        submissionCreate,
        submissionList,
        submissionShow,
        submissionDiff,
        submissionOpen,
        submissionWithdraw,
      ],
      ...[submissionComment, submissionComments, submissionApprove, submissionReject],
    ],
  ],
  [
    "release",
    "from approved rules to published packs",
    [releaseBuild, releaseList, releaseShow, releaseChanges, releaseSources, releasePublish, releaseWithdraw],
  ],
  [
    "rollout",
    "rings: how far a release is, halts, what endpoints report",
    [rolloutShow, rolloutReports, rolloutHalt, rolloutResume, rolloutSkip],
  ],
  ["rule", "where the rules of a release come from", [ruleExplain, ruleHistory, ruleQuarantine]],
  [
    "assay",
    "the overseer: rebuild, compare, co-sign",
    [assayInit, assayRun, assayWatch, assayMap, assayStatus, assayVerdicts],
  ],
  [
    "client",
    "the endpoint",
    [
      clientInit,
      clientConfigure,
      clientRebuilders,
      clientUpdate,
      clientWatch,
      clientStatus,
      clientReport,
      clientExport,
      clientLookup,
      clientRules,
      clientRollback,
      clientBoot,
      clientExportBundle,
      clientImportBundle,
    ],
  ],
  [
    "audit",
    "the auditor: redo every step",
    [
      auditRelease,
      auditExport,
      auditVerify,
      auditAll,
      auditSignatures,
      auditKey,
      auditPolicy,
      compareMirrors,
      auditLog,
    ],
  ],
  [
    "access",
    "the access log: who did what behind the doors",
    [accessList, accessCheck, accessVerify, accessErase],
  ],
  [
    "review",
    "an auditor's visit, and its signed protocol",
    [reviewBegin, reviewRebuild, reviewEnd, reviewVerify],
  ],
  [
    "witness",
    "cosign the checkpoints of logs, each only as the continuation of the last",
    [witnessInit, witnessServe, witnessShow, witnessFollow, witnessUnfollow],
  ],
  ["mirror", "copies of a publisher's public tree", [mirrorSync]],
  ["pki", "judge certificates and signatures, by themselves", [pkiVerify, pkiVerifyCMS]],
  [
    "root",
    "the offline ceremony of who may speak, for keyholders",
    [rootPropose, rootShow, rootSign, rootPublish],
  ],
  [
    "targets",
    "the offline ceremony of who speaks for a feed",
    [targetsPropose, targetsShow, targetsSign, targetsPublish],
  ],
  ["token", "tokens for programs of one's own", [tokenCreate, tokenList, tokenRevoke]],
  ["config", "the service's configuration", [configCheck]],
  ["context", "services that one is logged in to", [contextList, contextUse]],
  ["records", "the service's records", [recordsLoad]],
  ["objects", "the service's objects and public tree", [objectsLoad]],
  ["key", "keys and the certificates for them", [keyGenerate, keyCSR, keyImport, keyShow, keyCheck]],
];

/** Errors are thrown, not printed: `run.ts` gives them their voice and their exit code. */
export function createProgram(doors: CLIDoors): Command {
  const program = new Command("rulemint")
    .description("Signed threat-definition updates that nobody has to take on trust.")
    .version(doors.version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => doors.terminal.stdout.write(text),
      writeErr: () => undefined,
    });
  init(program, doors);
  login(program, doors);
  logout(program, doors);
  serve(program, doors);
  plan(program, doors);
  monitor(program, doors);
  backup(program, doors);
  restore(program, doors);
  completion(program, doors);
  for (const [name, description, commands] of nouns) {
    const noun = program.command(name).description(description).helpCommand(false);
    for (const add of commands) add(noun, doors);
  }
  return program;
}
