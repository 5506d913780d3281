/**
 * Numbers from 0 to 2^31 + 13, each of a field, in the contexts of what stood in that field before and of the numbers right before.
 *
 *     number = nibble n; below 15 the number itself, else u = number - 14 and e = floor(log2(u)) follow:
 *              nibble min(e, 15); at 15 a nibble e - 15; the min(e, 4) bits of u below its highest; the rest of u, each bit evenly
 */
import type { BitCoder } from "./bit-coder.js";
import { BitModel } from "./bit-model.js";

/** In the order of SPEC §4.6.8. */
export const fields = [
  "kind",
  "exemplars",
  "exemplarGap",
  "plain",
  "changes",
  "skip",
  "removes",
  "inserts",
  "source",
  "gain",
  "length",
  "edits",
  "editSkip",
  "editRemove",
  "editInsert",
] as const;
export type Field = (typeof fields)[number];

const direct = 15;
const modelBits = 12;
const evenly = 32_768;
const noGuess = { nibble: -1, level: 0 };

export class NumberModel {
  readonly #model = new BitModel(6, 2 * fields.length, modelBits);
  readonly #last = new Int32Array(fields.length);
  readonly #lastButOne = new Int32Array(fields.length);
  #before = 0;
  #beforeThat = 0;

  /** @param beside another number that may say something about this one */
  code(coder: BitCoder, field: Field, value: number, beside = 0): number {
    const place = fields.indexOf(field);
    this.#setContexts(place, beside);
    const use = 2 * place;
    const small = this.#model.nibble(coder, Math.min(value, direct), 4, 1, use, noGuess);
    const number = small < direct ? small : this.#large(coder, value - direct + 1, use + 1);
    this.#lastButOne[place] = this.#last[place] as number;
    this.#last[place] = number;
    this.#beforeThat = this.#before;
    this.#before = number;
    return number;
  }

  #large(coder: BitCoder, value: number, use: number): number {
    const exact = 31 - Math.clz32(value);
    let exponent = this.#model.nibble(coder, Math.min(exact, 15), 4, 2, use, noGuess);
    if (exponent === 15) exponent += this.#model.nibble(coder, exact - 15, 4, 3, use, noGuess);
    const modelled = Math.min(exponent, 4);
    let left = exponent - modelled;
    let found = 1;
    if (modelled > 0) {
      const top = (value >>> left) & ((1 << modelled) - 1);
      found = (1 << modelled) | this.#model.nibble(coder, top, modelled, 16 + exponent, use, noGuess);
    }
    for (; left > 0; left--) found = 2 * found + coder.bit((value >>> (left - 1)) & 1, evenly);
    return found + direct - 1;
  }

  #setContexts(place: number, beside: number): void {
    const contexts = this.#model.contexts;
    const last = this.#last[place] as number;
    const field = Math.imul(place + 1, 0x9e3779b1);
    contexts[0] = field;
    contexts[1] = Math.imul(field + last, 0x2f0b4c47) + 1;
    contexts[2] =
      Math.imul(Math.imul(field + last, 0x2c1b3c6d) + (this.#lastButOne[place] as number), 0x3d4d51cb) + 2;
    contexts[3] = Math.imul(field + this.#before, 0x6f4f2a35) + 3;
    contexts[4] = Math.imul(Math.imul(field + this.#before, 0x2c1b3c6d) + this.#beforeThat, 0x297a2d39) + 4;
    contexts[5] = Math.imul(Math.imul(field, 0x1fff7) + beside, 0x85ebca6b) + 5;
  }
}
