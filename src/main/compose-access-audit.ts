/** The auditor's commands about the access log: files and keys that were pinned, the service's answers, and what they prove. */
import { readFileSync, writeFileSync } from "node:fs";
import { systemClock } from "../adapters/clock/system.js";
import type {
  AccessCheckOptions,
  AccessListOptions,
  AccessTrust,
  AccessVerifyOptions,
} from "../cli/access-doors.js";
import { createAPIClient } from "../cli/api-client.js";
import { describeAccess } from "../cli/describe-access.js";
import type { Report } from "../cli/doors.js";
import { utf8Bytes } from "../core/encoding/bytes.js";
import {
  type AccessAlarm,
  type AccessFile,
  type ProvenAccess,
  parseAccessFile,
} from "../core/log/access-file.js";
import {
  type AccessDemand,
  type CheckedAccess,
  checkAccessFile,
  silences,
} from "../core/log/check-access.js";
import { parseLogPolicy } from "../core/log/log-policy.js";
import { parseVerifierKey } from "../core/log/verifier-key.js";

const pageLeaves = 2000;

export async function verifyAccess({ file, ...trust }: AccessVerifyOptions): Promise<Report> {
  const bytes = new Uint8Array(readFileSync(file));
  return report(await checkAccessFile(parseAccessFile(bytes), demandOf(trust)));
}

/** What is shown is what was proven, and nothing else. */
export async function listAccess({ call, search, out, ...trust }: AccessListOptions): Promise<Report> {
  const text = `${JSON.stringify(await clientOf(call).openAccessLog(search), null, 1)}\n`;
  if (out !== undefined) writeFileSync(out, text, { mode: 0o600 });
  return report(await checkAccessFile(parseAccessFile(utf8Bytes(text)), demandOf(trust)));
}

/** SPEC §13.3: every leaf from `from` on, page after page, each under its own checkpoint. */
export async function checkAccess({ call, from, ...trust }: AccessCheckOptions): Promise<Report> {
  const client = clientOf(call);
  const demand = demandOf(trust);
  const entries: ProvenAccess[] = [];
  const alarms: AccessAlarm[] = [];
  let checked: CheckedAccess | undefined;
  for (let at = from; checked === undefined || at < checked.checkpoint.size; ) {
    const file: AccessFile = parseAccessFile(
      utf8Bytes(JSON.stringify(await client.openAccessLog({ from: at, to: at + pageLeaves }))),
    );
    const page = await checkAccessFile(file, demand);
    // Asking is an entry itself: what the first page saw is what is checked.
    checked ??= page;
    entries.push(...page.entries.filter(({ index }) => index >= at && index < file.to));
    alarms.push(...page.alarms.filter(({ code }) => code !== "ACCESS_LOG_SILENT"));
    at = file.to;
    if (file.to <= file.from) break;
  }
  alarms.push(...silences(entries, systemClock.now()));
  return report({ ...(checked as CheckedAccess), entries, alarms });
}

export function clientOf({ server, token, said }: AccessListOptions["call"]) {
  return createAPIClient(server, token, said);
}

export function demandOf({ key, logPolicy }: AccessTrust): AccessDemand {
  return {
    key: parseVerifierKey(readFileSync(key, "utf8").trim()),
    ...(logPolicy !== undefined && { releasePolicy: parseLogPolicy(readFileSync(logPolicy, "utf8")) }),
  };
}

function report({ checkpoint, entries, alarms }: CheckedAccess): Report {
  const { origin, size } = checkpoint;
  const json = { origin, size, ok: alarms.length === 0, entries, alarms };
  return { ok: alarms.length === 0, json, text: describeAccess({ origin, size, entries, alarms }) };
}
