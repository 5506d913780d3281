/** SPEC §4.6.8, §4.6.9 and §4.7: numbers and text of a part, read. */
import { type PartBits, ReferenceModel } from "./delta-bits.js";

const fields = [
  ..."kind exemplars exemplarGap plain changes skip removes inserts source gain length edits editSkip editRemove editInsert".split(
    " ",
  ),
];
const noGuess = { nibble: 0, level: 0 };

export class ReferenceNumbers {
  readonly #model = new ReferenceModel(12);
  readonly #ofField = new Map<string, number[]>();
  #all: number[] = [];

  read(bits: PartBits, field: string, beside = 0): number {
    const f = fields.indexOf(field);
    const F = Math.imul(f + 1, 0x9e3779b1);
    const [v1 = 0, v2 = 0] = this.#ofField.get(field) ?? [];
    const [w1 = 0, w2 = 0] = this.#all;
    this.#model.contexts = [
      F,
      Math.imul(F + v1, 0x2f0b4c47) + 1,
      Math.imul(Math.imul(F + v1, 0x2c1b3c6d) + v2, 0x3d4d51cb) + 2,
      Math.imul(F + w1, 0x6f4f2a35) + 3,
      Math.imul(Math.imul(F + w1, 0x2c1b3c6d) + w2, 0x297a2d39) + 4,
      Math.imul(Math.imul(F, 0x1fff7) + beside, 0x85ebca6b) + 5,
    ];
    const found = this.#number(bits, f);
    this.#ofField.set(field, [found, v1]);
    this.#all = [found, w1];
    return found;
  }

  #number(bits: PartBits, f: number): number {
    const nibble = (count: number, salt: number, use: number) =>
      this.#model.nibble(bits, count, salt, use, noGuess);
    const first = nibble(4, 1, 2 * f);
    if (first < 15) return first;
    let e = nibble(4, 2, 2 * f + 1);
    if (e === 15) e += nibble(4, 3, 2 * f + 1);
    let u = 1;
    const top = Math.min(e, 4);
    if (e > 0) u = 2 ** top + nibble(top, 16 + e, 2 * f + 1);
    for (let left = e - top; left > 0; left--) u = 2 * u + bits.read(32_768);
    return u + 14;
  }
}

const isWordByte = (byte: number) => byte >= 0x80 || /[A-Za-z0-9_]/.test(String.fromCharCode(byte));

export class ReferenceText {
  readonly #model: ReferenceModel;
  readonly #bytes: number[] = [];
  readonly #noted = new Map<number, number>();
  #match: { place: number; length: number } | undefined;
  #w = 0;

  constructor(modelBits: number) {
    this.#model = new ReferenceModel(modelBits);
  }

  /** SPEC §4.7.4 */
  begin(before: string): void {
    this.#w = 0;
    for (const byte of before.slice(-16)) this.#push(byte.charCodeAt(0));
    this.#match = this.#look();
  }

  read(bits: PartBits): number {
    this.#setContexts();
    const guessed = this.#match && (this.#bytes[this.#match.place] as number);
    const level = this.#match ? levelOf(this.#match.length) : 0;
    const high = this.#model.nibble(bits, 4, 1, 0, { nibble: (guessed ?? 0) >> 4, level });
    const agrees = guessed !== undefined && guessed >> 4 === high;
    const low = this.#model.nibble(bits, 4, 16 + high, 0, {
      nibble: (guessed ?? 0) & 15,
      level: agrees ? level : 0,
    });
    this.#after(16 * high + low);
    return 16 * high + low;
  }

  learn(record: string): void {
    this.begin("");
    for (const one of record) {
      const byte = one.charCodeAt(0);
      if (!this.#foretells(byte)) {
        this.#setContexts();
        this.#model.learn(byte >> 4, 1);
        this.#model.learn(byte & 15, 16 + (byte >> 4));
      }
      this.#after(byte);
    }
  }

  /** SPEC §4.7.5 */
  #foretells(byte: number): boolean {
    return this.#match !== undefined && this.#match.length >= 12 && this.#bytes[this.#match.place] === byte;
  }

  /** The byte so many places back. */
  #back(count: number): number {
    return this.#bytes[this.#bytes.length - count] ?? 0;
  }

  #setContexts(): void {
    const [c1, c2, c3, c4, c5, c6] = [1, 2, 3, 4, 5, 6].map((i) => this.#back(i)) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const q = c1 + 256 * c2 + 65_536 * c3 + 2 ** 24 * c4;
    this.#model.contexts = [
      Math.imul(c1 + 1, 0x2f0b4c47),
      Math.imul(q % 65_536, 0x3d4d51cb) + 1,
      Math.imul(q % 2 ** 24, 0x6f4f2a35) + 2,
      Math.imul(q, 0x9e3779b1) + 3,
      Math.imul(Math.imul(q, 0x2c1b3c6d) + c5 + 256 * c6, 0x297a2d39) + 4,
      Math.imul(this.#w, 0x5bd1e995) + (isWordByte(c1) ? 0 : c1 * 0x1fff7) + 5,
    ];
  }

  #push(byte: number): void {
    this.#bytes.push(byte);
    this.#w = isWordByte(byte) ? Math.imul(this.#w + byte + 1, 0x2f0b4c47) : 0;
  }

  /** SPEC §4.7.3 */
  #after(byte: number): void {
    const match = this.#match;
    const right = match !== undefined && this.#bytes[match.place] === byte;
    this.#push(byte);
    this.#match = right ? { place: match.place + 1, length: match.length + 1 } : this.#look();
    this.#noted.set(this.#hash(), this.#bytes.length);
  }

  #look(): { place: number; length: number } | undefined {
    const end = this.#bytes.length;
    const place = this.#noted.get(this.#hash());
    if (place === undefined || place === end || end - place >= 2 ** 20 - 40) return undefined;
    let length = 0;
    while (length < 40 && length < place && this.#bytes[place - 1 - length] === this.#back(length + 1))
      length++;
    return length < 6 ? undefined : { place, length };
  }

  #hash(): number {
    let h = 0;
    for (let i = 1; i <= 6; i++) h = Math.imul(h + this.#back(i) + 1, 0x2f0b4c47);
    return (h ^ (h >>> 15)) & (2 ** 18 - 1);
  }
}

function levelOf(length: number): number {
  return length < 16 ? length : Math.min(31, 16 + ((Math.min(length, 40) - 16) >> 1));
}
