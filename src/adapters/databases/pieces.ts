/** A database in pieces, each an object of its own, read as one. A few pieces are held open, those that were read last. */
import type { Sha256Hex } from "../../core/brands.js";
import { OperationError } from "../../core/errors.js";
import type { ObjectStore, OpenObject } from "../../ports/object-store.js";

export interface Piece {
  readonly sha256: Sha256Hex;
  readonly bytes: number;
}

const openPiecesMax = 8;

export class DatabasePieces implements OpenObject {
  readonly length: number;
  readonly #objects: ObjectStore;
  readonly #pieces: readonly Piece[];
  /** Where each piece starts. */
  readonly #starts: readonly number[];
  /** By number, least recently read first. */
  readonly #open = new Map<number, Promise<OpenObject>>();

  constructor(objects: ObjectStore, pieces: readonly Piece[]) {
    this.#objects = objects;
    this.#pieces = pieces;
    const starts: number[] = [];
    let length = 0;
    for (const { bytes } of pieces) {
      starts.push(length);
      length += bytes;
    }
    this.#starts = starts;
    this.length = length;
  }

  /** The piece that begins at `offset` and has so many bytes. */
  pieceOf(offset: number, bytes: number): Piece | undefined {
    const number = this.#pieceAt(offset);
    const piece = this.#pieces[number];
    return this.#starts[number] === offset && piece?.bytes === bytes ? piece : undefined;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const whole = new Uint8Array(length);
    for (let filled = 0; filled < length; ) {
      const number = this.#pieceAt(offset + filled);
      const from = offset + filled - (this.#starts[number] as number);
      const count = Math.min((this.#pieces[number] as Piece).bytes - from, length - filled);
      const part = await (await this.#piece(number)).read(from, count);
      if (count === length) return part;
      whole.set(part, filled);
      filled += count;
    }
    return whole;
  }

  async close(): Promise<void> {
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const piece of await Promise.allSettled(open)) {
      if (piece.status === "fulfilled") await piece.value.close();
    }
  }

  async #piece(number: number): Promise<OpenObject> {
    const known = this.#open.get(number) ?? this.#openPiece(number);
    this.#open.delete(number);
    this.#open.set(number, known);
    for (const [oldest, piece] of this.#open) {
      if (this.#open.size <= openPiecesMax) break;
      this.#open.delete(oldest);
      await (await piece).close();
    }
    return known;
  }

  async #openPiece(number: number): Promise<OpenObject> {
    const { sha256, bytes } = this.#pieces[number] as Piece;
    const found = await this.#objects.open(sha256);
    if (found?.length === bytes) return found;
    await found?.close();
    throw new OperationError("STORE_FAILED", `expected ${bytes} bytes of object ${sha256} in the store`);
  }

  #pieceAt(offset: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] as number) <= offset) low = middle;
      else high = middle;
    }
    return low;
  }
}
