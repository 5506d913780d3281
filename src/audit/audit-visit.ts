/**
 * The protocol of a visit as a report: who vouches for it, what was opened and refused, and what was rebuilt. It needs no network.
 * What was done follows from entries of the access log that are proven one by one, not from what the service says beside them.
 */
import { utf8Bytes } from "../core/encoding/bytes.js";
import { parseJSON } from "../core/encoding/json.js";
import { VerificationError } from "../core/errors.js";
import type { ProvenAccess } from "../core/log/access-file.js";
import { type AccessDemand, type CheckedAccess, checkAccessFile } from "../core/log/check-access.js";
import { parseReleaseLogEntry } from "../core/log/release-entries.js";
import {
  type Visit,
  type VisitProtocol,
  type VisitRebuild,
  parseVisitProtocol,
  visitPayloadType,
} from "../core/log/visit-protocol.js";
import { dsseSigners, readDSSE } from "../core/trust/attest/dsse.js";
import { keyID } from "../core/trust/keys.js";
import type { TUFKey } from "../core/trust/model.js";
import { version } from "../core/version.js";
import { type ChainLane, shortID } from "./chain.js";
import { AuditLog, type AuditReport, type TableRow, reported } from "./report.js";

export interface VisitQuestion {
  /** Of the file, for the head. */
  readonly name: string;
  readonly envelope: Uint8Array;
  /** The pinned key that signs protocols. */
  readonly visitsKey: TUFKey;
  readonly demand: AccessDemand;
  readonly now: Date;
}

export interface AuditedVisit {
  readonly report: AuditReport;
  /** What was proven; absent where the protocol was refused before that. */
  readonly visit?: Visit;
  readonly access?: CheckedAccess;
}

/** SPEC §13.5.2, §13.5.3: always a report. @throws whatever is not a VerificationError */
export async function auditVisit(question: VisitQuestion): Promise<AuditedVisit> {
  const log = new AuditLog();
  const found: { visit?: Visit; access?: CheckedAccess } = {};
  log.fact("Protocol", question.name);
  log.fact("Pinned key of visits", keyID(question.visitsKey));
  log.fact("Pinned key of the access log", question.demand.key.name);
  log.fact("Program", `rulemint ${version}`);
  const about = { kind: "visit", feed: null, release: null, at: question.now } as const;
  const report = await reported(
    log,
    async () => {
      const protocol = await signedProtocol(log, question);
      found.visit = protocol.visit;
      found.access = await provenEntries(log, protocol, question.demand);
      describeVisit(log, protocol.visit, found.access.entries);
      log.lanes.push(...lanesOf(protocol, found.access, question));
      const { id, who } = protocol.visit;
      const conclusion = `The service signed this protocol of ${who}'s visit ${id}, and every entry of it is proven.`;
      const target = { heading: `Visit ${id}`, lines: [who, `${found.access.entries.length} entries`] };
      return { ...about, subject: `visit ${id} of ${who}`, conclusion, target };
    },
    () => ({ ...about, subject: "a visit", conclusion: "" }),
  );
  return { report, ...found };
}

function signedProtocol(log: AuditLog, { envelope, visitsKey }: VisitQuestion): Promise<VisitProtocol> {
  return log.step("The service signed it", "SPEC §13.5.2, DSSE", async () => {
    const { payloadType, payload, signatures } = readDSSE(parseJSON(envelope));
    const signers = await dsseSigners({ payloadType, payload, signatures }, [visitsKey]);
    if (payloadType !== visitPayloadType || signers.size === 0) {
      const expected = "expected a protocol signed by the pinned key, got another";
      throw new VerificationError("ATTESTATION_SIGNATURE", expected);
    }
    const value = parseVisitProtocol(payload);
    return { value, evidence: [`key ${keyID(visitsKey)} signed ${payload.length} bytes of ${payloadType}`] };
  });
}

function provenEntries(
  log: AuditLog,
  { visit, access }: VisitProtocol,
  demand: AccessDemand,
): Promise<CheckedAccess> {
  return log.step("What was done is what the access log has", "SPEC §13.3, §13.5.2", async () => {
    const checked = await checkAccessFile(access, demand);
    requireOwn(visit, checked.entries);
    requireRebuilds(visit, checked.entries);
    const [alarm] = checked.alarms;
    if (alarm !== undefined) throw new VerificationError(alarm.code, alarm.detail);
    const { origin, size } = checked.checkpoint;
    const evidence = [
      `${checked.entries.length} entries of this visit, each opened and included in ${origin} at size ${size}`,
      demand.releasePolicy === undefined
        ? `${access.anchors.length} anchors of this log in the release log; its policy was not given`
        : `${access.anchors.length} anchors of this log in the release log, proven under the policy that was given`,
    ];
    return { value: checked, evidence };
  });
}

