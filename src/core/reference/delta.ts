/**
 * SPEC §4.4: a delta pack applied to the records of its base. How a delta is put together is its maker's choice; what it yields
 * is not, and that is all that is looked at here.
 */
import { equalBytes, utf8Bytes } from "../encoding/bytes.js";
import { ByteReader } from "../encoding/varint.js";
import { VerificationError } from "../errors.js";
import { type ReferenceDatabase, type ReferenceSection, sharedPrefix, writeDatabase } from "./database.js";
import { PartBits } from "./delta-bits.js";
import { ReferenceNumbers, ReferenceText } from "./delta-models.js";
import { referenceLanguages } from "./languages.js";
import { type ReferenceKind, referenceKinds } from "./model.js";
import { broken } from "./packs.js";

const replacementsMax = 256;
const shapesMax = 64;

export interface DeltaBase {
  readonly database: ReferenceDatabase;
  readonly sections: readonly ReferenceSection[];
}

/**
 * The database that comes out.
 *
 * @throws VerificationError PACK_MALFORMED, PACK_WRONG_BASE, DATABASE_DIGEST_MISMATCH
 */
export async function applyDelta(pack: Uint8Array, base: DeltaBase): Promise<ReferenceDatabase> {
  const reader = new ByteReader(pack, broken);
  const magic = [...utf8Bytes("RMP"), 2, 1];
  if (!magic.every((byte) => reader.byte() === byte)) throw broken("another kind");
  const [baseBytes, resultBytes] = [reader.varint(), reader.varint()];
  const [baseTag, resultTag, modelBits] = [reader.bytes(4), reader.bytes(4), reader.byte()];
  if (modelBits < 1 || modelBits > 19) throw broken("models of another size");
  await requireTag(base.database, baseBytes, baseTag, "PACK_WRONG_BASE");
  const worker = new DeltaWorker(base, modelBits);
  while (reader.left > 0) worker.part(reader.bytes(reader.varint(20 * 1024 * 1024)));
  const result = await writeDatabase(worker.sections());
  await requireTag(result, resultBytes, resultTag, "DATABASE_DIGEST_MISMATCH");
  return result;
}

async function requireTag(
  { bytes: { length }, digest }: ReferenceDatabase,
  bytes: number,
  tag: Uint8Array,
  code: "PACK_WRONG_BASE" | "DATABASE_DIGEST_MISMATCH",
): Promise<void> {
  if (length === bytes && equalBytes(digest.subarray(0, 4), tag)) return;
  throw new VerificationError(code, "expected the database that the pack names, got another");
}

/** One kind on its way from the old records to the new ones. */
interface Passage {
  readonly old: readonly string[];
  at: number;
  readonly records: string[];
}

class DeltaWorker {
  readonly #base: DeltaBase;
  readonly #passages = new Map<ReferenceKind, Passage>();
  readonly #numbers = new ReferenceNumbers();
  readonly #text: ReferenceText;
  #bits = new PartBits(new Uint8Array());
  #plain = false;
  #shapes: readonly number[] = [];
  #place = 0;

  constructor(base: DeltaBase, modelBits: number) {
    this.#base = base;
    this.#text = new ReferenceText(modelBits);
  }

  /** SPEC §4.4.8: old records behind the last change are kept. */
  sections(): ReferenceSection[] {
    return referenceKinds.map((kind) => {
      const { old, at, records } = this.#passage(kind);
      const { order, idOf } = referenceLanguages[kind];
      return { kind, order, idOf, records: records.concat(old.slice(at)) };
    });
  }

