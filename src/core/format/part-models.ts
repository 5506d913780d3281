/**
 * The bits of a delta's parts (SPEC §4.5), and the models of numbers and of text that say how likely each is (§4.6, §4.7). They run
 * as a module of WebAssembly, whose source is the folder `assembly` beside this file: fast from the first byte on, and whole numbers
 * alone, so the bytes are the same on every machine.
 */
import { base64Bytes, byteString } from "../encoding/bytes.js";
import type { Complain } from "../encoding/varint.js";
import { partModels } from "./generated/part-models.js";

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

const places = Object.fromEntries(fields.map((field, place) => [field, place])) as Record<Field, number>;

/** What of a prefix is told to the model before what follows it. */
const prefixBytes = 16;
/** What the module takes at once. */
const pieceBytes = 4096;

/** The exports of `assembly/part-models.ts`, which says what they do. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  begin(bits: number): void;
  pieceAt(): number;
  partAt(bytes: number): number;
  write(): void;
  read(bytes: number): void;
  number(field: number, value: number, beside: number): number;
  prefix(bytes: number): void;
  text(bytes: number): void;
  plain(bytes: number): void;
  learn(bytes: number): void;
  isStarved(): number;
  endsHere(): number;
  endWriting(): number;
}

let compiled: Promise<WebAssembly.Module> | undefined;

/**
 * Models live as long as the delta. Each part is begun with `write` or `read`; then what is in it is said one thing after the other, the
 * same way for both: a reader gives nothing and gets what was written.
 */
export class PartModels {
  readonly #module: Exports;
  readonly #piece: number;
  readonly #complain: Complain;
  #memory = new Uint8Array(0);

  private constructor(module: Exports, complain: Complain) {
    this.#module = module;
    this.#piece = module.pieceAt();
    this.#complain = complain;
  }

  /** @param bits of the number of buckets for text, at most 19  @param complain of the bytes of a part that is read */
  static async open(bits: number, complain: Complain): Promise<PartModels> {
    compiled ??= WebAssembly.compile(base64Bytes(partModels));
    const { exports } = await WebAssembly.instantiate(await compiled);
    const module = exports as unknown as Exports;
    module.begin(bits);
    return new PartModels(module, complain);
  }

  write(): void {
    this.#module.write();
  }

  /** The bytes of the part that was written. */
  finish(): Uint8Array<ArrayBuffer> {
    const length = this.#module.endWriting();
    const start = this.#module.partAt(length);
    return this.#bytes.slice(start, start + length);
  }

  read(part: Uint8Array): void {
    const start = this.#module.partAt(part.length);
    this.#bytes.set(part, start);
    this.#module.read(part.length);
    this.#checkFed();
  }

  /** SPEC §4.5.3: the bytes end exactly as a writer ends them. */
  end(): void {
    if (!this.#module.endsHere()) throw this.#complain("expected a part to end where its last bit ends");
  }

  /** 0 to 2^31 + 13. @param beside another number that may say something about this one */
  number(field: Field, value: number, beside: number): number {
    const found = this.#module.number(places[field], value, beside) >>> 0;
    this.#checkFed();
    return found;
  }

  /** SPEC §4.7.4: what stands before the text to come. */
  begin(prefix: string): void {
    const last = prefix.slice(-prefixBytes);
    this.#put(last, 0, last.length);
    this.#module.prefix(last.length);
  }

  /** Text of so many bytes; it grows as it is read: a length that lies costs no memory. @param plain without a model */
  text(text: string | undefined, length: number, plain: boolean): string {
    let found = "";
    for (let start = 0; start < length; start += pieceBytes) {
      const bytes = Math.min(pieceBytes, length - start);
      if (text !== undefined) this.#put(text, start, bytes);
      if (plain) this.#module.plain(bytes);
      else this.#module.text(bytes);
      this.#checkFed();
      if (text === undefined) found += byteString(this.#bytes.subarray(this.#piece, this.#piece + bytes));
    }
    return text ?? found;
  }

  /** SPEC §4.7.5: an old record. */
  learn(record: Uint8Array): void {
    this.#module.prefix(0);
    for (let start = 0; start < record.length; start += pieceBytes) {
      const piece = record.subarray(start, start + pieceBytes);
      this.#bytes.set(piece, this.#piece);
      this.#module.learn(piece.length);
    }
  }

  /** The module's memory, which is another one when it has grown. */
  get #bytes(): Uint8Array<ArrayBuffer> {
    const { buffer } = this.#module.memory;
    if (this.#memory.buffer !== buffer) this.#memory = new Uint8Array(buffer);
    return this.#memory;
  }

  #put(text: string, start: number, length: number): void {
    const bytes = this.#bytes;
    for (let i = 0; i < length; i++) bytes[this.#piece + i] = text.charCodeAt(start + i);
  }

  #checkFed(): void {
    if (this.#module.isStarved()) throw this.#complain("expected more bytes of a part");
  }
}
