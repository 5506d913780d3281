/** Many sorted runs as one, record by record, in memory for a few blocks of each. */
import { BlockReader, putRecord, sharedBytes } from "../format/block.js";
import { BlocksInTurn } from "../format/blocks-in-turn.js";
import { malformedDatabase } from "../format/directory.js";
import type { SectionReader } from "../format/section-reader.js";
import { LoserTree } from "./loser-tree.js";

/** Records between two calls of `pause`. */
const pauseEvery = 1024;
/** Of all runs together; a block of each is read in any case. */
const readAheadBytes = 16 * 1024 * 1024;

/** Goes through a sorted section, from before its first record on. */
class RunCursor {
  readonly record = new BlockReader("sorted", malformedDatabase);
  /** Whoever merges tells runs apart by it. */
  readonly mark: number;
  readonly #section: SectionReader;
  readonly #blocks: BlocksInTurn;
  readonly #blockNow: BlocksInTurn["blockNow"];
  #block = 0;
  #startsBlock = false;

  constructor(section: SectionReader, mark: number, readAhead: number | undefined) {
    this.#section = section;
    this.#blocks = new BlocksInTurn(section, readAhead);
    this.#blockNow = this.#blocks.blockNow;
    this.mark = mark;
  }

  /** False when the next block must be loaded first, or there is none. */
  advance(): boolean {
    this.#startsBlock = false;
    return this.record.next();
  }

  /** Digest of the block whose first record is here; undefined within a block. */
  get blockDigest(): string | undefined {
    return this.#startsBlock ? this.#section.blocks[this.#block - 1]?.digest : undefined;
  }

  /** Digest of the block behind this one. */
  get nextDigest(): string | undefined {
    return this.#section.blocks[this.#block]?.digest;
  }

  /** Passes over the block behind this one, unread. */
  skip(): void {
    this.#block++;
  }

  /** Goes to the first record of the next block; false at the end. */
  async load(): Promise<boolean> {
    const entry = this.#section.blocks[this.#block];
    if (entry === undefined) return false;
    const block = this.#block++;
    this.record.open(this.#blockNow?.(block) ?? (await this.#blocks.block(block)), entry.records);
    this.#startsBlock = this.record.next();
    return this.#startsBlock;
  }
}

/**
 * Calls `each` for every record in order with the sum of the marks of the runs that hold it, and awaits `pause` now and then. The record
 * is the first `length` of the bytes, which the next one overwrites. Records of one run are unique. Of two runs whose marks cancel,
 * blocks that both have may be left out.
 */
export async function mergeRuns(
  runs: readonly { readonly section: SectionReader; readonly mark: number }[],
  each: (bytes: Uint8Array, length: number, marks: number) => void,
  pause: () => Promise<void> = async () => {},
): Promise<void> {
  const cursors: RunCursor[] = [];
  // Of two, most blocks may be left out.
  const readAhead = runs.length > 2 ? readAheadBytes / runs.length : undefined;
  for (const { section, mark } of runs) {
    const cursor = new RunCursor(section, mark, readAhead);
    if (await cursor.load()) cursors.push(cursor);
  }
  const tree = new LoserTree(cursors.map(({ record }) => record));
  const open = new Set(cursors);
  let pair = pairOf(open);
  let here = new Uint8Array(1024);
  for (let count = 1; open.size > 0; count++) {
    let top = cursors[tree.first] as RunCursor;
    const { length } = top.record;
    here = putRecord(here, top.record.bytes, 0, length, tree.shared);
    if (pair !== undefined) skipEqual(...pair);
    let marks = 0;
    do {
      marks += top.mark;
      if (top.advance()) tree.replay(top.record.shared);
      else if (await top.load())
        tree.replay(sharedBytes(here, length, top.record.bytes, 0, top.record.length));
      else {
        open.delete(top);
        pair = pairOf(open);
        tree.end();
      }
      top = cursors[tree.first] as RunCursor;
    } while (tree.shared === length && top.record.length === length);
    each(here, length, marks);
    if (count % pauseEvery === 0) await pause();
  }
}

/** Both, when there are two. */
function pairOf(open: ReadonlySet<RunCursor>): [RunCursor, RunCursor] | undefined {
  return open.size === 2 ? ([...open] as [RunCursor, RunCursor]) : undefined;
}

/** Two runs whose marks cancel: the blocks that both have behind the one at hand need not be read. */
function skipEqual(one: RunCursor, other: RunCursor): void {
  if (one.mark + other.mark !== 0 || one.blockDigest === undefined || one.blockDigest !== other.blockDigest)
    return;
  while (one.nextDigest !== undefined && one.nextDigest === other.nextDigest) {
    one.skip();
    other.skip();
  }
}
