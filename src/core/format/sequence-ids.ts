/**
 * The ids of a sequence that is written: of rules that are added, and of those that an old sequence had. Which of its records stand where is
 * kept as runs, and its id table is gone through in its order, which is the new one's too: none of its entries is held.
 */
import { ByteWriter } from "../encoding/varint.js";
import { sharedLength } from "./block.js";
import { malformedDatabase } from "./directory.js";
import { type IDTableReader, type RuleEntry, writeIDEntry } from "./index-table.js";

/** A sequence that records are taken over from. */
export interface OldSequence {
  /** Every rule, in the order of the id table. */
  idTable(): Promise<IDTableReader>;
}

export class SequenceIDs {
  readonly #old: OldSequence | undefined;
  readonly #added: RuleEntry[] = [];
  /** Of each run its first old number, the one behind its last, and the first new number; all of them rise. */
  readonly #runs: { readonly from: number; end: number; readonly to: number }[] = [];

  constructor(old: OldSequence | undefined) {
    this.#old = old;
  }

  add(id: string, record: number): void {
    this.#added.push({ id, record });
  }

  /** Old records from `from` to `end` stand from number `to` on. */
  keep(from: number, end: number, to: number): void {
    const last = this.#runs.at(-1);
    if (last !== undefined && last.end === from && last.to + from - last.from === to) last.end = end;
    else this.#runs.push({ from, end, to });
  }

  /** The id table. @param rules that it must have @throws VerificationError DATABASE_MALFORMED */
  async table(rules: number): Promise<Uint8Array<ArrayBuffer>> {
    const old = this.#runs.length > 0 ? await this.#old?.idTable() : undefined;
    const writer = new ByteWriter();
    const added = this.#added.sort(inIDOrder);
    let [next, kept] = [0, 0];
    // what the id that was written last has in common with the next added one, and with the old one at hand
    let [withAdded, withOld] = [0, 0];
    const putAdded = () => {
      const entry = added[next++] as RuleEntry;
      writeIDEntry(writer, entry, withAdded);
      withAdded = sharedLength(entry.id, added[next]?.id ?? "");
    };
    while (old?.next()) {
      withOld = Math.min(withOld, old.shared);
      const record = this.#placeOf(old.record);
      if (record === undefined) continue;
      let shared = old.sharedWith(added[next]?.id ?? "");
      while (next < added.length && standsBefore(added[next] as RuleEntry, old, shared, record)) {
        putAdded();
        withOld = shared;
        shared = old.sharedWith(added[next]?.id ?? "");
      }
      old.write(writer, withOld, record);
      [withOld, withAdded] = [old.length, shared];
      kept++;
    }
    while (next < added.length) putAdded();
    if (kept + next === rules) return writer.take();
    throw malformedDatabase(`expected the ids of ${rules} rules, got ${kept + next}`);
  }

  /** The number that an old record has now; undefined when it was not kept. */
  #placeOf(record: number): number | undefined {
    let [low, high] = [0, this.#runs.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#runs[middle] as { readonly end: number }).end <= record) low = middle + 1;
      else high = middle;
    }
    const run = this.#runs[low];
    return run === undefined || record < run.from ? undefined : run.to + record - run.from;
  }
}

function inIDOrder(a: RuleEntry, b: RuleEntry): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : a.record - b.record;
}

/** Whether it stands before the id at hand of the old table, with which it shares so much, and whose record has the number `now`. */
function standsBefore({ id, record }: RuleEntry, old: IDTableReader, shared: number, now: number): boolean {
  if (shared === id.length) return shared < old.length || record < now;
  return shared < old.length && id.charCodeAt(shared) < (old.id[shared] as number);
}
