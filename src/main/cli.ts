#!/usr/bin/env node
/** The command line's entry: the doors, tied to this process. */
import "./small-start.js";
import { setTimeout as pause } from "node:timers/promises";
import { createAPIClient } from "../cli/api-client.js";
import type { CLIDoors, TextOut } from "../cli/doors.js";
import { runCLI } from "../cli/run.js";
import { version } from "../core/version.js";

const textOut = (stream: NodeJS.WriteStream): TextOut => ({
  write: (text) => void stream.write(text),
  isTTY: stream.isTTY === true,
  get columns() {
    return stream.columns;
  },
});

/** What is left to do when the answer is out; the exit code stands by then. */
const afterwards: (() => Promise<void>)[] = [];

/** Each command loads only what it needs: `client status` does not wait for a database driver. */
const doors: CLIDoors = {
  version,
  terminal: { stdout: textOut(process.stdout), stderr: textOut(process.stderr), environment: process.env },
  pause: (milliseconds) => pause(milliseconds),
  api: createAPIClient,
  writeText: async (path, text) => (await import("./compose-text.js")).writePrivateText(path, text),
  init: async (options) => (await import("./initialise.js")).initialise(options),
  serve: async (options, progress) => (await import("./serve.js")).serve(options, progress),
  backup: async (options, progress) => (await import("./compose-backup.js")).backup(options, progress),
  restore: async (options, progress) => (await import("./compose-restore.js")).restore(options, progress),
  login: async (options, progress) => (await import("./compose-login.js")).login(options, progress),
  logout: async (name) => (await import("./compose-login.js")).logout(name),
  listContexts: async () => (await import("./compose-login.js")).listContexts(),
  useContext: async (name) => (await import("./compose-login.js")).useContext(name),
  context: async () => (await import("./compose-login.js")).currentContext(),
  loadRecords: async (data) => (await import("./compose-records.js")).loadRecords(data),
  loadObjects: async (data, progress) => (await import("./compose-storage.js")).loadObjects(data, progress),
  checkConfiguration: async (data) => (await import("./check-configuration.js")).checkedConfiguration(data),
  clientInit: async (options, progress) =>
    (await import("./compose-endpoint.js")).initClient(options, progress),
  clientRebuilders: async (options) => (await import("./compose-endpoint.js")).setRebuilders(options),
  clientConfigure: async (options, progress) =>
    (await import("./compose-endpoint.js")).configureClient(options, progress),
  clientUpdate: async (options, progress) => {
    if (options.report !== false)
      afterwards.push(async () => (await import("./compose-reports.js")).mailReport(options.state));
    return (await import("./compose-endpoint.js")).updateClient(options, progress);
  },
  clientRules: async (order, progress) =>
    (await import("./compose-local-rules.js")).rulesInClient(order, progress),
  clientReport: async (options) => (await import("./compose-reports.js")).reportClient(options),
  clientWatch: async (options, progress) =>
    (await import("./compose-watch.js")).watchClient(options, progress),
  clientBoot: async (options, progress) => (await import("./compose-boot.js")).bootClient(options, progress),
  clientStatus: async (state) => (await import("./compose-status.js")).clientStatus(state),
  clientExport: async (options, progress) =>
    (await import("./compose-endpoint.js")).exportClient(options, progress),
  clientFetch: async (options, progress) =>
    (await import("./compose-endpoint.js")).fetchInClient(options, progress),
  clientLookup: async (options) => (await import("./compose-lookup.js")).lookupInClient(options),
  clientRollback: async (state, progress) =>
    (await import("./compose-endpoint.js")).rollbackClient(state, progress),
  vouchForSourceMap: async (options, progress) =>
    (await import("./compose-parties.js")).vouchForMap(options, progress),
  runAssay: async (options, progress) => (await import("./compose-parties.js")).assay(options, progress),
  initAssay: async (options) => (await import("./compose-parties.js")).initRebuilder(options),
  assayStatus: async (data) => (await import("./compose-parties.js")).rebuilderStatusOf(data),
  watchAssay: async (options, progress) => (await import("./compose-parties.js")).watch(options, progress),
  auditRelease: async (options, progress) =>
    (await import("./compose-audit.js")).auditReleaseOf(options, progress),
  auditAll: async (options, progress) =>
    (await import("./compose-audit-history.js")).auditAllOf(options, progress),
  auditSignatures: async (options, progress) =>
    (await import("./compose-audit-history.js")).auditSignaturesOf(options, progress),
  auditKey: async (options, progress) =>
    (await import("./compose-audit-history.js")).auditKeyOf(options, progress),
  auditPolicy: async (options, progress) =>
    (await import("./compose-audit-history.js")).auditPolicyOf(options, progress),
  compareMirrors: async (options, progress) =>
    (await import("./compose-audit-history.js")).compareMirrorsOf(options, progress),
  auditLog: async (options, progress) =>
    (await import("./compose-audit-history.js")).auditLogOf(options, progress),
  exportBundle: async (options, progress) =>
    (await import("./compose-audit-bundle.js")).exportBundleTo(options, progress),
  verifyBundle: async (options, progress) =>
    (await import("./compose-audit-bundle.js")).verifyBundleFile(options, progress),
  readSources: async (options) => (await import("./compose-sources.js")).readSources(options),
  rebuildInVisit: async (options, progress) =>
    (await import("./compose-visits.js")).rebuildInVisit(options, progress),
  endVisit: async (options) => (await import("./compose-visits.js")).endVisit(options),
  verifyVisit: async (options) => (await import("./compose-visits.js")).verifyVisit(options),
  checkAccess: async (options) => (await import("./compose-access-audit.js")).checkAccess(options),
  listAccess: async (options) => (await import("./compose-access-audit.js")).listAccess(options),
  verifyAccess: async (options) => (await import("./compose-access-audit.js")).verifyAccess(options),
  eraseAccess: async (options) => (await import("./erase-access.js")).eraseAccess(options),
  pkiVerify: async (options) => (await import("./compose-pki.js")).verifyCertificateFile(options),
  pkiVerifyCMS: async (options) => (await import("./compose-pki.js")).verifyCMSFile(options),
  witnessInit: async (options) => (await import("./serve-witness.js")).initWitness(options),
  witnessShow: async (data) => (await import("./serve-witness.js")).showWitness(data),
  witnessLogs: async (data, change) => (await import("./serve-witness.js")).changeWitnessLogs(data, change),
  witnessServe: async (data, listen, progress) =>
    (await import("./serve-witness.js")).serveWitness(data, listen, progress),
  exportUpdate: async (options, progress) =>
    (await import("./compose-air-gap.js")).exportUpdate(options, progress),
  importUpdate: async (options, progress) =>
    (await import("./compose-air-gap.js")).importUpdate(options, progress),
  syncMirror: async (options, progress) =>
    (await import("./compose-mirror.js")).syncMirrorOf(options, progress),
  monitor: async (options, progress) => (await import("./compose-monitor.js")).monitorLog(options, progress),
  propose: async (options, progress) => (await import("./compose-ceremony.js")).propose(options, progress),
  showProposal: async (options) => (await import("./compose-ceremony.js")).showProposal(options),
  signProposal: async (options, progress) => (await import("./compose-ceremony.js")).sign(options, progress),
  publishProposal: async (options, progress) =>
    (await import("./compose-ceremony.js")).publish(options, progress),
  generateKey: async (options) => (await import("./compose-key-tools.js")).generateKey(options),
  requestCertificate: async (options) => (await import("./compose-key-tools.js")).requestCertificate(options),
  importChain: async (options) => (await import("./compose-key-tools.js")).importChain(options),
  showKey: async (options) => (await import("./compose-key-tools.js")).showKey(options),
  checkChain: async (options) => (await import("./compose-key-tools.js")).checkChain(options),
};

process.exitCode = await runCLI(process.argv.slice(2), doors);
for (const work of afterwards) await work();