  /** SPEC §4.4.4 */
  part(bytes: Uint8Array): void {
    this.#bits = new PartBits(bytes);
    const place = this.#number("kind");
    const kind = referenceKinds[place];
    if (kind === undefined || place < this.#place) throw broken("a kind out of place");
    this.#place = place;
    const passage = this.#passage(kind);
    for (const record of this.#exemplars(passage.old)) this.#text.learn(record);
    this.#plain = this.#number("plain") > 0;
    for (let left = this.#number("changes"); left > 0; left--) this.#change(kind, passage);
    this.#bits.end();
  }

  #number(field: string, beside = 0): number {
    return this.#numbers.read(this.#bits, field, beside);
  }

  #passage(kind: ReferenceKind): Passage {
    const found = this.#passages.get(kind);
    if (found !== undefined) return found;
    const old = this.#base.sections.find((section) => section.kind === kind)?.records ?? [];
    const made = { old, at: 0, records: [] };
    this.#passages.set(kind, made);
    return made;
  }

  /** SPEC §4.4.7 */
  #exemplars(old: readonly string[]): string[] {
    const found: string[] = [];
    let least = 0;
    for (let left = this.#number("exemplars"); left > 0; left--) {
      const number = least + this.#number("exemplarGap");
      const record = old[number];
      if (record === undefined || found.length === 8192) throw broken("an exemplar that is none");
      found.push(record);
      least = number + 1;
    }
    return found;
  }

  #change(kind: ReferenceKind, passage: Passage): void {
    const [skip, removes] = [this.#number("skip"), this.#number("removes")];
    const inserts = this.#number("inserts", removes);
    const { old, at } = passage;
    if (removes + inserts === 0 || at + skip + removes > old.length) throw broken("a change out of place");
    for (const kept of old.slice(at, at + skip)) passage.records.push(kept);
    passage.at += skip + removes;
    const sources = old.slice(at + skip, passage.at).slice(0, replacementsMax);
    for (let i = 0; i < inserts; i++) {
      const source = this.#number("source", i);
      const from = sources[source - 1];
      if (source > 0 && from === undefined) throw broken("a record that is none");
      passage.records.push(from === undefined ? this.#fresh(kind, passage) : this.#edited(from));
    }
  }

  /** SPEC §4.4.5 */
  #fresh(kind: ReferenceKind, { old, at, records }: Passage): string {
    let prefix = "";
    if (referenceLanguages[kind].order === "sorted") {
      const [before, behind] = [records.at(-1) ?? "", old[at] ?? ""];
      const gain = this.#number("gain");
      const length = sharedPrefix(before, behind) + Math.floor(gain / 2);
      const from = gain % 2 === 1 ? behind : before;
      if (length > from.length) throw broken("more shared than there is");
      prefix = from.slice(0, length);
    }
    const length = this.#number("length", prefix.length);
    return prefix + this.#string(prefix, length);
  }

  /** SPEC §4.4.6 */
  #edited(source: string): string {
    const words = source.match(/[A-Za-z\x80-\xff]+|[0-9]+|[ \t]+|[\s\S]/g) ?? [];
    const h = (a: number, b: number) => (Math.imul(a, 0x2f0b4c47) + b) | 0;
    const shapes: number[] = [];
    let [at, text] = [0, ""];
    const edits = this.#number("edits", this.#shapes.length);
    for (let i = 0; i < edits; i++) {
      const shape = this.#shapes[i] ?? 0;
      const [skip, remove] = [this.#number("editSkip", shape), this.#number("editRemove", shape)];
      const length = this.#number("editInsert", shape);
      if (at + skip + remove > words.length || (i > 0 && skip === 0)) throw broken("words that are none");
      text += words.slice(at, at + skip).join("");
      text += this.#string(text, length);
      at += skip + remove;
      if (i < shapesMax) shapes.push(h(h(h(i + 1, skip), remove), length));
    }
    this.#shapes = shapes;
    return text + words.slice(at).join("");
  }

  /** Text behind what is there of its record. */
  #string(before: string, length: number): string {
    if (length > 16 * 1024 * 1024) throw broken("a record beyond belief");
    this.#text.begin(before);
    let text = "";
    for (let left = length; left > 0; left--) {
      let byte = 0;
      if (this.#plain) for (let i = 0; i < 8; i++) byte = 2 * byte + this.#bits.read(32_768);
      else byte = this.#text.read(this.#bits);
      text += String.fromCharCode(byte);
    }
    return text;
  }
}
