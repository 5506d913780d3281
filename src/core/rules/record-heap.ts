/** Records in one piece of memory, and in byte order when somebody asks: an object for each of millions costs more than all else. */
import { byteString } from "../encoding/bytes.js";
import type { RecordSink } from "./model.js";

/** Fewer are sorted by moving each to its place. */
const fewRecords = 12;

export class RecordHeap implements RecordSink {
  bytes = new Uint8Array(64 * 1024);
  #used = 0;
  /** Where each record starts, in the order in which they came; and the end of the last. */
  #starts = new Uint32Array(4096);
  /** Numbers of the records in the order in which they are wanted. */
  #order: Uint32Array | undefined;
  #count = 0;

  get count(): number {
    return this.#order?.length ?? this.#count;
  }

  start(i: number): number {
    return this.#starts[this.#number(i)] as number;
  }

  end(i: number): number {
    return this.#starts[this.#number(i) + 1] as number;
  }

  text(i: number): string {
    return byteString(this.bytes.subarray(this.start(i), this.end(i)));
  }

  /** @param record a byte string */
  add(record: string): void {
    const { length } = record;
    const bytes = this.#room(length);
    for (let i = 0, at = this.#used; i < length; i++) bytes[at++] = record.charCodeAt(i);
    this.#end(length);
  }

  addBytes(from: Uint8Array, start: number, end: number): void {
    const bytes = this.#room(end - start);
    for (let i = start, at = this.#used; i < end; i++) bytes[at++] = from[i] as number;
    this.#end(end - start);
  }

  /** From now on the records stand in byte order, each once; no more may come. */
  sort(): void {
    const order = new Uint32Array(this.#count);
    for (let i = 0; i < order.length; i++) order[i] = i;
    this.#sort(order, 0, order.length, 0);
    let kept = 0;
    for (const number of order) {
      if (kept === 0 || this.#compare(order[kept - 1] as number, number, 0) !== 0) order[kept++] = number;
    }
    this.#order = order.subarray(0, kept);
  }

  #room(length: number): Uint8Array {
    if (this.#used + length > this.bytes.length) {
      const larger = new Uint8Array(2 * this.bytes.length + length);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    return this.bytes;
  }

  /** The next bytes are a record. */
  #end(length: number): void {
    this.#used += length;
    this.#count++;
    if (this.#count === this.#starts.length) {
      const more = new Uint32Array(2 * this.#count);
      more.set(this.#starts);
      this.#starts = more;
    }
    this.#starts[this.#count] = this.#used;
  }

  #number(i: number): number {
    return this.#order === undefined ? i : (this.#order[i] as number);
  }

  /**
   * Those before `to` from `from` on, whose first `shared` bytes are the same: quicksort by the next byte, in three ways (Bentley and
   * Sedgewick, Fast Algorithms for Sorting and Searching Strings, 1997).
   */
  #sort(order: Uint32Array, from: number, to: number, shared: number): void {
    let [low, high, depth] = [from, to, shared];
    while (high - low > fewRecords) {
      const pivot = this.#middle(order, low, high, depth);
      let [less, more] = [low, high];
      for (let i = low; i < more; ) {
        const number = order[i] as number;
        const byte = this.#byte(number, depth);
        if (byte < pivot) {
          order[i++] = order[less] as number;
          order[less++] = number;
        } else if (byte > pivot) {
          order[i] = order[--more] as number;
          order[more] = number;
        } else i++;
      }
      this.#sort(order, low, less, depth);
      this.#sort(order, more, high, depth);
      // Records that end here are all the same.
      if (pivot < 0) return;
      [low, high, depth] = [less, more, depth + 1];
    }
    this.#insert(order, low, high, depth);
  }

  #insert(order: Uint32Array, low: number, high: number, depth: number): void {
    for (let i = low + 1; i < high; i++) {
      const number = order[i] as number;
      let at = i;
      for (; at > low && this.#compare(order[at - 1] as number, number, depth) > 0; at--)
        order[at] = order[at - 1] as number;
      order[at] = number;
    }
  }

  /** Of the bytes of three records the one between the others. */
  #middle(order: Uint32Array, low: number, high: number, depth: number): number {
    const a = this.#byte(order[low] as number, depth);
    const b = this.#byte(order[(low + high) >>> 1] as number, depth);
    const c = this.#byte(order[high - 1] as number, depth);
    return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
  }

  /** -1 behind the last. */
  #byte(number: number, depth: number): number {
    const at = (this.#starts[number] as number) + depth;
    return at < (this.#starts[number + 1] as number) ? (this.bytes[at] as number) : -1;
  }

  /** Both share their first `depth` bytes. */
  #compare(one: number, other: number, depth: number): number {
    const { bytes } = this;
    let a = (this.#starts[one] as number) + depth;
    let b = (this.#starts[other] as number) + depth;
    const aEnd = this.#starts[one + 1] as number;
    const bEnd = this.#starts[other + 1] as number;
    while (a < aEnd && b < bEnd && bytes[a] === bytes[b]) {
      a++;
      b++;
    }
    if (a === aEnd || b === bEnd) return aEnd - a - (bEnd - b);
    return (bytes[a] as number) - (bytes[b] as number);
  }
}
