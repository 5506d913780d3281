/** LZMA's range coder: bits with adaptive probabilities to bytes and back. Whole numbers alone. */
import { ByteWriter, type Complain } from "../encoding/varint.js";
import type { ProbabilityCoder } from "./lzma-model.js";

const moving = 5;
const least = 2 ** 24;
const tailBytes = 5;

export class RangeWriter implements ProbabilityCoder {
  #out = new ByteWriter();
  /** Below 2^33: what is above 32 bits is carried into bytes that are held. */
  #low = 0;
  #range = 0xffff_ffff;
  #held = 0;
  #heldOnes = 0;
  #first = true;

  /** What `finish` would give at most. */
  get bytes(): number {
    return this.#out.length + this.#heldOnes + 1 + tailBytes;
  }

  bit(probabilities: Uint16Array, place: number, bit: number): number {
    const zero = probabilities[place] as number;
    const bound = (this.#range >>> 11) * zero;
    if (bit === 0) {
      this.#range = bound;
      probabilities[place] = zero + ((2048 - zero) >> moving);
    } else {
      this.#low += bound;
      this.#range -= bound;
      probabilities[place] = zero - (zero >> moving);
    }
    if (this.#range < least) this.#shift();
    return bit;
  }

  even(value: number, count: number): number {
    for (let i = count - 1; i >= 0; i--) {
      this.#range >>>= 1;
      if (((value >>> i) & 1) === 1) this.#low += this.#range;
      if (this.#range < least) this.#shift();
    }
    return value;
  }

  /** The bytes so far, and a new beginning. */
  finish(): Uint8Array<ArrayBuffer> {
    for (let i = 0; i < tailBytes; i++) this.#shift();
    const bytes = this.#out.take();
    this.#out = new ByteWriter();
    this.#low = 0;
    this.#range = 0xffff_ffff;
    this.#held = 0;
    this.#heldOnes = 0;
    this.#first = true;
    return bytes;
  }

  #shift(): void {
    const carry = this.#low >= 2 ** 32 ? 1 : 0;
    if (carry === 1 || this.#low < 0xff00_0000) {
      // the byte in front of the first one is the 0 that every LZMA chunk starts with
      this.#out.byte(this.#first ? 0 : (this.#held + carry) & 255);
      this.#first = false;
      for (; this.#heldOnes > 0; this.#heldOnes--) this.#out.byte((255 + carry) & 255);
      this.#held = (this.#low >>> 24) & 255;
    } else this.#heldOnes++;
    this.#low = (this.#low % least) * 256;
    this.#range = (this.#range << 8) >>> 0;
  }
}

export class RangeReader implements ProbabilityCoder {
  readonly #bytes: Uint8Array;
  readonly #complain: Complain;
  #at = tailBytes;
  #range = 0xffff_ffff;
  #code: number;

  constructor(bytes: Uint8Array, complain: Complain) {
    if (bytes.length < tailBytes || bytes[0] !== 0) throw complain("expected the start of an LZMA chunk");
    this.#bytes = bytes;
    this.#complain = complain;
    this.#code = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
  }

  bit(probabilities: Uint16Array, place: number, _bit: number): number {
    if (this.#range < least) this.#shift();
    const zero = probabilities[place] as number;
    const bound = (this.#range >>> 11) * zero;
    if (this.#code < bound) {
      this.#range = bound;
      probabilities[place] = zero + ((2048 - zero) >> moving);
      return 0;
    }
    this.#code -= bound;
    this.#range -= bound;
    probabilities[place] = zero - (zero >> moving);
    return 1;
  }

  even(_value: number, count: number): number {
    let found = 0;
    for (let i = 0; i < count; i++) {
      if (this.#range < least) this.#shift();
      this.#range >>>= 1;
      const bit = this.#code >= this.#range ? 1 : 0;
      if (bit === 1) this.#code -= this.#range;
      found = found * 2 + bit;
    }
    return found;
  }

  /** The bytes end exactly as a writer ends them. */
  end(): void {
    if (this.#range < least) this.#shift();
    if (this.#at !== this.#bytes.length || this.#code !== 0) {
      throw this.#complain("expected an LZMA chunk to end where its last bit ends");
    }
  }

  #shift(): void {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw this.#complain("expected more bytes of an LZMA chunk");
    this.#range = (this.#range << 8) >>> 0;
    this.#code = ((this.#code << 8) | byte) >>> 0;
  }
}
