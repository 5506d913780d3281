/**
 * `reports-sent.json`: what became of the notes. Senders alone write it, one at a time, so that no update ever waits for one. A report is in
 * it as "out" before the network has it; whoever finds it so lets it go: better lost than counted twice.
 */
import type { HealthReport } from "../core/health-report.js";
import type { EndpointFiles } from "../ports/endpoint-store.js";
import { type Note, type ReportNotes, noteID, readLists, readNotes, writeLists } from "./report-notes.js";

export interface SentReport {
  readonly report: HealthReport;
  readonly at: string;
  /** `out`: on its way, or lost with the process that sent it; `again`: waits for another try. */
  readonly answer: "out" | "again" | "taken" | "refused" | "unknown" | "gave up";
  readonly tries: number;
  /** Of the next try. */
  readonly dueAt?: string;
}

export interface Outbox {
  readonly schema: 1;
  readonly sent: readonly SentReport[];
  /** The server asked for patience until then. */
  readonly notBefore: string | null;
}

export interface WaitingReport extends Note {
  readonly tries: number;
}

export interface Mail {
  readonly waiting: readonly WaitingReport[];
  readonly outbox: Outbox;
}

const fileName = "reports-sent.json";
/** More than notes are kept, so that none is taken for new. */
const sentMax = 32;
const waitHours = 48;

const emptyOutbox: Outbox = { schema: 1, sent: [], notBefore: null };

/** Undefined where nothing was ever to be said. */
export async function readMail(files: EndpointFiles): Promise<Mail | undefined> {
  const notes = await readNotes(files);
  if (notes === undefined) return undefined;
  const found = await readLists(files, fileName, ["sent"]);
  const outbox = found === "spoiled" ? allUnknown(notes) : ((found ?? emptyOutbox) as unknown as Outbox);
  return { waiting: waitingOf(notes, outbox), outbox };
}

export async function writeOutbox(files: EndpointFiles, outbox: Outbox): Promise<void> {
  await writeLists(files, fileName, { ...outbox, sent: outbox.sent.slice(-sentMax) });
}

export const forgetOutbox = (files: EndpointFiles): Promise<void> => files.remove(fileName);

export function withSent(outbox: Outbox, one: SentReport): Outbox {
  const rest = outbox.sent.filter((other) => noteID(other) !== noteID(one));
  return { ...outbox, sent: [...rest, one] };
}

/** Nobody knows what was sent: then all of it was. */
function allUnknown({ noted }: ReportNotes): Outbox {
  const sent = noted.map(
    ({ report, dueAt }) => ({ report, at: dueAt, answer: "unknown", tries: 0 }) as const,
  );
  return { ...emptyOutbox, sent };
}

function waitingOf({ noted }: ReportNotes, { sent }: Outbox): WaitingReport[] {
  return noted.flatMap((note) => {
    const before = sent.find((one) => noteID(one) === noteID(note));
    if (before === undefined) return [{ ...note, tries: 0 }];
    const { answer, tries, dueAt = note.dueAt } = before;
    return answer === "again" ? [{ ...note, tries, dueAt }] : [];
  });
}

/** The first that is due; what is older than two days is not told any more, and a clock that was set back holds nothing for ever. */
export function dueReport({ waiting, outbox: { notBefore } }: Mail, now: Date): WaitingReport | undefined {
  if (notBefore !== null && !isOver(notBefore, now)) return undefined;
  return waiting.find((one) => isFresh(one, now) && isOver(one.dueAt, now));
}

/** Milliseconds until something is due; undefined when nothing waits. */
export function dueInMs(mail: Mail, now: Date): number | undefined {
  if (dueReport(mail, now) !== undefined) return 0;
  const times = mail.waiting.filter((one) => isFresh(one, now)).map(({ dueAt }) => Date.parse(dueAt));
  if (times.length === 0) return undefined;
  const { notBefore } = mail.outbox;
  const asked = notBefore === null ? 0 : Date.parse(notBefore);
  return Math.max(0, Math.max(asked, Math.min(...times)) - now.getTime());
}

function isOver(time: string, now: Date): boolean {
  const leftMs = Date.parse(time) - now.getTime();
  return leftMs <= 0 || leftMs > waitHours * 3_600_000;
}

const isFresh = ({ report }: Note, now: Date): boolean =>
  Date.parse(`${report.hour}:00:00Z`) >= now.getTime() - waitHours * 3_600_000;
