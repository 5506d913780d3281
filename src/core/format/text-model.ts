/**
 * Bytes of text in the contexts of the 1, 2, 3, 4 and 6 bytes before, of the word so far, and of the last place where the six
 * bytes before stood already. Old records can be learned, so that text like theirs costs little.
 */
import type { BitCoder } from "./bit-coder.js";
import { BitModel, type Guess } from "./bit-model.js";

const historyBits = 20;
const historyMask = 2 ** historyBits - 1;
const headBits = 18;
const matchBytesMin = 6;
const matchBytesMax = 40;
/** What of a prefix is told to the model before what follows it. */
export const prefixBytes = 16;

export class TextModel {
  readonly #model: BitModel;
  readonly #history = new Uint8Array(2 ** historyBits);
  /** Where each hash of six bytes stood last: one more than the place behind them. */
  readonly #heads = new Int32Array(2 ** headBits);
  #at = 0;
  #match = 0;
  #matchBytes = 0;
  #word = 0;
  readonly #guess: Guess = { nibble: -1, level: 0 };

  /** @param bits of the number of buckets */
  constructor(bits: number) {
    this.#model = new BitModel(6, 1, bits);
  }

  /** SPEC §4.7.4: what stands before the text to come, without learning from it. */
  begin(prefix: string): void {
    this.#word = 0;
    for (let i = Math.max(0, prefix.length - prefixBytes); i < prefix.length; i++)
      this.#note(prefix.charCodeAt(i));
    this.#matchBytes = 0;
    this.#seek();
  }

  /** Codes a byte; a reader gives any. */
  byte(coder: BitCoder, value: number): number {
    this.#setContexts();
    const guessed = this.#matchBytes > 0 ? this.#back(this.#at - this.#match) : -1;
    const guess = this.#guess;
    guess.level = guessed < 0 ? 0 : levelOf(this.#matchBytes);
    guess.nibble = guessed >> 4;
    const high = this.#model.nibble(coder, value >> 4, 4, 1, 0, guess);
    if (guessed >> 4 !== high) guess.level = 0;
    guess.nibble = guessed & 15;
    const low = this.#model.nibble(coder, value & 15, 4, 16 | high, 0, guess);
    const byte = (high << 4) | low;
    this.#advance(byte, guessed);
    return byte;
  }

  learn(text: string): void {
    for (let i = 0; i < text.length; i++) {
      const byte = text.charCodeAt(i);
      this.#setContexts();
      this.#model.learn(byte >> 4, 1);
      this.#model.learn(byte & 15, 16 | (byte >> 4));
      this.#advance(byte, this.#matchBytes > 0 ? this.#back(this.#at - this.#match) : -1);
    }
  }

  /** The byte so many places back, from 1 on. */
  #back(distance: number): number {
    return this.#history[(this.#at - distance) & historyMask] as number;
  }

  #setContexts(): void {
    const contexts = this.#model.contexts;
    const one = this.#back(1);
    const two = one | (this.#back(2) << 8);
    const three = two | (this.#back(3) << 16);
    const four = three | (this.#back(4) << 24);
    const six = Math.imul(four, 0x2c1b3c6d) + (this.#back(5) | (this.#back(6) << 8));
    contexts[0] = Math.imul(one + 1, 0x2f0b4c47);
    contexts[1] = Math.imul(two, 0x3d4d51cb) + 1;
    contexts[2] = Math.imul(three, 0x6f4f2a35) + 2;
    contexts[3] = Math.imul(four, 0x9e3779b1) + 3;
    contexts[4] = Math.imul(six, 0x297a2d39) + 4;
    contexts[5] = Math.imul(this.#word, 0x5bd1e995) + (isWord(one) ? 0 : Math.imul(one, 0x1fff7)) + 5;
  }

  #advance(byte: number, guessed: number): void {
    this.#note(byte);
    if (guessed === byte) {
      this.#match++;
      this.#matchBytes++;
    } else this.#matchBytes = 0;
    if (this.#matchBytes === 0) this.#seek();
    this.#heads[this.#hash()] = this.#at + 1;
  }

  #note(byte: number): void {
    this.#history[this.#at++ & historyMask] = byte;
    this.#word = isWord(byte) ? Math.imul(this.#word + byte + 1, 0x2f0b4c47) : 0;
  }

  #hash(): number {
    let hash = 0;
    for (let i = 1; i <= matchBytesMin; i++) hash = Math.imul(hash + this.#back(i) + 1, 0x2f0b4c47);
    return (hash ^ (hash >>> 15)) & (2 ** headBits - 1);
  }

  #seek(): void {
    const place = (this.#heads[this.#hash()] as number) - 1;
    const distance = this.#at - place;
    // right behind a record, what was noted last is this very place
    if (place < 0 || distance === 0 || distance >= 2 ** historyBits - matchBytesMax) return;
    let same = 0;
    while (same < matchBytesMax && same < place && this.#back(distance + same + 1) === this.#back(same + 1))
      same++;
    if (same < matchBytesMin) return;
    this.#match = place;
    this.#matchBytes = same;
  }
}

function levelOf(matchBytes: number): number {
  const bytes = Math.min(matchBytes, matchBytesMax);
  return bytes < 16 ? bytes : Math.min(31, 16 + ((bytes - 16) >> 1));
}

function isWord(byte: number): boolean {
  return (
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x5f ||
    byte >= 0x80
  );
}
