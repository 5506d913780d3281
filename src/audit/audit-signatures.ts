/** `audit signatures` and `audit key`: who signed what between two dates, and what one key touched. */
import { equalBytes } from "../core/encoding/bytes.js";
import type { TreeQuestion } from "./audit-release.js";
import { noteQuestion } from "./audit-release.js";
import { auditHistory, drawNewest } from "./history.js";
import { AuditLog, type AuditReport, type Table, type Verdict, reported } from "./report.js";
import { type ListedSignature, listSignatures } from "./signature-list.js";

const columns = ["time (UTC)", "what", "as", "who", "key or certificate"];
const timeless =
  "Roots and targets carry no time of their own: each was signed before the first release that was published under it.";

export interface SignaturesQuestion extends TreeQuestion {
  /** Both ends count. */
  readonly from: Date;
  readonly to: Date;
}

export async function auditSignatures(question: SignaturesQuestion): Promise<AuditReport> {
  const { feed, at, from, to } = question;
  const log = new AuditLog(question.onStep);
  await noteQuestion(log, question);
  log.fact("From", from.toISOString());
  log.fact("To", to.toISOString());
  const subject = { kind: "signatures", subject: `signatures on feed ${feed}`, feed, release: null, at };
  return reported(
    log,
    async () => {
      const history = await auditHistory(log, question);
      const target = drawNewest(log, history, question.root);
      const all = await listSignatures(history);
      const inside = all.filter(({ time }) => time !== undefined && isWithin(time, from, to));
      log.tables.push(tableOf("Signatures with a proven time between the two", inside));
      log.tables.push(
        tableOf(
          "Signatures without a time",
          all.filter(({ time }) => time === undefined),
        ),
      );
      log.figure("Signatures in that time", inside.length);
      log.figure("By so many keys and certificates", new Set(inside.map(({ id }) => id)).size);
      log.notes.push(timeless);
      const conclusion = `${inside.length} signatures have a proven time between the two dates, on ${countOf(inside)} releases.`;
      return { ...subject, conclusion, ...(target && { target }) };
    },
    () => ({ ...subject, conclusion: "" }),
  );
}

export interface KeyQuestion extends TreeQuestion {
  /** TUF key id, or SubjectPublicKeyInfo (DER) of a key or of the key in a certificate. */
  readonly key: string | Uint8Array;
  /** Since when it is in wrong hands; stamped before that, a signature is the owner's. */
  readonly since?: Date;
}

export async function auditKey(question: KeyQuestion): Promise<AuditReport> {
  const { feed, at, key, since } = question;
  const log = new AuditLog(question.onStep);
  await noteQuestion(log, question);
  if (since !== undefined) log.fact("In wrong hands since", since.toISOString());
  const subject = { kind: "key", subject: `what one key touched on feed ${feed}`, feed, release: null, at };
  return reported(
    log,
    async () => {
      const history = await auditHistory(log, question);
      const target = drawNewest(log, history, question.root);
      const all = await listSignatures(history);
      const spki = typeof key === "string" ? all.find(({ id }) => id === key)?.keys[0] : key;
      log.fact("Key", typeof key === "string" ? key : "the one in the file");
      const touched =
        spki === undefined ? [] : all.filter(({ keys }) => keys.some((one) => equalBytes(one, spki)));
      const doubtful = touched.filter((one) => isDoubtful(one, since));
      const mark = (one: ListedSignature): Verdict => (isDoubtful(one, since) ? "refused" : "proven");
      log.tables.push(tableOf("What it signed, or stands above", touched, mark));
      log.figure("Signatures", touched.length);
      log.figure("Of them to be doubted", doubtful.length);
      log.figure("Releases touched", countOf(touched));
      log.notes.push(
        "A release needs publisher and overseer: one stolen key alone made none of these. Rebuild what is marked (`--rebuild`).",
        timeless,
      );
      const conclusion =
        touched.length === 0
          ? "This key signed nothing that the feed rests on, and stands above nothing that did."
          : `This key touched ${countOf(touched)} releases; ${doubtful.length} of its ${touched.length} signatures are to be doubted.`;
      return { ...subject, conclusion, ...(target && { target }) };
    },
    () => ({ ...subject, conclusion: "" }),
  );
}

/** Without a proven time from before the theft, nothing says that the owner signed it. */
function isDoubtful({ time }: ListedSignature, since: Date | undefined): boolean {
  return since === undefined || time === undefined || Date.parse(time) >= since.getTime();
}

const isWithin = (time: string, from: Date, to: Date): boolean =>
  Date.parse(time) >= from.getTime() && Date.parse(time) <= to.getTime();

const countOf = (list: readonly ListedSignature[]): number =>
  new Set(list.map(({ what }) => what).filter((what) => what.startsWith("release"))).size;

function tableOf(
  title: string,
  list: readonly ListedSignature[],
  mark?: (one: ListedSignature) => Verdict,
): Table {
  const rows = list.map((one) => ({
    cells: [one.time?.replace("T", " ").replace("Z", "") ?? "", one.what, one.as, one.who, one.id],
    ...(mark && { mark: mark(one) }),
  }));
  return { title, columns, rows };
}
