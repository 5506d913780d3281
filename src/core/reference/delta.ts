/**
 * SPEC §4.4 to §4.6: a delta pack applied to the records of its base. How a delta is put together is its maker's choice; what it yields
 * is not, and that is all that is looked at here.
 */
import { byteString, byteStringBytes, concatBytes, equalBytes } from "../encoding/bytes.js";
import type { ByteReader } from "../encoding/varint.js";
import { VerificationError } from "../errors.js";
import { type ReferenceDatabase, type ReferenceSection, sharedPrefix, writeDatabase } from "./database.js";
import { type DeltaChange, type DeltaGroup, type DeltaInsert, cutsOf, readGroup } from "./delta-columns.js";
import { columnDictionary, textDictionary } from "./delta-preludes.js";
import { type ReferenceKind, referenceKinds } from "./model.js";
import { referenceLanguages } from "./languages.js";
import { type ReferenceCodec, broken, frameAt, packHeader } from "./packs.js";

const textFrameBytes = 128 * 1024;
const dictionaryBytesMax = 130_816;
const recentTextsBytesMax = 1024 * 1024;
const replacementsMax = 256;

export interface DeltaBase {
  readonly database: ReferenceDatabase;
  readonly sections: readonly ReferenceSection[];
}

/**
 * The database that comes out.
 *
 * @throws VerificationError PACK_MALFORMED, PACK_WRONG_BASE, DATABASE_DIGEST_MISMATCH, CODEC_FAILED
 */
export async function applyDelta(
  pack: Uint8Array,
  base: DeltaBase,
  codec: ReferenceCodec,
): Promise<ReferenceDatabase> {
  const { body, end } = packHeader(pack, 1);
  const [baseBytes, resultBytes, baseTag, resultTag] = [
    body.varint(),
    body.varint(),
    body.bytes(8),
    body.bytes(8),
  ];
  await requireTag(base.database, baseBytes, baseTag, "PACK_WRONG_BASE");
  const worker = new DeltaWorker(pack, end, body, base, codec);
  while (!worker.done) await worker.group();
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
  if (length === bytes && equalBytes(digest.subarray(0, 8), tag)) return;
  throw new VerificationError(code, "expected the database that the pack names, got another");
}

/** One kind on its way from the old records to the new ones. */
interface Passage {
  readonly old: readonly string[];
  at: number;
  readonly records: string[];
}

class DeltaWorker {
  readonly #pack: Uint8Array;
  readonly #base: DeltaBase;
  readonly #codec: ReferenceCodec;
  readonly #passages = new Map<ReferenceKind, Passage>();
  /** By number; forgotten ones are undefined. */
  readonly #recents: (string | undefined)[] = [];
  /** Columns that stand in the header. */
  #first: Uint8Array | undefined;
  #at: number;

  constructor(pack: Uint8Array, at: number, header: ByteReader, base: DeltaBase, codec: ReferenceCodec) {
    this.#pack = pack;
    this.#at = at;
    this.#first = header.left > 0 ? header.bytes(header.left) : undefined;
    this.#base = base;
    this.#codec = codec;
  }

  get done(): boolean {
    return this.#first === undefined && this.#at === this.#pack.length;
  }

  /** SPEC §4.4.8: old records behind the last change are kept. */
  sections(): ReferenceSection[] {
    return referenceKinds.map((kind) => {
      const { old, at, records } = this.#passage(kind);
      const { order, idOf } = referenceLanguages[kind];
      return { kind, order, idOf, records: records.concat(old.slice(at)) };
    });
  }

