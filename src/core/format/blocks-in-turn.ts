/**
 * The blocks of a section for whoever goes through them in order, each compared with its digest (SPEC §3.3.3): many with one read, and all of
 * them in the same place. Whoever leaves blocks out reads none of those.
 */
import type { ByteSource } from "../encoding/stream.js";
import type { BlockEntry } from "./index-table.js";
import type { SectionReader } from "./section-reader.js";

const spanBytes = 256 * 1024;

export class BlocksInTurn {
  readonly #section: SectionReader;
  readonly #source: ByteSource;
  #place: Uint8Array = new Uint8Array(0);
  /** Bytes of the last read, and how many reads went on where the one before ended: from the second on each brings twice as much. */
  #reach = 0;
  #inTurn = 0;
  #span: { readonly offset: number; readonly bytes: Uint8Array } = { offset: 0, bytes: this.#place };

  readonly #readAhead: number | undefined;

  /** @param readAhead bytes of a read, for whoever will take every block; without it reads grow while blocks are taken in turn */
  constructor(section: SectionReader, readAhead?: number) {
    this.#section = section;
    this.#readAhead = readAhead;
    this.#source = section.source;
  }

  /** Good until the next one is asked for. @throws VerificationError DATABASE_MALFORMED */
  async block(block: number): Promise<Uint8Array> {
    const { offset, bytes } = this.#spanFrom(block);
    if (bytes > 0) this.#span = { offset, bytes: await this.#source.read(offset, bytes, this.#place) };
    return this.#ofSpan(block);
  }

  /** Its records. @throws VerificationError DATABASE_MALFORMED */
  async records(block: number): Promise<string[]> {
    const bytes = await this.block(block);
    return this.#section.unpacked(this.#section.blocks[block] as BlockEntry, bytes);
  }

  /** `block` without waiting; undefined where the database is not on this machine. */
  get blockNow(): ((block: number) => Uint8Array) | undefined {
    const readNow = this.#source.readNow?.bind(this.#source);
    if (readNow === undefined) return undefined;
    return (block) => {
      const { offset, bytes } = this.#spanFrom(block);
      if (bytes > 0) this.#span = { offset, bytes: readNow(offset, bytes, this.#place) };
      return this.#ofSpan(block);
    };
  }

  /** What is to be read before this block is there; nothing when it is. */
  #spanFrom(block: number): { readonly offset: number; readonly bytes: number } {
    const { offset, bytes } = this.#section.blocks[block] as BlockEntry;
    const held = this.#span;
    if (offset >= held.offset && offset + bytes <= held.offset + held.bytes.length)
      return { offset, bytes: 0 };
    const { facts } = this.#section;
    const goesOn = held.bytes.length > 0 && offset === held.offset + held.bytes.length;
    this.#inTurn = goesOn ? this.#inTurn + 1 : 0;
    const wanted = this.#readAhead ?? (this.#inTurn < 2 ? bytes : Math.min(spanBytes, 2 * this.#reach));
    this.#reach = Math.max(bytes, Math.min(wanted, facts.offset + facts.blockBytes - offset));
    // what is not read into costs nothing, and to grow by steps would touch every step's pages
    if (this.#reach > this.#place.length) this.#place = new Uint8Array(Math.max(this.#reach, spanBytes));
    return { offset, bytes: this.#reach };
  }

  #ofSpan(block: number): Uint8Array {
    const entry = this.#section.blocks[block] as BlockEntry;
    const start = entry.offset - this.#span.offset;
    return this.#section.compared(entry, this.#span.bytes.subarray(start, start + entry.bytes));
  }
}
