/**
 * What a database's writer hands out: blocks with what the index says of them, and other bytes. A sink that knows blocks gets them one
 * by one, and a block of the database before by its entry alone; for a plain sink everything is put together into large pieces.
 */
import type { ByteSink } from "../encoding/stream.js";
import { ByteWriter } from "../encoding/varint.js";
import type { BlockEntry, BlockFacts } from "./index-table.js";

/** Takes a database in order. Whatever is neither `block` nor `reuse` comes by `write`. */
export interface BlockSink extends ByteSink {
  block(bytes: Uint8Array, facts: BlockFacts): Promise<void>;
  /** A block of the database that this one is made from, whose bytes the sink has already. */
  reuse(entry: BlockEntry): Promise<void>;
}

/** Counts, and keeps nothing: for whoever wants the digest alone. */
export const discardingSink: BlockSink = {
  write: async () => {},
  block: async () => {},
  reuse: async () => {},
};

/** What is mostly held between two calls of `flush`: it does not grow by steps, whose pages would all be touched. */
const roomBytes = 512 * 1024;

export class Outbox {
  readonly #sink: ByteSink;
  readonly #blocks: BlockSink | undefined;
  readonly #out: ByteWriter;
  #items: (() => Promise<void>)[] = [];
  #held = 0;
  /** Of everything put in so far. */
  length = 0;

  constructor(sink: ByteSink | BlockSink) {
    this.#sink = sink;
    this.#blocks = "reuse" in sink ? sink : undefined;
    this.#out = new ByteWriter(this.#blocks === undefined ? roomBytes : 0);
  }

  /** Whether `reuse` may be called. */
  get takesReferences(): boolean {
    return this.#blocks !== undefined;
  }

  put(bytes: Uint8Array): void {
    this.#count(bytes.length);
    if (this.#blocks === undefined) this.#out.bytes(bytes);
    else this.#items.push(() => this.#sink.write(bytes));
  }

  block(bytes: Uint8Array, facts: BlockFacts): void {
    const { length } = bytes;
    this.#count(length);
    const sink = this.#blocks;
    if (sink === undefined) this.#out.bytes(bytes);
    else this.#items.push(() => sink.block(bytes, facts));
  }

  reuse(entry: BlockEntry): void {
    const sink = this.#blocks;
    if (sink === undefined) throw new Error("this sink wants bytes");
    this.length += entry.bytes;
    this.#items.push(() => sink.reuse(entry));
  }

  /** Hands over what is held when it is so much. */
  async flush(atLeast: number): Promise<void> {
    if (this.#held < atLeast) return;
    this.#held = 0;
    if (this.#out.length > 0) await this.#sink.write(this.#out.takeView());
    const items = this.#items;
    this.#items = [];
    for (const hand of items) await hand();
  }

  #count(bytes: number): void {
    this.length += bytes;
    this.#held += bytes;
  }
}
