/**
 * LZMA2 chunks to the bytes they stand for, right into the place they have. Nothing in them is believed: matches reach back to what is
 * there, chunks say no more bytes than are wanted, and every one ends where its last bit ends.
 */
import type { Complain } from "../encoding/varint.js";
import { RangeReader } from "./lzma-coder.js";
import {
  afterLiteral,
  afterMatch,
  afterRep,
  afterShortRep,
  isAfterLiteral,
  LzmaModel,
  places,
} from "./lzma-model.js";

/** What a chunk starts with: the first one sets everything up, later ones go on. */
export const firstChunk = 0xe0;
export const laterChunk = 0x80;
/** lc 4, lp 0, pb 0 as LZMA has it in a byte. */
export const properties = 4;

/** @returns exactly `length` bytes  @throws what `complain` makes */
export function readLzma2(bytes: Uint8Array, length: number, complain: Complain): Uint8Array {
  const reader = new LzmaReader(length, complain);
  let at = 0;
  for (let first = true; reader.at < length; first = false) {
    const headBytes = first ? 6 : 5;
    if (at + headBytes > bytes.length) throw complain("expected a chunk of LZMA2");
    const head = bytes.subarray(at, at + headBytes);
    const control = head[0] as number;
    const wanted = first ? firstChunk : laterChunk;
    if ((control & 0xe0) !== wanted || (first && head[5] !== properties)) {
      throw complain("expected a chunk of LZMA2 with lc 4, lp 0, pb 0 that goes on where the last one ended");
    }
    const content = (((control & 31) << 16) | ((head[1] as number) << 8) | (head[2] as number)) + 1;
    const coded = (((head[3] as number) << 8) | (head[4] as number)) + 1;
    at += headBytes;
    if (at + coded > bytes.length || reader.at + content > length) throw complain("expected a shorter chunk");
    reader.chunk(bytes.subarray(at, at + coded), content);
    at += coded;
  }
  if (at + 1 !== bytes.length || bytes[at] !== 0) throw complain("expected the end of LZMA2");
  return reader.content;
}

class LzmaReader {
  readonly content: Uint8Array;
  at = 0;
  readonly #model = new LzmaModel();
  readonly #complain: Complain;
  readonly #reps = new Int32Array(4);
  #state = 0;

  constructor(length: number, complain: Complain) {
    this.content = new Uint8Array(length);
    this.#complain = complain;
  }

  chunk(bytes: Uint8Array, length: number): void {
    const coder = new RangeReader(bytes, this.#complain);
    const end = this.at + length;
    const { probabilities } = this.#model;
    while (this.at < end) {
      if (coder.bit(probabilities, places.isMatch + this.#state, 0) === 0) this.#literal(coder);
      else this.#copy(this.#match(coder), end);
    }
    coder.end();
  }

  #literal(coder: RangeReader): void {
    const { content, at } = this;
    const before = at === 0 ? 0 : (content[at - 1] as number);
    const matched = isAfterLiteral(this.#state)
      ? -1
      : (content[at - 1 - (this.#reps[0] as number)] as number);
    content[at] = this.#model.literal(coder, before, matched, 0);
    this.at++;
    this.#state = afterLiteral(this.#state);
  }

  /** @returns the length; the distance is the first one of the last four */
  #match(coder: RangeReader): number {
    const reps = this.#reps;
    const { probabilities } = this.#model;
    const state = this.#state;
    if (coder.bit(probabilities, places.isRep + state, 0) === 0) {
      const length = this.#model.length(coder, places.length, 0);
      const distance = this.#model.distance(coder, length, 0);
      reps.copyWithin(1, 0, 3);
      // what is too far back for a signed number is too far back
      reps[0] = Math.min(distance, 0x7fff_ffff);
      this.#state = afterMatch(state);
      return length;
    }
    if (coder.bit(probabilities, places.isRepG0 + state, 0) === 0) {
      if (coder.bit(probabilities, places.isRep0Long + state, 0) === 0) {
        this.#state = afterShortRep(state);
        return 1;
      }
    } else {
      let which = 1;
      if (coder.bit(probabilities, places.isRepG1 + state, 0) === 1) {
        which = 2 + coder.bit(probabilities, places.isRepG2 + state, 0);
      }
      const distance = reps[which] as number;
      reps.copyWithin(1, 0, which);
      reps[0] = distance;
    }
    this.#state = afterRep(state);
    return this.#model.length(coder, places.repLength, 0);
  }

  #copy(length: number, end: number): void {
    const { content, at } = this;
    const from = at - 1 - (this.#reps[0] as number);
    if (from < 0 || at + length > end) throw this.#complain("expected a match within what is there");
    for (let i = 0; i < length; i++) content[at + i] = content[from + i] as number;
    this.at = at + length;
  }
}