  async group(): Promise<void> {
    const isSorted = (kind: number) => referenceLanguages[kindAt(kind)].order === "sorted";
    const group = readGroup(await this.#columns(), isSorted);
    const text = byteString(await this.#text(group));
    let used = 0;
    const take = (length: number) => {
      used += length;
      return text.slice(used - length, used);
    };
    const fresh: string[] = [];
    for (const part of group.parts) {
      const kind = kindAt(part.kind);
      const exemplars = part.exemplars.map((number) => record(this.#passage(kind).old, number));
      for (const change of part.changes) this.#apply(kind, change, exemplars, take, fresh);
    }
    this.#remember(fresh);
  }

  #passage(kind: ReferenceKind): Passage {
    const found = this.#passages.get(kind);
    if (found !== undefined) return found;
    const old = this.#base.sections.find((section) => section.kind === kind)?.records ?? [];
    const made = { old, at: 0, records: [] };
    this.#passages.set(kind, made);
    return made;
  }

  async #columns(): Promise<Uint8Array> {
    const start = this.#first ?? (await this.#columnFrame());
    this.#first = undefined;
    const parts = [start];
    for (let cuts = cutsOf(start); cuts > 0; cuts--) parts.push(await this.#columnFrame());
    return concatBytes(...parts);
  }

  #columnFrame(): Promise<Uint8Array> {
    return this.#frame((bytes) => columnDictionary(bytes));
  }

  async #frame(dictionaryOf: (bytes: number) => Uint8Array | undefined, bytes?: number): Promise<Uint8Array> {
    const frame = frameAt(this.#pack, this.#at);
    this.#at += frame.bytes.length;
    if (bytes !== undefined && frame.contentBytes !== bytes) throw broken("a frame of another size");
    const dictionary = dictionaryOf(frame.contentBytes);
    return this.#codec.decompress(frame.bytes, frame.contentBytes, dictionary);
  }

  async #text(group: DeltaGroup): Promise<Uint8Array> {
    const inserts = group.parts.flatMap(({ changes }) => changes.flatMap((change) => change.inserts));
    let left = inserts.reduce((sum, insert) => sum + textBytes(insert), 0);
    const records = left === 0 ? new Uint8Array() : this.#dictionaryRecords(group);
    const parts: Uint8Array[] = [];
    for (; left > 0; left -= textFrameBytes) {
      parts.push(
        await this.#frame((bytes) => textDictionary(bytes, records), Math.min(left, textFrameBytes)),
      );
    }
    return concatBytes(...parts);
  }

  /** SPEC §4.6.1: exemplars, recent texts, and what changes with inserts leave out; of it all the end. */
  #dictionaryRecords({ parts, recents, replaced }: DeltaGroup): Uint8Array {
    const texts: string[] = [];
    for (const { kind, exemplars } of parts) {
      const { old } = this.#passage(kindAt(kind));
      for (const number of exemplars) texts.push(record(old, number));
    }
    for (const number of recents) texts.push(record(this.#recents, number));
    const places = new Map<number, number>();
    for (const { kind, changes } of replaced ? parts : []) {
      const passage = this.#passage(kindAt(kind));
      let at = places.get(kind) ?? passage.at;
      for (const { skips, removes, inserts } of changes) {
        at += skips;
        if (inserts.length > 0) texts.push(...passage.old.slice(at, at + removes));
        at += removes;
      }
      places.set(kind, at);
    }
    return byteStringBytes(texts.join("").slice(-dictionaryBytesMax));
  }

  #apply(
    kind: ReferenceKind,
    { skips, removes, inserts }: DeltaChange,
    exemplars: readonly string[],
    take: (length: number) => string,
    fresh: string[],
  ): void {
    const passage = this.#passage(kind);
    const kept = passage.old.slice(passage.at, passage.at + skips);
    const removed = passage.old.slice(passage.at + skips, passage.at + skips + removes);
    if (removed.length < removes || kept.length < skips) throw broken("changes behind the last record");
    for (const one of kept) passage.records.push(one);
    passage.at += skips + removes;
    const sources = [...removed.slice(0, replacementsMax), ...exemplars];
    for (const insert of inserts) {
      if (insert.source > 0) {
        passage.records.push(edited(record(sources, insert.source - 1), insert, take));
        continue;
      }
      const text = take((insert as { length: number }).length);
      passage.records.push(freshStart(kind, passage, (insert as { gain: number }).gain) + text);
      fresh.push(text);
    }
  }

  /** SPEC §4.6.3 */
  #remember(fresh: readonly string[]): void {
    for (const text of fresh) if (text.length >= 64 && text.length <= 65_536) this.#recents.push(text);
    let bytes = 0;
    for (let i = this.#recents.length - 1; i >= 0; i--) {
      bytes += this.#recents[i]?.length ?? 0;
      if (bytes > recentTextsBytesMax) this.#recents[i] = undefined;
    }
  }
}

function kindAt(place: number): ReferenceKind {
  const kind = referenceKinds[place];
  if (kind === undefined) throw broken("a kind that is none");
  return kind;
}

function record(list: readonly (string | undefined)[], number: number): string {
  const found = list[number];
  if (found === undefined) throw broken("a record that is none");
  return found;
}

function textBytes(insert: DeltaInsert): number {
  if ("length" in insert) return insert.length;
  return insert.edits.reduce((sum, { inserts }) => sum + inserts, 0);
}

/** SPEC §4.4.5: what a fresh record shares with those between which it stands. */
function freshStart(kind: ReferenceKind, { old, at, records }: Passage, gain: number): string {
  if (referenceLanguages[kind].order === "sequence") return "";
  const [before, behind] = [records.at(-1) ?? "", old[at] ?? ""];
  const length = sharedPrefix(before, behind) + Math.floor(gain / 2);
  const from = gain % 2 === 1 ? behind : before;
  if (length > from.length) throw broken("more shared than there is");
  return from.slice(0, length);
}

/** SPEC §4.4.6: words kept, words left out, text in their place, and what is left of the record. */
function edited(source: string, insert: DeltaInsert, take: (length: number) => string): string {
  const words = source.match(/[A-Za-z\x80-\xff]+|[0-9]+|[ \t]+|[\s\S]/g) ?? [];
  let at = 0;
  let text = "";
  for (const { skips, removes, inserts } of "edits" in insert ? insert.edits : []) {
    if (at + skips + removes > words.length) throw broken("more words than there are");
    text += words.slice(at, at + skips).join("") + take(inserts);
    at += skips + removes;
  }
  return text + words.slice(at).join("");
}
