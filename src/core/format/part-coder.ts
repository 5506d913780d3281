/**
 * What a part of a delta says, one thing after the other, the same way for whoever writes and whoever reads it: a writer gives what
 * is so, a reader gives nothing and gets it.
 */
import { limits } from "../limits.js";
import { sharedLength } from "./block.js";
import { malformedPack } from "./pack-header.js";
import { type Field, PartModels } from "./part-models.js";
import { wordsEnd } from "./word-edits.js";
import type { WordEdit } from "./word-edits.js";

/** Shape of the edits of one record: a number for each. */
const shapesMax = 64;

/** Models live as long as the delta. */
export class PartCoder {
  readonly #models: PartModels;
  readonly #recordBytesMax: number;
  #plain = false;
  #shapes: number[] = [];

  private constructor(models: PartModels, databaseBytes: number) {
    this.#models = models;
    this.#recordBytesMax = Math.min(limits.recordBytesMax, databaseBytes);
  }

  /** @param databaseBytes of the result: no record is longer */
  static async open(modelBits: number, databaseBytes: number = limits.recordBytesMax): Promise<PartCoder> {
    return new PartCoder(await PartModels.open(modelBits, malformedPack), databaseBytes);
  }

  /** Begins a part that is written. */
  write(): void {
    this.#plain = false;
    this.#models.write();
  }

  /** The bytes of the part that was written. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#models.finish();
  }

  /** Begins a part that is read. */
  read(part: Uint8Array): void {
    this.#plain = false;
    this.#models.read(part);
  }

  /** SPEC §4.5.3: the part that was read ends here. */
  end(): void {
    this.#models.end();
  }

  /** SPEC §4.7.1: in a plain part text is not modelled. */
  setPlain(plain: number): void {
    this.#plain = plain > 0;
  }

  number(field: Field, value: number | undefined, beside = 0): number {
    return this.#models.number(field, value ?? 0, beside);
  }

  learn(record: Uint8Array): void {
    this.#models.learn(record);
  }

  /** SPEC §4.4.5: a record between two others, or, in a sequence (`between` undefined), on its own. */
  fresh(record: string | undefined, between: { before: string; behind: string } | undefined): string {
    const prefix = between ? this.#sharedPrefix(record, between) : "";
    const rest = record?.slice(prefix.length);
    const length = this.#length("length", rest?.length, prefix.length);
    this.#models.begin(prefix);
    const whole = prefix + this.#models.text(rest, length, this.#plain);
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
      this.#models.begin(text);
      text += this.#models.text(edit?.insert, length, this.#plain);
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
}

function shapeOf(place: number, skip: number, remove: number, length: number): number {
  let shape = place + 1;
  for (const each of [skip, remove, length]) shape = Math.imul(shape, 0x2f0b4c47) + each;
  return shape | 0;
}
