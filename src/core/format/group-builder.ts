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
const groupTextBytes = 120 * 1024;
/** Every number takes at most five bytes; a frame of columns holds them all, and those of one more change. */
const groupNumbers = 24_000;

export interface PlannedChange {
  readonly change: SectionChange;
  /** Old records kept since the change before, in whatever group that was. */
  readonly skip: number;
  /** For each inserted record; undefined: fresh text. */
  readonly plans: readonly (EditPlan | undefined)[];
  /** Bytes of text and numbers in columns, at most. */
  readonly textBytes: number;
  readonly numbers: number;
}

export function planChange(change: SectionChange, skip: number): PlannedChange {
  const plans = change.inserted.map((record) => planInsert(change, record));
  let textBytes = 0;
  let numbers = 3 + 3 * plans.length;
  plans.forEach((plan, i) => {
    if (!plan) textBytes += (change.inserted[i] as string).length;
    else {
      numbers += 3 * plan.edits.length;
      for (const edit of plan.edits) textBytes += edit.insert.length;
    }
  });
  return { change, skip, plans, textBytes, numbers };
}

export interface DraftPart {
  readonly kind: RuleKind;
  readonly sorted: boolean;
  readonly changes: PlannedChange[];
}

export interface Draft {
  readonly columns: Columns;
  readonly text: string;
  readonly freshTexts: readonly string[];
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

  /** Whether the change has room; a group takes at least one, however large. */
  takes(planned: PlannedChange): boolean {
    if (this.empty) return true;
    return (
      this.#textBytes + planned.textBytes <= groupTextBytes && this.#numbers + planned.numbers <= groupNumbers
    );
  }

  add(kind: RuleKind, sorted: boolean, planned: PlannedChange): void {
    let part = this.parts.at(-1);
    if (part?.kind !== kind) {
      part = { kind, sorted, changes: [] };
      this.parts.push(part);
    }
    part.changes.push(planned);
    this.#textBytes += planned.textBytes;
    this.#numbers += planned.numbers;
    this.edited ||= planned.plans.some((plan) => plan !== undefined);
    const { inserted, removed } = planned.change;
    if (inserted.length > 0) this.replacedBytes += removed.reduce((sum, { length }) => sum + length, 0);
  }

  /** @param edits false: every insert is fresh text */
  draft(edits: boolean): Draft {
    const columns = emptyColumns();
    const text: string[] = [];
    const freshTexts: string[] = [];
    columns.parts.push(this.parts.length);
    for (const part of this.parts) {
      columns.parts.push(ruleKinds.indexOf(part.kind), part.changes.length);
      for (const planned of part.changes)
        writeChange({ columns, text, freshTexts }, planned, part.sorted, edits);
    }
    return { columns, text: text.join(""), freshTexts };
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

interface OpenDraft {
  readonly columns: Columns;
  readonly text: string[];
  readonly freshTexts: string[];
}

function writeChange(
  draft: OpenDraft,
  { change, skip, plans }: PlannedChange,
  sorted: boolean,
  edits: boolean,
): void {
  const { columns } = draft;
  columns.skips.push(skip);
  columns.removes.push(change.removed.length);
  columns.inserts.push(change.inserted.length);
  let before = change.before;
  change.inserted.forEach((record, i) => {
    const plan = edits ? plans[i] : undefined;
    if (plan) writeEdits(draft, plan);
    else writeFresh(draft, record, before, change.behind, sorted);
    before = record;
  });
}

function writeEdits({ columns, text }: OpenDraft, plan: EditPlan): void {
  columns.sources.push(1 + plan.source);
  columns.editCounts.push(plan.edits.length);
  for (const { skip, remove, insert } of plan.edits) {
    columns.editSkips.push(skip);
    columns.editRemoves.push(remove);
    columns.editInserts.push(insert.length);
    text.push(insert);
  }
}

/** SPEC §4.4.5: a sorted record stands between its neighbours, and shares at least what they share. */
function writeFresh(
  { columns, text, freshTexts }: OpenDraft,
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
  const fresh = record.slice(shared);
  text.push(fresh);
  freshTexts.push(fresh);
}
