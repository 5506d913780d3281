/** Sends what is due. No update waits for it, and none is held up: it takes no lock of the endpoint's, and writes a file of its own. */
import { utf8Bytes } from "../core/encoding/bytes.js";
import type { FeedName } from "../core/brands.js";
import type { HealthReport } from "../core/health-report.js";
import { formatTime } from "../core/trust/metadata.js";
import type { EndpointFiles } from "../ports/endpoint-store.js";
import type { ReportAnswer, ReportSender } from "../ports/report-sender.js";
import { retryAfterSeconds } from "./mirrors.js";
import { type ReportChoices, reportAddress } from "./report-choices.js";
import {
  type Outbox,
  type SentReport,
  type WaitingReport,
  dueReport,
  readMail,
  withSent,
  writeOutbox,
} from "./report-outbox.js";
import { readConfig } from "./state.js";

export interface SendingParts {
  readonly files: EndpointFiles;
  readonly sender: ReportSender;
  readonly now: () => Date;
  /** From 0 to below 1. */
  readonly random: () => number;
}

const triesMax = 3;
const retrySeconds = 900;

/** SPEC §16.5.2: a report, and not a byte more. */
export function reportBody(feed: FeedName, report: HealthReport): Uint8Array {
  return utf8Bytes(JSON.stringify({ schema: 1, feed, reports: [report] }));
}

/** One report, if one is due; what became of it. Its caller sees to it that there is one sender at a time. @throws OperationError STORE_* */
export async function sendReport(parts: SendingParts): Promise<ReportAnswer["kind"] | undefined> {
  const { files, sender, now } = parts;
  const { url, feed, reports } = await readConfig(files);
  // SPEC §16.5.1: without the owner's word, nothing.
  const mail = reports && (await readMail(files));
  const due = mail && dueReport(mail, now());
  if (reports === undefined || mail === undefined || due === undefined) return undefined;
  const tries = due.tries + 1;
  const out: SentReport = { report: due.report, at: formatTime(now()), answer: "out", tries };
  // SPEC §16.5.9: durable before the network has it, so that a crash loses it and never doubles it.
  await writeOutbox(files, withSent(mail.outbox, out));
  const answer = await sender.send(reportAddress(url, reports), reportBody(feed, due.report));
  await writeOutbox(files, afterAnswer(mail.outbox, { ...due, tries }, answer, reports, parts));
  return answer.kind;
}

/** SPEC §16.5.9: once more only where it was certainly not taken, and not for ever. */
function afterAnswer(
  outbox: Outbox,
  { report, tries }: WaitingReport,
  answer: ReportAnswer,
  { delaySeconds }: ReportChoices,
  { now, random }: SendingParts,
): Outbox {
  const at = now();
  const told = { report, at: formatTime(at), tries };
  if (answer.kind !== "later") return withSent(outbox, { ...told, answer: answer.kind });
  const later = (seconds: number) => formatTime(new Date(at.getTime() + seconds * 1000));
  const asked = retryAfterSeconds(answer.retryAfter, at) ?? 0;
  const waiting = { ...outbox, notBefore: asked === 0 ? null : later(asked) };
  if (tries >= triesMax) return withSent(waiting, { ...told, answer: "gave up" });
  const dueAt = later(Math.max(asked, retrySeconds * tries) + random() * delaySeconds);
  return withSent(waiting, { ...told, answer: "again", dueAt });
}