function requireOwn({ id }: Visit, entries: readonly ProvenAccess[]): void {
  if (entries.every(({ entry }) => entry === null || entry.review === id || entry.kind === "erasure")) return;
  throw new VerificationError("ATTESTATION_MISMATCH", `expected entries of the visit ${id}, got others`);
}

/** SPEC §13.5.3: each came with an entry that names the same database. */
function requireRebuilds({ id, rebuilds }: Visit, entries: readonly ProvenAccess[]): void {
  for (const { entry: index, digest, feed, release } of rebuilds) {
    const found = entries.find((one) => one.index === index)?.entry;
    const objects = digest === null ? [] : [digest];
    const same = found?.operation === "addVisitRebuild" && found.objects.join() === objects.join();
    if (found !== undefined && same) continue;
    const expected = `expected an entry of ${id} for the rebuild of release ${release} of ${feed}, got none`;
    throw new VerificationError("ATTESTATION_MISMATCH", expected);
  }
}

function describeVisit(log: AuditLog, visit: Visit, entries: readonly ProvenAccess[]): void {
  const { who, why, begunAt, endedAt, rebuilds } = visit;
  log.facts.unshift(
    ...[
      { label: "Auditor", value: who },
      { label: "Because", value: why },
      { label: "From", value: timeText(begunAt) },
      { label: "Until", value: timeText(endedAt) },
    ],
  );
  const refusals = entries.filter(({ entry }) => entry?.kind === "refusal").length;
  log.figure("Calls", entries.filter(({ entry }) => entry?.kind === "access").length);
  log.figure("Refused", refusals);
  log.figure("Rebuilds", rebuilds.length);
  if (rebuilds.length > 0) {
    log.tables.push({
      title: "Rebuilt during the visit",
      columns: ["Release", "At", "Database that the sources gave", "What was found"],
      rows: rebuilds.map(rebuildRow),
    });
  }
  log.tables.push({
    title: "What was asked for",
    columns: ["Entry", "Time", "Operation", "Of", "Answer"],
    rows: entries.flatMap((one) => accessRow(one, entries)),
  });
  log.notes.push("An entry proves that something was asked for, not that the answer arrived.");
  if (rebuilds.length > 0) {
    log.notes.push("Rebuilds are what the auditor's own program found; the service only kept the result.");
  }
}

function rebuildRow({ feed, release, result, code, explanation, digest, at }: VisitRebuild): TableRow {
  const found = code === null ? explanation : `${code}: ${explanation}`;
  const mark = result === "PASSED" ? "proven" : "refused";
  return { cells: [`${release} of ${feed}`, timeText(at), digest ?? "none", found], mark };
}

/** One row an access; how it ended comes from the refusal or outcome that names it. */
function accessRow({ index, entry, erasedBy }: ProvenAccess, all: readonly ProvenAccess[]): TableRow[] {
  if (erasedBy !== null) return [{ cells: [String(index), "", "erased", `see entry ${erasedBy}`, ""] }];
  if (entry === null) return [];
  const own = all.some((one) => one.index === entry.of);
  if ((entry.kind === "refusal" || entry.kind === "outcome") && own) return [];
  const ended = all.find((one) => one.entry?.of === index)?.entry;
  const answer = ended?.kind === "outcome" ? ended.target : (ended?.code ?? entry.code ?? "given");
  return [{ cells: [String(index), timeText(entry.time), entry.operation, entry.target, answer] }];
}

const timeText = (time: string): string => `${time.slice(0, 19).replace("T", " ")} UTC`;

function lanesOf(
  { access }: VisitProtocol,
  { checkpoint, entries }: CheckedAccess,
  { visitsKey, demand }: VisitQuestion,
): ChainLane[] {
  const anchors = access.anchors.map(({ entry }) => parseReleaseLogEntry(utf8Bytes(entry)));
  const anchor = anchors.flatMap((one) => (one.kind === "anchor" ? [one.size] : [])).at(-1);
  const proven = demand.releasePolicy === undefined ? "its policy was not given" : "proven under its policy";
  const held = { heading: "Release log", lines: [`has the head of size ${anchor}`, proven] };
  return [
    {
      title: "Signature (DSSE): that the service says this",
      boxes: [{ heading: "Key of visits, pinned", lines: [`key ${shortID(keyID(visitsKey))}`] }],
    },
    {
      title: "Access log: that nothing of it was made up or left out",
      boxes: [
        { heading: "Access log, pinned", lines: [demand.key.name] },
        { heading: `Checkpoint ${checkpoint.size}`, lines: [`${entries.length} entries proven under it`] },
        ...(anchor === undefined ? [] : [held]),
      ],
    },
  ];
}
