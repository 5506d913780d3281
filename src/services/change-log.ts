/**
 * What a release changes, rule by rule: by whom, approved by whom, and why. Made from the frozen revisions of two releases and from every
 * approved revision between them, so that a rule that three people changed since the last release names the one who touched it last.
 */
import { sha256Hex } from "../core/brands.js";
import { utf8Bytes, utf8Text } from "../core/encoding/bytes.js";
import { RulemintError } from "../core/errors.js";
import type { ReleaseSources, Revision } from "../core/release/model.js";
import type { RuleKind } from "../core/rules/model.js";
import { sourcesOf } from "./build-release.js";
import { compareRules, type RuleChange, type RuleChangeTotals, totalsOf } from "./compare-revisions.js";
import type { ServiceContext } from "./context.js";
import { releaseID, requireRelease } from "./documents.js";
import type { Identity, ReleaseRecord, SubmissionRecord } from "./model.js";
import type { ReleaseName } from "./read-releases.js";
import { requireAnyRole } from "./roles.js";
import { lineOf } from "./rule-revisions.js";
import { readObject } from "./source-batches.js";

export interface LoggedChange extends RuleChange {
  readonly kind: RuleKind;
  readonly ruleset: string;
  readonly submission: string;
  readonly by: string;
  readonly approvedBy: string;
  readonly why: string;
}

export interface ChangeLog {
  readonly schema: 1;
  readonly feed: string;
  readonly release: number;
  readonly previous: number | null;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly reason: string;
  readonly restores: number | null;
  readonly totals: RuleChangeTotals;
  /** By kind, ruleset and id. */
  readonly changes: readonly LoggedChange[];
  /** True when there are more changes than are listed. */
  readonly cut: boolean;
}

type ChangeContext = Pick<ServiceContext, "records" | "objects" | "workers">;

const listedMax = 20_000;

/** Made when it is first asked for. @throws PolicyError ROLE_REFUSED; UsageError NOT_FOUND; OperationError of the stores */
export async function readChangeLog(
  context: ChangeContext,
  identity: Identity,
  { feed, release }: ReleaseName,
): Promise<ChangeLog> {
  requireAnyRole(identity);
  const { body } = await requireRelease(context.records, feed, release);
  // A number that failed may be taken again, by another release.
  const key = {
    collection: "change-logs",
    id: `${releaseID(feed, release)}/${body.sourcesSha256}/${body.previous}`,
  };
  const known = await context.records.get<{ sha256: string }>(key.collection, key.id);
  if (known !== undefined) {
    return JSON.parse(utf8Text(await readObject(context.objects, sha256Hex(known.body.sha256)))) as ChangeLog;
  }
  const made = await makeChangeLog(context, body);
  const { sha256 } = await context.objects.put([utf8Bytes(`${JSON.stringify(made)}\n`)]);
  try {
    await context.records.commit([{ ...key, expected: 0, body: { sha256 } }]);
  } catch (error) {
    // Whoever made it at the same time has made the same.
    if (!(error instanceof RulemintError) || error.code !== "RECORD_CONFLICT") throw error;
  }
  return made;
}

async function makeChangeLog(context: ChangeContext, release: ReleaseRecord): Promise<ChangeLog> {
  const after = await sourcesOf(context, release.feed, release.release);
  const { previous } = release;
  const before = previous === null ? undefined : await sourcesOf(context, release.feed, previous);
  const changes: LoggedChange[] = [];
  for (const [old, now] of pairs(before, after))
    changes.push(...(await changesOf(context, release, old, now)));
  changes.sort((a, b) => compare(a.kind, b.kind) || compare(a.ruleset, b.ruleset) || compare(a.id, b.id));
  const { feed, createdAt, createdBy, reason, restores } = release;
  return {
    ...{ schema: 1, feed, release: release.release, previous, createdAt, createdBy, reason, restores },
    totals: totalsOf(changes),
    ...{ changes: changes.slice(0, listedMax), cut: changes.length > listedMax },
  };
}

type Side = Revision | undefined;

function pairs(before: ReleaseSources | undefined, after: ReleaseSources): [Side, Side][] {
  const find = (sources: ReleaseSources | undefined, name: string) =>
    sources?.revisions.find(({ ruleset }) => ruleset === name);
  const all = [...(before?.revisions ?? []), ...after.revisions].map(({ ruleset }) => ruleset);
  return [...new Set(all)].sort().map((name) => [find(before, name), find(after, name)]);
}

async function changesOf(
  context: ChangeContext,
  release: ReleaseRecord,
  old: Side,
  now: Side,
): Promise<LoggedChange[]> {
  const named = now ?? old;
  if (named === undefined || old?.digest === now?.digest) return [];
  const empty = { ruleset: named.ruleset, kind: named.kind, leftOut: [], files: [] };
  const changes = await compareRules(context, old, now ?? empty);
  const touched = await touchedLast(context, old, now);
  return changes.map((change) => {
    const by = touched.get(change.id);
    return { ...change, kind: named.kind, ruleset: named.ruleset, ...attribution(release, now, by) };
  });
}

/** Of every rule that came up between two heads: the submission that touched it last. */
async function touchedLast(
  context: ChangeContext,
  old: Side,
  now: Side,
): Promise<Map<string, SubmissionRecord>> {
  const touched = new Map<string, SubmissionRecord>();
  if (now === undefined) return touched;
  const { submissions } = await lineOf(context, now.ruleset);
  const from = submissions.findIndex(({ id }) => id === old?.submission);
  const to = submissions.findIndex(({ id }) => id === now.submission);
  for (let i = from + 1; i <= to; i++) {
    const submission = submissions[i] as SubmissionRecord;
    for (const { id } of await compareRules(context, submissions[i - 1], submission))
      touched.set(id, submission);
  }
  return touched;
}

/** A release that restores or leaves out a ruleset is the act of whoever ordered it. */
function attribution(release: ReleaseRecord, now: Side, by: SubmissionRecord | undefined) {
  if (by !== undefined) {
    const { id, author, decision, message } = by;
    return { submission: id, by: author, approvedBy: decision?.by ?? "", why: message };
  }
  const submission = now?.submission ?? "";
  if (release.restores !== null || now === undefined) {
    return { submission, by: release.createdBy, approvedBy: "", why: release.reason };
  }
  return { submission, by: now.author, approvedBy: now.approvedBy, why: "" };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
