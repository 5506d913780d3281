/**
 * Binary arithmetic coding: bits, each with the probability that it is 1, to bytes and back.
 *
 * Writer and reader have one face, so that whoever codes something describes it once: a reader is given any bit and answers
 * with the one that was written. Whole numbers below 2^32 alone, so the bytes are the same on every machine.
 */
import { ByteWriter, type Complain } from "../encoding/varint.js";

export interface BitCoder {
  /** @param one probability that the bit is 1, in 65,536ths, 1 to 65,535 */
  bit(bit: number, one: number): number;
}

/** The fewest bytes that stand for a number from `low` to `high`, behind which zeros are read. */
function tail(low: number, high: number): number[] {
  for (let count = 0; count < 4; count++) {
    const step = 2 ** (32 - 8 * count);
    const found = Math.ceil(low / step) * step;
    if (found <= high)
      return Array.from({ length: count }, (_, i) => Math.floor(found / 2 ** (24 - 8 * i)) & 255);
  }
  return [low >>> 24, (low >>> 16) & 255, (low >>> 8) & 255, low & 255];
}

/**
 * Last number of the lower part of a range, which stands for 1. Numbers of 32 bits are kept signed: engines hold those in place, larger
 * ones in objects of their own.
 */
function middle(low: number, high: number, one: number): number {
  const range = high - low;
  return (low + (range >>> 16) * one + (((range & 0xffff) * one) >>> 16)) | 0;
}

export class BitWriter implements BitCoder {
  readonly #out = new ByteWriter();
  #low = 0;
  #high = -1;

  get length(): number {
    return this.#out.length;
  }

  bit(bit: number, one: number): number {
    const split = middle(this.#low, this.#high, one);
    if (bit === 1) this.#high = split;
    else this.#low = (split + 1) | 0;
    while ((this.#low ^ this.#high) >>> 24 === 0) {
      this.#out.byte(this.#high >>> 24);
      this.#low <<= 8;
      this.#high = (this.#high << 8) | 255;
    }
    return bit;
  }

  finish(): Uint8Array<ArrayBuffer> {
    for (const byte of tail(this.#low >>> 0, this.#high >>> 0)) this.#out.byte(byte);
    return this.#out.take();
  }
}

export class BitReader implements BitCoder {
  readonly #bytes: Uint8Array;
  readonly #complain: Complain;
  #low = 0;
  #high = -1;
  #value = 0;
  #at = 0;

  constructor(bytes: Uint8Array, complain: Complain) {
    this.#bytes = bytes;
    this.#complain = complain;
    for (let i = 0; i < 4; i++) this.#value = (this.#value << 8) | this.#next();
  }

  /** @param _ is not looked at */
  bit(_: number, one: number): number {
    const split = middle(this.#low, this.#high, one);
    const bit = this.#value >>> 0 <= split >>> 0 ? 1 : 0;
    if (bit === 1) this.#high = split;
    else this.#low = (split + 1) | 0;
    while ((this.#low ^ this.#high) >>> 24 === 0) {
      this.#low <<= 8;
      this.#high = (this.#high << 8) | 255;
      this.#value = (this.#value << 8) | this.#next();
    }
    return bit;
  }

  /** SPEC §4.5.3: the bytes end exactly as a writer ends them. */
  end(): void {
    const shifted = this.#at - 4;
    const rest = this.#bytes.subarray(shifted);
    const expected = tail(this.#low >>> 0, this.#high >>> 0);
    if (rest.length !== expected.length || !expected.every((byte, i) => rest[i] === byte)) {
      throw this.#complain("expected a part to end where its last bit ends");
    }
  }

  #next(): number {
    // four bytes are read ahead
    if (this.#at >= this.#bytes.length + 4) throw this.#complain("expected more bytes of a part");
    return this.#bytes[this.#at++] ?? 0;
  }
}
