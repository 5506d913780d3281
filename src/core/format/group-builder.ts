/** Collects changes until a group is full, and writes them down as columns and text. */
import { ruleKinds } from "../rules/model.js";
import type { RuleKind } from "../rules/model.js";
import { sharedLength } from "./block.js";
import { emptyColumns } from "./delta-group.js";
import type { Columns } from "./delta-group.js";
import { planInsert } from "./insert-plan.js";
import type { EditPlan } from "./insert-plan.js";
import type { SectionChange } from "./section-diff.js";

/** With a full dictionary in front, all of it stays within reach of zstd's window. */
const groupTextBytes = 112 * 1024;
/** Every number takes at most five bytes; a frame of columns holds them all. */
const groupNumbers = 24_000;

interface PlannedChange {
  readonly change: SectionChange;
  readonly skip: number;
  readonly plans: readonly (EditPlan | undefined)[];
}

export interface DraftPart {
  readonly kind: RuleKind;
  readonly sorted: boolean;
  readonly changes: PlannedChange[];
}

export interface Draft {
  readonly columns: Columns;
  readonly text: string;
}

export class GroupBuilder {
  readonly parts: DraftPart[] = [];
  #textBytes = 0;
  #numbers = 0;
  /** Bytes of old records that changes with new ones leave out. */
  replacedBytes = 0;
  edited = false;

  get empty(): boolean {
    return this.parts.length === 0;
  }

  get full(): boolean {
    return this.#textBytes >= groupTextBytes || this.#numbers >= groupNumbers / 2;
  }

  /** @param skip old records kept since the change before, in whatever group that was */
  add(kind: RuleKind, sorted: boolean, change: SectionChange, skip: number): void {
    const plans = change.inserted.map((record) => planInsert(change, record));
    let part = this.parts.at(-1);
    if (part?.kind !== kind) {
      part = { kind, sorted, changes: [] };
      this.parts.push(part);
    }
    part.changes.push({ change, skip, plans });
    this.#numbers += 3 + 3 * plans.length;
    plans.forEach((plan, i) => {
      if (!plan) {
        this.#textBytes += (change.inserted[i] as string).length;
        return;
      }
      this.edited = true;
      this.#numbers += 3 * plan.edits.length;
      for (const edit of plan.edits) this.#textBytes += edit.insert.length;
    });
    if (plans.length > 0) this.replacedBytes += change.removed.reduce((sum, { length }) => sum + length, 0);
  }

  /** @param edits false: every insert is fresh text */
  draft(edits: boolean): Draft {
    const columns = emptyColumns();
    const text: string[] = [];
    columns.parts.push(this.parts.length);
    for (const part of this.parts) {
      columns.parts.push(ruleKinds.indexOf(part.kind), part.changes.length);
      for (const planned of part.changes) writeChange(columns, text, planned, part.sorted, edits);
    }
    return { columns, text: text.join("") };
  }

  /** Kinds with text that is worth looking for in old records. */
  textKinds(bytesPerInsertMin: number): RuleKind[] {
    return this.parts.filter((part) => bytesPerInsert(part) >= bytesPerInsertMin).map(({ kind }) => kind);
  }
}

function bytesPerInsert({ changes }: DraftPart): number {
  let bytes = 0;
  let inserts = 0;
  for (const { change } of changes) {
    inserts += change.inserted.length;
    for (const record of change.inserted) bytes += record.length - sharedWith(change, record);
  }
  return inserts === 0 ? 0 : bytes / inserts;
}

function sharedWith(change: SectionChange, record: string): number {
  return Math.max(sharedLength(change.before, record), sharedLength(change.behind, record));
}

function writeChange(
  columns: Columns,
  text: string[],
  { change, skip, plans }: PlannedChange,
  sorted: boolean,
  edits: boolean,
): void {
  columns.skips.push(skip);
  columns.removes.push(change.removed.length);
  columns.inserts.push(change.inserted.length);
  let before = change.before;
  change.inserted.forEach((record, i) => {
    const plan = edits ? plans[i] : undefined;
    if (plan) writeEdits(columns, text, plan);
    else writeFresh(columns, text, record, before, change.behind, sorted);
    before = record;
  });
}

function writeEdits(columns: Columns, text: string[], plan: EditPlan): void {
  columns.sources.push(1 + plan.source);
  columns.editCounts.push(plan.edits.length);
  for (const { skip, remove, insert } of plan.edits) {
    columns.editSkips.push(skip);
    columns.editRemoves.push(remove);
    columns.editInserts.push(insert.length);
    text.push(insert);
  }
}

/** SPEC §4.4.4: a sorted record stands between its neighbours, and shares at least what they share. */
function writeFresh(
  columns: Columns,
  text: string[],
  record: string,
  before: string,
  behind: string,
  sorted: boolean,
): void {
  columns.sources.push(0);
  let shared = 0;
  if (sorted) {
    const withBefore = sharedLength(before, record);
    const withBehind = sharedLength(behind, record);
    shared = Math.max(withBefore, withBehind);
    columns.gains.push(2 * (shared - sharedLength(before, behind)) + (withBehind > withBefore ? 1 : 0));
  }
  columns.lengths.push(record.length - shared);
  text.push(record.slice(shared));
}
