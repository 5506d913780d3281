/**
 * Doors for tests of the command line: text is kept, waiting takes no time, and every door that a test does
 * not open refuses.
 */
import type { APIClient } from "../../src/cli/api-client.js";
import type { CLIDoors } from "../../src/cli/doors.js";
import { runCLI } from "../../src/cli/run.js";

export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type FakeDoors = Partial<Omit<CLIDoors, "terminal" | "api">> & {
  readonly service?: Partial<APIClient>;
  readonly environment?: Record<string, string>;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly api?: CLIDoors["api"];
};

export async function run(words: readonly string[], fake: FakeDoors = {}): Promise<Ran> {
  let stdout = "";
  let stderr = "";
  const isTTY = fake.isTTY ?? false;
  const closed = (name: string) => () => Promise.reject(new Error(`expected ${name} to stay closed`));
  const exit = await runCLI(words, {
    version: "9.8.7",
    pause: async () => undefined,
    writeText: closed("writeText"),
    init: closed("init"),
    serve: closed("serve"),
    backup: closed("backup"),
    restore: closed("restore"),
    login: closed("login"),
    logout: closed("logout"),
    listContexts: closed("listContexts"),
    useContext: closed("useContext"),
    context: async () => undefined,
    loadRecords: closed("loadRecords"),
    loadObjects: closed("loadObjects"),
    checkConfiguration: closed("checkConfiguration"),
    clientInit: closed("clientInit"),
    clientConfigure: closed("clientConfigure"),
    clientUpdate: closed("clientUpdate"),
    clientWatch: closed("clientWatch"),
    clientBoot: closed("clientBoot"),
    clientStatus: closed("clientStatus"),
    clientReport: closed("clientReport"),
    clientExport: closed("clientExport"),
    clientLookup: closed("clientLookup"),
    clientFetch: closed("clientFetch"),
    clientRollback: closed("clientRollback"),
    clientRules: closed("clientRules"),
    clientRebuilders: closed("clientRebuilders"),
    runAssay: closed("runAssay"),
    vouchForSourceMap: closed("vouchForSourceMap"),
    watchAssay: closed("watchAssay"),
    initAssay: closed("initAssay"),
    assayStatus: closed("assayStatus"),
    auditRelease: closed("auditRelease"),
    exportBundle: closed("exportBundle"),
    verifyBundle: closed("verifyBundle"),
    auditAll: closed("auditAll"),
    auditSignatures: closed("auditSignatures"),
    auditKey: closed("auditKey"),
    auditPolicy: closed("auditPolicy"),
    compareMirrors: closed("compareMirrors"),
    auditLog: closed("auditLog"),
    readSources: closed("readSources"),
    rebuildInVisit: closed("rebuildInVisit"),
    endVisit: closed("endVisit"),
    verifyVisit: closed("verifyVisit"),
    listAccess: closed("listAccess"),
    checkAccess: closed("checkAccess"),
    verifyAccess: closed("verifyAccess"),
    eraseAccess: closed("eraseAccess"),
    exportUpdate: closed("exportUpdate"),
    importUpdate: closed("importUpdate"),
    syncMirror: closed("syncMirror"),
    witnessInit: closed("witnessInit"),
    witnessShow: closed("witnessShow"),
    witnessLogs: closed("witnessLogs"),
    witnessServe: closed("witnessServe"),
    monitor: closed("monitor"),
    pkiVerify: closed("pkiVerify"),
    pkiVerifyCMS: closed("pkiVerifyCMS"),
    propose: closed("propose"),
    showProposal: closed("showProposal"),
    signProposal: closed("signProposal"),
    publishProposal: closed("publishProposal"),
    generateKey: closed("generateKey"),
    requestCertificate: closed("requestCertificate"),
    importChain: closed("importChain"),
    showKey: closed("showKey"),
    checkChain: closed("checkChain"),
    api: () => (fake.service ?? {}) as APIClient,
    ...fake,
    terminal: {
      stdout: { isTTY, columns: fake.columns, write: (text) => (stdout += text) },
      stderr: { isTTY, columns: fake.columns, write: (text) => (stderr += text) },
      environment: fake.environment ?? { RULEMINT_SERVER: "http://desk.invalid", RULEMINT_TOKEN: "secret" },
    },
  });
  return { exit, stdout, stderr };
}

export const digest = (letter: string): string => letter.repeat(64);
