/**
 * What an audit says, for people and machines alike: what was asked and of whom, every step proven or refused with the evidence that a
 * stranger needs to redo it, figures, tables, a picture of who vouches for what, and what was not looked at. `render/` shows it; every
 * text in it may have been written by an attacker.
 */
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import { type ErrorCode, RulemintError, UsageError } from "../core/errors.js";
import { formatTime } from "../core/trust/metadata.js";
import type { SignatureChain } from "./chain.js";

export type Verdict = "proven" | "refused";

export interface AuditStep {
  readonly title: string;
  /** SPEC, TUF or RFC clause. */
  readonly clause: string;
  readonly result: Verdict;
  /** Sentences with figures: digests, key ids, names, times. */
  readonly evidence: readonly string[];
  readonly code?: ErrorCode;
}

/** A name and what it is. */
export interface Fact {
  readonly label: string;
  readonly value: string;
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
}

export interface TableRow {
  /** As many as there are columns. */
  readonly cells: readonly string[];
  /** How the row is marked, when it says yes or no to something. */
  readonly mark?: Verdict;
}

/** A number over time: one bar a release. */
export interface Chart {
  readonly title: string;
  readonly bars: readonly { readonly label: string; readonly value: number }[];
}

export interface AuditReport {
  readonly schema: 1;
  /** The command that was run: `release`, `verify`, `all`, … */
  readonly kind: string;
  readonly title: string;
  readonly feed: FeedName | null;
  readonly release: ReleaseNumber | null;
  /** The reference time of every expiry. */
  readonly at: string;
  readonly verdict: Verdict;
  /** The verdict in a sentence or two. */
  readonly conclusion: string;
  /** What was asked, of whom, and with which program. */
  readonly facts: readonly Fact[];
  readonly figures: readonly Fact[];
  readonly steps: readonly AuditStep[];
  readonly tables: readonly Table[];
  readonly charts: readonly Chart[];
  readonly chain: SignatureChain | null;
  /** What a reader must know beside the verdict: what was not asked, and what cannot be known from here. */
  readonly notes: readonly string[];
}

/** Collects what an audit finds. The first refusal ends a chain of steps: what comes after it would rest on it. */
export class AuditLog {
  readonly steps: AuditStep[] = [];
  readonly facts: Fact[] = [];
  readonly figures: Fact[] = [];
  readonly tables: Table[] = [];
  readonly charts: Chart[] = [];
  readonly notes: string[] = [];
  readonly lanes: SignatureChain["lanes"][number][] = [];
  readonly #onStep: (step: AuditStep) => void;

  constructor(onStep: (step: AuditStep) => void = () => undefined) {
    this.#onStep = onStep;
  }

  fact(label: string, value: string): void {
    this.facts.push({ label, value });
  }

  figure(label: string, value: string | number): void {
    this.figures.push({ label, value: typeof value === "number" ? value.toLocaleString("en-US") : value });
  }

  /** Runs one check. Its evidence is what it returns beside its result. @throws what the check threw, after noting it */
  async step<T>(
    title: string,
    clause: string,
    check: () => Promise<{ evidence: string[]; value: T }>,
  ): Promise<T> {
    try {
      const { evidence, value } = await check();
      this.#add({ title, clause, result: "proven", evidence });
      return value;
    } catch (error) {
      if (error instanceof RulemintError) {
        this.#add({ title, clause, result: "refused", evidence: [error.message], code: error.code });
      }
      throw error;
    }
  }

  #add(step: AuditStep): void {
    this.steps.push(step);
    this.#onStep(step);
  }
}

export interface ReportSubject {
  readonly kind: string;
  /** `release 3 of feed endpoint`: stands in the title and in the conclusion. */
  readonly subject: string;
  readonly feed: FeedName | null;
  readonly release: ReleaseNumber | null;
  readonly at: Date;
  /** Said when everything was proven. */
  readonly conclusion: string;
  /** What all signatures of the picture are over. */
  readonly target?: SignatureChain["target"];
}

/**
 * Runs an audit and makes its report: a refusal is its last step, and no exception.
 * @throws UsageError USAGE; whatever is not a RulemintError, or was thrown outside a step
 */
export async function reported(
  log: AuditLog,
  audit: () => Promise<ReportSubject>,
  refusedSubject: () => ReportSubject,
): Promise<AuditReport> {
  try {
    const subject = await audit();
    const refused = log.steps.some(({ result }) => result === "refused");
    return reportOf(log, subject, refused ? "refused" : "proven");
  } catch (error) {
    if (!(error instanceof RulemintError) || error instanceof UsageError) throw error;
    if (log.steps.at(-1)?.result !== "refused") throw error;
    return reportOf(log, refusedSubject(), "refused");
  }
}

function reportOf(log: AuditLog, subject: ReportSubject, verdict: Verdict): AuditReport {
  const { steps, facts, figures, tables, charts, notes, lanes } = log;
  const { kind, feed, release, at, target } = subject;
  return {
    ...{ schema: 1, kind, title: `Audit of ${subject.subject}`, feed, release, at: formatTime(at), verdict },
    conclusion: verdict === "proven" ? subject.conclusion : refusal(steps),
    ...{ facts, figures, steps, tables, charts },
    chain: lanes.length === 0 || target === undefined ? null : { lanes, target },
    notes,
  };
}

function refusal(steps: readonly AuditStep[]): string {
  const failed = steps.filter(({ result }) => result === "refused");
  const names = failed.map(({ title, code }) => `"${title}"${code === undefined ? "" : ` (${code})`}`);
  return `REFUSED at ${names.join(", ")}. Nothing that rests on this may be relied on.`;
}
