/** Many sorted runs as one, record by record, in memory for one block of each. */
import type { SectionReader } from "../format/section-reader.js";

/** Records between two calls of `pause`. */
const pauseEvery = 1024;

/** Goes through a sorted section. `here` is its record at the moment; behind the last one the cursor is at its end. */
class RunCursor {
  here = "";
  readonly #section: SectionReader;
  /** Whoever merges tells runs apart by it. */
  readonly mark: number;
  #block = 0;
  #records: readonly string[] = [];
  #at = 0;

  constructor(section: SectionReader, mark: number) {
    this.#section = section;
    this.mark = mark;
  }

  /** False when the next block must be loaded first, or there is none. */
  advance(): boolean {
    if (++this.#at >= this.#records.length) return false;
    this.here = this.#records[this.#at] as string;
    return true;
  }

  /** Digest of the block whose first record is here; undefined within a block. */
  get blockDigest(): string | undefined {
    return this.#at === 0 ? this.#section.blocks[this.#block - 1]?.digest : undefined;
  }

  /** Digest of the block behind this one. */
  get nextDigest(): string | undefined {
    return this.#section.blocks[this.#block]?.digest;
  }

  /** Passes over the block behind this one, unread. */
  skip(): void {
    this.#block++;
  }

  /** False at the end. */
  async load(): Promise<boolean> {
    if (this.#block >= this.#section.blocks.length) return false;
    this.#records = await this.#section.block(this.#block++);
    this.#at = 0;
    this.here = this.#records[0] as string;
    return true;
  }
}

/**
 * Calls `each` for every record in order with the sum of the marks of the runs that hold it, and awaits `pause` now and then.
 * Records of one run are unique. Of two runs whose marks cancel, blocks that both have may be left out.
 */
export async function mergeRuns(
  runs: Iterable<{ readonly section: SectionReader; readonly mark: number }>,
  each: (record: string, marks: number) => void,
  pause: () => Promise<void> = async () => {},
): Promise<void> {
  const heap: RunCursor[] = [];
  for (const { section, mark } of runs) {
    const cursor = new RunCursor(section, mark);
    if (await cursor.load()) heap.push(cursor);
  }
  for (let i = (heap.length >> 1) - 1; i >= 0; i--) sink(heap, i);
  for (let count = 1; heap.length > 0; count++) {
    const record = (heap[0] as RunCursor).here;
    let marks = 0;
    if (heap.length === 2) skipEqual(heap[0] as RunCursor, heap[1] as RunCursor);
    for (let top = heap[0]; top !== undefined && top.here === record; top = heap[0]) {
      marks += top.mark;
      if (!top.advance() && !(await top.load())) {
        const last = heap.pop() as RunCursor;
        if (last !== top) heap[0] = last;
      }
      sink(heap, 0);
    }
    each(record, marks);
    if (count % pauseEvery === 0) await pause();
  }
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

/** Puts the cursor at `i` in its place below. */
function sink(heap: RunCursor[], i: number): void {
  const moved = heap[i];
  if (moved === undefined) return;
  let at = i;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && (heap[child + 1] as RunCursor).here < (heap[child] as RunCursor).here)
      child++;
    if ((heap[child] as RunCursor).here >= moved.here) break;
    heap[at] = heap[child] as RunCursor;
    at = child;
  }
  heap[at] = moved;
}
