/** Bytes to LZMA2 chunks. The same bytes on every machine; memory is some twelve times the text. */
import { concatBytes } from "../encoding/bytes.js";
import { RangeWriter } from "./lzma-coder.js";
import { MatchFinder } from "./lzma-matches.js";
import {
  afterLiteral,
  afterMatch,
  afterRep,
  afterShortRep,
  isAfterLiteral,
  LzmaModel,
  matchBytesMax,
  places,
} from "./lzma-model.js";
import { freshStep, literalStep, Parser, type Step } from "./lzma-parser.js";
import { Prices } from "./lzma-prices.js";
import { firstChunk, laterChunk, properties } from "./lzma-reader.js";

const chunkContentMax = 2 ** 21 - matchBytesMax;
/** No symbol takes as much as what is left to 64 KiB. */
const chunkBytesMax = 65_536 - 64;
/** Prices are looked up anew after so many symbols. */
const pricesLast = 64;

export function writeLzma2(text: Uint8Array): Uint8Array<ArrayBuffer> {
  return new LzmaWriter(text).write();
}

class LzmaWriter {
  readonly #text: Uint8Array;
  readonly #model = new LzmaModel();
  readonly #prices = new Prices(this.#model);
  readonly #matches: MatchFinder;
  readonly #parser: Parser;
  readonly #coder = new RangeWriter();
  readonly #reps = new Int32Array(4);
  readonly #out: Uint8Array[] = [];
  #state = 0;
  #at = 0;
  #chunkStart = 0;

  constructor(text: Uint8Array) {
    this.#text = text;
    this.#matches = new MatchFinder(text);
    this.#parser = new Parser(text, this.#matches, this.#prices);
  }

  write(): Uint8Array<ArrayBuffer> {
    for (let symbols = 0; this.#at < this.#text.length; ) {
      if (symbols >= pricesLast) {
        this.#prices.update();
        symbols = 0;
      }
      const steps = this.#parser.parse(this.#state, this.#reps);
      symbols += steps.length;
      for (const step of steps) {
        if (this.#coder.bytes > chunkBytesMax || this.#at - this.#chunkStart > chunkContentMax)
          this.#endChunk();
        this.#write(step);
      }
    }
    if (this.#at > this.#chunkStart) this.#endChunk();
    return concatBytes(...this.#out, Uint8Array.of(0));
  }

  #endChunk(): void {
    const bytes = this.#coder.finish();
    const first = this.#chunkStart === 0;
    const content = this.#at - this.#chunkStart - 1;
    const coded = bytes.length - 1;
    const head = [
      (first ? firstChunk : laterChunk) | (content >>> 16),
      (content >>> 8) & 255,
      content & 255,
      coded >>> 8,
      coded & 255,
    ];
    this.#out.push(Uint8Array.from(first ? [...head, properties] : head), bytes);
    this.#chunkStart = this.#at;
  }

  #write({ step, length }: Step): void {
    const coder = this.#coder;
    const { probabilities } = this.#model;
    const state = this.#state;
    if (step === literalStep) {
      coder.bit(probabilities, places.isMatch + state, 0);
      this.#literal(state);
    } else {
      coder.bit(probabilities, places.isMatch + state, 1);
      coder.bit(probabilities, places.isRep + state, step < freshStep ? 1 : 0);
      if (step < freshStep) this.#rep(step, length, state);
      else {
        this.#model.length(coder, places.length, length);
        this.#model.distance(coder, length, step - freshStep);
        this.#reps.copyWithin(1, 0, 3);
        this.#reps[0] = step - freshStep;
        this.#state = afterMatch(state);
      }
    }
    this.#at += length;
  }

  #literal(state: number): void {
    const text = this.#text;
    const at = this.#at;
    const before = at === 0 ? 0 : (text[at - 1] as number);
    const matched = isAfterLiteral(state) ? -1 : (text[at - 1 - (this.#reps[0] as number)] as number);
    this.#model.literal(this.#coder, before, matched, text[at] as number);
    this.#state = afterLiteral(state);
  }

  #rep(which: number, length: number, state: number): void {
    const coder = this.#coder;
    const { probabilities } = this.#model;
    coder.bit(probabilities, places.isRepG0 + state, which === 0 ? 0 : 1);
    if (which === 0) {
      coder.bit(probabilities, places.isRep0Long + state, length === 1 ? 0 : 1);
      this.#state = length === 1 ? afterShortRep(state) : afterRep(state);
      if (length === 1) return;
    } else {
      coder.bit(probabilities, places.isRepG1 + state, which === 1 ? 0 : 1);
      if (which > 1) coder.bit(probabilities, places.isRepG2 + state, which - 2);
      const reps = this.#reps;
      const distance = reps[which] as number;
      reps.copyWithin(1, 0, which);
      reps[0] = distance;
      this.#state = afterRep(state);
    }
    this.#model.length(coder, places.repLength, length);
  }
}
