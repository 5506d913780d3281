/**
 * What a part of a delta says, one thing after the other, the same way for whoever writes and whoever reads it: a writer gives what
 * is so, a reader gives nothing and gets it.
 */
import { byteString } from "../encoding/bytes.js";
import { limits } from "../limits.js";
import type { BitCoder } from "./bit-coder.js";
import { sharedLength } from "./block.js";
import { type Field, NumberModel } from "./number-model.js";
import { malformedPack } from "./pack-header.js";
import { TextModel } from "./text-model.js";
import { wordsEnd } from "./word-edits.js";
import type { WordEdit } from "./word-edits.js";

const evenly = 32_768;
const piece = 4096;
/** Shape of the edits of one record: a number for each. */
const shapesMax = 64;

/** Models live as long as the delta; each part has a coder of its own. */
export class PartCoder {
  readonly #numbers = new NumberModel();
  readonly #text: TextModel;
  #coder: BitCoder | undefined;
  #plain = false;
  #shapes: number[] = [];

  readonly #recordBytesMax: number;

  /** @param databaseBytes of the result: no record is longer */
  constructor(modelBits: number, databaseBytes: number = limits.recordBytesMax) {
    this.#text = new TextModel(modelBits);
    this.#recordBytesMax = Math.min(limits.recordBytesMax, databaseBytes);
  }

  /** SPEC §4.7.1: in a plain part text is not modelled. */
  begin(coder: BitCoder): void {
    this.#coder = coder;
    this.#plain = false;
  }

  setPlain(plain: number): void {
    this.#plain = plain > 0;
  }

  number(field: Field, value: number | undefined, beside = 0): number {
    return this.#numbers.code(this.#coder as BitCoder, field, value ?? 0, beside);
  }

  learn(record: string): void {
    this.#text.begin("");
    this.#text.learn(record);
  }

  /** SPEC §4.4.5: a record between two others, or, in a sequence (`between` undefined), on its own. */
  fresh(record: string | undefined, between: { before: string; behind: string } | undefined): string {
    const prefix = between ? this.#sharedPrefix(record, between) : "";
    const rest = record?.slice(prefix.length);
    const length = this.#length("length", rest?.length, prefix.length);
    this.#text.begin(prefix);
    const whole = prefix + this.#string(rest, length);
    if (whole.length > this.#recordBytesMax) throw malformedPack("expected smaller records");
    return whole;
  }

  #sharedPrefix(record: string | undefined, { before, behind }: { before: string; behind: string }): string {
    const least = sharedLength(before, behind);
    let gain: number | undefined;
    if (record !== undefined) {
      const [withBefore, withBehind] = [sharedLength(before, record), sharedLength(behind, record)];
      gain = 2 * (Math.max(withBefore, withBehind) - least) + (withBehind > withBefore ? 1 : 0);
    }
    const found = this.number("gain", gain);
    const shared = least + Math.floor(found / 2);
    const neighbour = found % 2 === 1 ? behind : before;
    if (shared > neighbour.length) throw malformedPack("expected a record to share what its neighbour has");
    return neighbour.slice(0, shared);
  }

  /** SPEC §4.4.6: a record as edits of an old one. */
  edited(old: string, edits: readonly WordEdit[] | undefined): string {
    const count = this.number("edits", edits?.length, this.#shapes.length);
    const shapes: number[] = [];
    let text = "";
    let at = 0;
    for (let i = 0; i < count; i++) {
      const edit = edits?.[i];
      const shape = this.#shapes[i] ?? 0;
      const skip = this.number("editSkip", edit?.skip, shape);
      if (i > 0 && skip === 0) throw malformedPack("expected edits with words between them");
      const remove = this.number("editRemove", edit?.remove, shape);
      const length = this.#length("editInsert", edit?.insert.length, shape);
      if (shapes.length < shapesMax) shapes.push(shapeOf(i, skip, remove, length));
      const kept = wordsEnd(old, at, skip, malformedPack);
      text += old.slice(at, kept);
      this.#text.begin(text);
      text += this.#string(edit?.insert, length);
      at = wordsEnd(old, kept, remove, malformedPack);
      if (text.length > this.#recordBytesMax) throw malformedPack("expected smaller records");
    }
    this.#shapes = shapes;
    const record = text + old.slice(at);
    if (record.length > this.#recordBytesMax) throw malformedPack("expected smaller records");
    return record;
  }

  #length(field: Field, value: number | undefined, beside = 0): number {
    const length = this.number(field, value, beside);
    if (length > this.#recordBytesMax) {
      throw malformedPack(`expected at most ${this.#recordBytesMax} bytes of a record, got ${length}`);
    }
    return length;
  }

  /** Grows as it is read: a length that lies costs no memory. */
  #string(text: string | undefined, length: number): string {
    const coder = this.#coder as BitCoder;
    const bytes = new Uint8Array(Math.min(length, piece));
    let whole = "";
    for (let start = 0; start < length; start += piece) {
      const count = Math.min(piece, length - start);
      for (let i = 0; i < count; i++) {
        const byte = text === undefined ? 0 : text.charCodeAt(start + i);
        bytes[i] = this.#plain ? plainByte(coder, byte) : this.#text.byte(coder, byte);
      }
      whole += byteString(bytes.subarray(0, count));
    }
    return whole;
  }
}

function plainByte(coder: BitCoder, byte: number): number {
  let found = 0;
  for (let left = 7; left >= 0; left--) found = (found << 1) | coder.bit((byte >> left) & 1, evenly);
  return found;
}

function shapeOf(place: number, skip: number, remove: number, length: number): number {
  let shape = place + 1;
  for (const each of [skip, remove, length]) shape = Math.imul(shape, 0x2f0b4c47) + each;
  return shape | 0;
}
