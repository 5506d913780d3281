/**
 * Numbers and byte strings in little space: a writer that grows, and a reader that trusts nothing.
 * A varint is little-endian base 128, at most 2^53 - 1, in the fewest bytes; the reader refuses longer forms.
 */
import { byteString, copyBytes } from "./bytes.js";

export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #used = 0;

  /** @param room for so many bytes before it grows: what is not written costs nothing */
  constructor(room = 1024) {
    this.#bytes = new Uint8Array(room);
  }

  get length(): number {
    return this.#used;
  }

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#used++] = value;
  }

  varint(value: number): void {
    this.#room(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#used++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#used++] = rest;
  }

  bytes(part: Uint8Array): void {
    this.#room(part.length);
    this.#bytes.set(part, this.#used);
    this.#used += part.length;
  }

  /** The same for few bytes of many: nothing is made for them. */
  slice(bytes: Uint8Array, start: number, end: number): void {
    this.#room(end - start);
    copyBytes(this.#bytes, this.#used, bytes, start, end);
    this.#used += end - start;
  }

  /** The characters of a byte string from `start` on. */
  text(text: string, start = 0): void {
    this.#room(text.length - start);
    let at = this.#used;
    let seen = 0;
    for (let i = start; i < text.length; i++) {
      const code = text.charCodeAt(i);
      seen |= code;
      this.#bytes[at++] = code;
    }
    if (seen > 0xff) throw new Error("a byte string holds a character above U+00FF");
    this.#used = at;
  }

  /** A copy of everything written so far; the writer is empty afterwards. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(0, this.#used);
    this.#used = 0;
    return taken;
  }

  /** The same as a view, which is good until the next byte is written. */
  takeView(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#used);
    this.#used = 0;
    return taken;
  }

  #room(bytes: number): void {
    if (this.#used + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#used + bytes));
    larger.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = larger;
  }
}

/** Makes the error that a format wants for its broken bytes. */
export type Complain = (message: string) => Error;

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #complain: Complain;
  #at = 0;

  constructor(bytes: Uint8Array, complain: Complain) {
    this.#bytes = bytes;
    this.#complain = complain;
  }

  get offset(): number {
    return this.#at;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    if (this.left < 1) throw this.#complain("expected another byte, got the end");
    return this.#bytes[this.#at++] as number;
  }

  /** @param max largest value that makes sense here; a larger one is refused. */
  varint(max: number = Number.MAX_SAFE_INTEGER): number {
    // Nearly all of them are one byte.
    const first = this.#bytes[this.#at];
    if (first === undefined || first >= 0x80 || first > max) return this.#longVarint(max);
    this.#at++;
    return first;
  }

  #longVarint(max: number): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (value > max) throw this.#complain(`expected a number up to ${max}, got a larger one`);
      if (byte < 0x80) {
        // SPEC §3.1.3: one number has one form.
        if (byte === 0 && scale > 1) throw this.#complain("expected a number in its shortest form");
        return value;
      }
      scale *= 0x80;
      if (scale > 2 ** 49) throw this.#complain("expected a number below 2^53, got a longer one");
    }
  }

  /** A view, not a copy. */
  bytes(length: number): Uint8Array {
    if (length > this.left) throw this.#complain(`expected ${length} more bytes, got ${this.left}`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  skip(length: number): void {
    if (length > this.left) throw this.#complain(`expected ${length} more bytes, got ${this.left}`);
    this.#at += length;
  }

  text(length: number): string {
    return byteString(this.bytes(length));
  }

  end(): void {
    if (this.left > 0) throw this.#complain(`expected the end, got ${this.left} more bytes`);
  }
}
