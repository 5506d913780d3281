/**
 * Numbers side by side in columns, the way zstd packs them best.
 *
 * A column is written plainly, a varint each, or in classes: a byte each that holds a small number or the size of a larger
 * one, whose low bits go to one common stream of bits, where they do not disturb what can be compressed.
 *
 *     class 0 … 15: the number itself;  class 16 + 2k + h: 4 + k + 1 bits, the second highest is h, the low 3 + k in the stream
 */
import { type ByteReader, ByteWriter } from "../encoding/varint.js";
import type { Complain } from "../encoding/varint.js";

const direct = 16;
const directBits = 4;
/** Numbers in classes stay below 2^31; a column with a larger one is written plainly. */
const classedMax = 2 ** 31 - 1;
const classMax = direct + 2 * (30 - directBits) + 1;

export type ColumnForm = "plain" | "classed";

/** Bits, the lowest of each byte first. */
export class BitWriter {
  readonly #bytes = new ByteWriter();
  #held = 0;
  #count = 0;

  /** @param count at most 30 */
  bits(value: number, count: number): void {
    for (let i = 0; i < count; i++) {
      this.#held |= ((value >>> i) & 1) << this.#count;
      if (++this.#count === 8) {
        this.#bytes.byte(this.#held);
        this.#held = 0;
        this.#count = 0;
      }
    }
  }

  take(): Uint8Array<ArrayBuffer> {
    if (this.#count > 0) this.#bytes.byte(this.#held);
    this.#held = 0;
    this.#count = 0;
    return this.#bytes.take();
  }
}

export class BitReader {
  readonly #reader: ByteReader;
  #held = 0;
  #count = 0;

  constructor(reader: ByteReader) {
    this.#reader = reader;
  }

  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      if (this.#count === 0) {
        this.#held = this.#reader.byte();
        this.#count = 8;
      }
      value |= (this.#held & 1) << i;
      this.#held >>>= 1;
      this.#count--;
    }
    return value;
  }
}

export function canBeClassed(column: readonly number[]): boolean {
  return column.every((value) => value <= classedMax);
}

export function writeColumn(
  writer: ByteWriter,
  bits: BitWriter,
  form: ColumnForm,
  column: readonly number[],
): void {
  if (form === "plain") {
    for (const value of column) writer.varint(value);
    return;
  }
  for (const value of column) {
    if (value < direct) {
      writer.byte(value);
      continue;
    }
    const low = 30 - Math.clz32(value);
    writer.byte(direct + 2 * (low + 1 - directBits) + ((value >>> low) & 1));
    bits.bits(value & ((1 << low) - 1), low);
  }
}

/**
 * The `count` numbers of a column. Numbers in classes are whole only after `finish`, which takes their low bits: columns
 * stand in front, the bits of all of them behind.
 */
export class ColumnReader {
  readonly #reader: ByteReader;
  readonly #complain: Complain;
  readonly #waiting: { values: number[]; lows: Uint8Array }[] = [];

  constructor(reader: ByteReader, complain: Complain) {
    this.#reader = reader;
    this.#complain = complain;
  }

  column(form: ColumnForm, count: number): number[] {
    // every number takes a byte at least: a count that lies ends here, before anything is allocated
    if (count > this.#reader.left) {
      throw this.#complain(`expected a column of ${count} numbers, got ${this.#reader.left} bytes`);
    }
    const values: number[] = [];
    if (form === "plain") {
      for (let i = 0; i < count; i++) values.push(this.#reader.varint());
      return values;
    }
    const lows = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      const found = this.#reader.byte();
      if (found > classMax) throw this.#complain(`expected a class up to ${classMax}, got ${found}`);
      if (found < direct) values.push(found);
      else {
        const low = ((found - direct) >> 1) + directBits - 1;
        values.push(2 ** (low + 1) + (found & 1) * 2 ** low);
        lows[i] = low;
      }
    }
    this.#waiting.push({ values, lows });
    return values;
  }

  finish(): void {
    const bits = new BitReader(this.#reader);
    for (const { values, lows } of this.#waiting) {
      lows.forEach((low, i) => {
        if (low > 0) values[i] = (values[i] as number) + bits.bits(low);
      });
    }
    this.#reader.end();
  }
}
