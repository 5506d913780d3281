/**
 * What separates two sections: changes in the order of the old one, each a run of old records that go and new ones that come.
 *
 * Sorted sections are merged block by block, and blocks that are the same on both sides are not even read; sequences are another matter
 * (sequence-diff.ts).
 */
import { BlocksInTurn } from "./blocks-in-turn.js";
import type { Database, SectionReader } from "./database.js";
import type { RuleKind } from "../rules/model.js";
import { type SectionChange, changeBytesMax, changeRecordsMax } from "./section-change.js";
import { diffSequences } from "./sequence-diff.js";

export function diffSections(from: Database, to: Database, kind: RuleKind): AsyncGenerator<SectionChange> {
  return from.languages(kind).order === "sorted"
    ? diffSorted(from.section(kind), to.section(kind))
    : diffSequences(from.section(kind), to.section(kind));
}

class Cursor {
  readonly #section: SectionReader | undefined;
  readonly #blocks: BlocksInTurn | undefined;
  #block = 0;
  #records: readonly string[] = [];
  #place = 0;
  /** Number of the record that `here` shows. */
  number = 0;

  constructor(section: SectionReader | undefined) {
    this.#section = section;
    this.#blocks = section && new BlocksInTurn(section);
  }

  /** Undefined at the end, once `load` has been awaited. */
  get here(): string | undefined {
    return this.#records[this.#place];
  }

  advance(): void {
    this.#place++;
    this.number++;
  }

  get mustLoad(): boolean {
    return this.#place === this.#records.length && this.#block < (this.#section?.blocks.length ?? 0);
  }

  async load(): Promise<void> {
    this.#records = await (this.#blocks as BlocksInTurn).records(this.#block++);
    this.#place = 0;
  }

  /** Steps over the next block of both when their indexes say that it is the same. */
  static stepOver(a: Cursor, b: Cursor): boolean {
    if (!a.mustLoad || !b.mustLoad) return false;
    const one = a.#section?.blocks[a.#block];
    if (one === undefined || one.digest !== b.#section?.blocks[b.#block]?.digest) return false;
    for (const cursor of [a, b]) {
      cursor.#block++;
      cursor.number += one.records;
      cursor.#records = [];
      cursor.#place = 0;
    }
    return true;
  }
}

async function* diffSorted(
  from: SectionReader | undefined,
  to: SectionReader | undefined,
): AsyncGenerator<SectionChange> {
  const a = new Cursor(from);
  const b = new Cursor(to);
  let change: SectionChange | undefined;
  let bytes = 0;
  // undefined right behind blocks that were stepped over
  let newest: string | undefined = "";
  for (;;) {
    if (!change && stepOverAll(a, b)) newest = undefined;
    if (a.mustLoad) await a.load();
    if (b.mustLoad) await b.load();
    const old = a.here;
    const next = b.here;
    const full =
      change && (bytes > changeBytesMax || change.removed.length + change.inserted.length > changeRecordsMax);
    if (change && (old === next || full)) {
      change.behind = old ?? "";
      yield change;
      change = undefined;
      continue;
    }
    if (old === undefined && next === undefined) return;
    if (old === next) {
      newest = next as string;
      a.advance();
      b.advance();
      continue;
    }
    if (!change) {
      newest ??= await lastBefore(to, b.number);
      change = { at: a.number, removed: [], inserted: [], before: newest, behind: "" };
      bytes = 0;
    }
    if (next === undefined || (old !== undefined && old < next)) {
      change.removed.push(old as string);
      bytes += (old as string).length;
      a.advance();
    } else {
      change.inserted.push(next);
      bytes += next.length;
      newest = next;
      b.advance();
    }
  }
}

function stepOverAll(a: Cursor, b: Cursor): boolean {
  let any = false;
  while (Cursor.stepOver(a, b)) any = true;
  return any;
}

/** The record in front of number `number`. */
async function lastBefore(section: SectionReader | undefined, number: number): Promise<string> {
  if (!section || number === 0) return "";
  const records = await section.block(section.blockOf(number - 1));
  return records.at(-1) as string;
}
