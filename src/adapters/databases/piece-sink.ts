/**
 * Cuts a database into pieces where its blocks say so, and puts each as an object. A piece ends behind a block whose digest begins
 * so, about every 32nd; so the same blocks make the same pieces in every database, and a piece whose blocks all come by
 * reference is neither read nor written.
 */
import type { BlockEntry, BlockFacts } from "../../core/format/index-table.js";
import type { BlockSink } from "../../core/format/outbox.js";
import type { ObjectStore } from "../../ports/object-store.js";
import type { DatabasePieces, Piece } from "./pieces.js";

const blocksPerPiece = 32;
const pieceBytesMax = 4 * 1024 * 1024;

export class PieceSink implements BlockSink {
  readonly #objects: ObjectStore;
  readonly #base: DatabasePieces | undefined;
  readonly #pieces: Piece[] = [];
  /** Of the piece being filled: bytes, or runs of the base's bytes. */
  #held: (Uint8Array | { readonly offset: number; bytes: number })[] = [];
  #bytes = 0;

  constructor(objects: ObjectStore, base: DatabasePieces | undefined) {
    this.#objects = objects;
    this.#base = base;
  }

  async write(bytes: Uint8Array): Promise<void> {
    // Tables change with every block, so they stand in pieces of their own.
    await this.#put();
    for (let at = 0; at < bytes.length; at += pieceBytesMax) {
      this.#hold(bytes.slice(at, at + pieceBytesMax));
      await this.#put();
    }
  }

  async block(bytes: Uint8Array, facts: BlockFacts): Promise<void> {
    // A copy: the caller may use its array again.
    this.#hold(bytes.slice());
    await this.#end(facts);
  }

  async reuse(entry: BlockEntry): Promise<void> {
    const before = this.#held.at(-1);
    if (before && !(before instanceof Uint8Array) && before.offset + before.bytes === entry.offset) {
      before.bytes += entry.bytes;
      this.#bytes += entry.bytes;
    } else {
      this.#held.push({ offset: entry.offset, bytes: entry.bytes });
      this.#bytes += entry.bytes;
    }
    await this.#end(entry);
  }

  async finish(): Promise<readonly Piece[]> {
    await this.#put();
    return this.#pieces;
  }

  #hold(bytes: Uint8Array): void {
    this.#held.push(bytes);
    this.#bytes += bytes.length;
  }

  async #end({ digest }: Pick<BlockFacts, "digest">): Promise<void> {
    if (digest.charCodeAt(0) % blocksPerPiece === 0 || this.#bytes >= pieceBytesMax) await this.#put();
  }

  async #put(): Promise<void> {
    if (this.#bytes > 0) this.#pieces.push(this.#known() ?? (await this.#objects.put(this.#chunks())));
    this.#held = [];
    this.#bytes = 0;
  }

  /** The piece of the base that holds exactly this, and nothing else. */
  #known(): Piece | undefined {
    const [only, more] = this.#held;
    if (more !== undefined || only === undefined || only instanceof Uint8Array) return undefined;
    return this.#base?.pieceOf(only.offset, only.bytes);
  }

  async *#chunks(): AsyncGenerator<Uint8Array> {
    for (const part of this.#held) {
      yield part instanceof Uint8Array
        ? part
        : await (this.#base as DatabasePieces).read(part.offset, part.bytes);
    }
  }
}
