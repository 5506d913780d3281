/** Collects changes of one kind until a part of a delta is full. */
import type { RuleKind } from "../rules/model.js";
import { sharedLength } from "./block.js";
import { type EditPlan, planInsert } from "./insert-plan.js";
import type { SectionChange } from "./section-change.js";

/** Exemplars are looked for once a part. */
const partTextBytes = 120 * 1024;
const partChanges = 24_000;
/** Records with so much text each, and more than this share of it in bytes that no text has, are hashes: they cannot be predicted. */
const noiseShare = 0.5;
const noiseBytesMin = 16;

export interface PlannedChange {
  readonly change: SectionChange;
  /** Old records kept since the change before, in whatever part that was. */
  readonly skip: number;
  /** For each inserted record; undefined: fresh. */
  readonly plans: readonly (EditPlan | undefined)[];
  /** What is not to be had from beside it. */
  readonly text: string;
  /** Whether modelling the text is a waste of time. */
  readonly plain: boolean;
}

export function planChange(change: SectionChange, skip: number): PlannedChange {
  const plans = change.inserted.map((record) => planInsert(change, record));
  const texts = change.inserted.map((record, i) => {
    const plan = plans[i];
    if (plan) return plan.edits.map(({ insert }) => insert).join("");
    return record.slice(Math.max(sharedLength(change.before, record), sharedLength(change.behind, record)));
  });
  const text = texts.join("");
  return { change, skip, plans, text, plain: text.length >= noiseBytesMin * texts.length && isNoise(text) };
}

function isNoise(text: string): boolean {
  let odd = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x7f || (code < 0x20 && code !== 0x0a && code !== 0x09)) odd++;
  }
  return odd > noiseShare * text.length;
}

export class PartBuilder {
  readonly kind: RuleKind;
  readonly changes: PlannedChange[] = [];
  readonly #texts: string[] = [];
  #textBytes = 0;
  #plain: boolean | undefined;

  constructor(kind: RuleKind) {
    this.kind = kind;
  }

  get plain(): boolean {
    return this.#plain === true;
  }

  get text(): string {
    return this.#texts.join("");
  }

  /** Whether the change has room; a part takes at least one, however large. */
  takes({ text, plain }: PlannedChange): boolean {
    if (this.changes.length === 0) return true;
    if (text.length > 0 && this.#plain !== undefined && plain !== this.#plain) return false;
    return this.#textBytes + text.length <= partTextBytes && this.changes.length < partChanges;
  }

  add(planned: PlannedChange): void {
    this.changes.push(planned);
    this.#texts.push(planned.text);
    this.#textBytes += planned.text.length;
    if (planned.text.length > 0) this.#plain = planned.plain;
  }

  /** Records that bring more text than this each, on average, are worth a look at the old ones. */
  brings(bytesPerInsertMin: number): boolean {
    const inserts = this.changes.reduce((sum, { change }) => sum + change.inserted.length, 0);
    return inserts > 0 && this.#textBytes / inserts >= bytesPerInsertMin;
  }
}
