/**
 * What an update leaves to be reported (SPEC §16.5), found out from where the endpoint stands after it: an update that was killed is
 * reported by the next one, and nothing is reported twice. Where the owner has chosen nothing, nothing is written.
 */
import type { ErrorCode } from "../core/errors.js";
import { PolicyError, RulemintError, VerificationError } from "../core/errors.js";
import type { HealthReport, ReportOutcome, ReportPath } from "../core/health-report.js";
import { formatTime } from "../core/trust/metadata.js";
import type { EndpointFiles } from "../ports/endpoint-store.js";
import type { EndpointConfig, EndpointState, UpdateResult } from "./model.js";
import { type Note, type ReportNotes, readNotes, writeNotes } from "./report-notes.js";

export interface UpdateEnd {
  readonly files: EndpointFiles;
  readonly config: EndpointConfig;
  readonly state: EndpointState;
  readonly now: Date;
  readonly result?: UpdateResult;
  readonly error?: RulemintError;
  /** The release that it was about, when it came that far. */
  readonly about?: number | undefined;
  /** From 0 to below 1. */
  readonly random?: () => number;
}

/** Never fails an update: a disk that takes no report costs the report. */
export async function noteUpdate(end: UpdateEnd): Promise<void> {
  if (end.config.reports === undefined) return;
  try {
    const notes = await readNotes(end.files);
    const next = notes === undefined ? saidAlready(end.state) : withNews(notes, end);
    if (next !== notes) await writeNotes(end.files, next);
  } catch (error) {
    if (!(error instanceof RulemintError)) throw error;
  }
}

/** SPEC §16.5.6: what was before the owner's word is not told. */
export function saidAlready({ installed, bad, held }: EndpointState): ReportNotes {
  const said = [
    ...(installed ? [`${installed.release}/installed`] : []),
    ...[bad?.release, held].filter((one) => one != null).map((one) => `${one}/rolled-back`),
  ];
  return { schema: 1, said, noted: [] };
}

interface News {
  readonly release: number;
  readonly outcome: ReportOutcome;
  readonly code: ErrorCode | null;
}

function withNews(notes: ReportNotes, end: UpdateEnd): ReportNotes {
  const fresh = newsOf(end).filter(({ release, outcome }) => !notes.said.includes(`${release}/${outcome}`));
  if (fresh.length === 0) return notes;
  const said = fresh.map(({ release, outcome }) => `${release}/${outcome}`);
  const noted = fresh.map((one) => noteOf(one, end));
  return { ...notes, said: [...notes.said, ...said], noted: [...notes.noted, ...noted] };
}

function newsOf({ state, result, error, about }: UpdateEnd): News[] {
  const { installed, bad, held } = state;
  const news: News[] = [];
  if (bad) news.push({ release: bad.release, outcome: "rolled-back", code: bad.code });
  if (held !== null && held !== bad?.release)
    news.push({ release: held, outcome: "rolled-back", code: null });
  if (result !== undefined && installed !== null)
    news.push({ release: installed.release, outcome: "installed", code: null });
  if (error !== undefined && about !== undefined && saysOfRelease(error) && bad?.release !== about) {
    const isNew = installed === null || about > installed.release || isHealth(error);
    if (isNew) news.push({ release: about, outcome: "failed", code: error.code });
  }
  return news;
}

/** SPEC §16.5.7: a network, a disk and an owner's own choice say nothing of a release. */
function saysOfRelease(error: RulemintError): boolean {
  if (error.code === "RELEASE_UNREACHABLE" || /^(FETCH|LOCAL)_/.test(error.code)) return false;
  return error instanceof VerificationError || error instanceof PolicyError;
}

const isHealth = ({ code }: RulemintError): boolean => /^(ENGINE|CANARY)_/.test(code);

const fromMost = 8;

function noteOf({ release, outcome, code }: News, end: UpdateEnd): Note {
  const { config, now, result, state, random = drawn } = end;
  const isHere = outcome === "installed";
  const from = isHere ? (result?.from ?? 0) : 0;
  // SPEC §16.8.10: with own choices in force the number is this owner's, and nobody else's.
  const isShared = isHere && state.exportedLocal == null;
  const rules = isShared && state.loadedRules != null ? rounded(state.loadedRules) : null;
  const report = {
    ...{ release: release as HealthReport["release"], from: release - from <= fromMost ? from : 0 },
    ...{ path: isHere ? pathOf(result) : "none", hour: now.toISOString().slice(0, 13) },
    ...{ outcome, code, rules, count: 1 },
  } as const;
  const delayMs = random() * (config.reports?.delaySeconds ?? 0) * 1000;
  return { report, dueAt: formatTime(new Date(now.getTime() + delayMs)) };
}

function pathOf(result: UpdateResult | undefined): ReportPath {
  const first = result?.path?.packs[0];
  if (first === undefined) return "none";
  return first.kind === "full" ? "full" : "delta";
}

/** SPEC §16.5.8: two digits. Own rules would make the exact number one of its own. */
export function rounded(count: number): number {
  const step = 10 ** Math.max(0, String(count).length - 2);
  return Math.round(count / step) * step;
}

const drawn = (): number => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32;
