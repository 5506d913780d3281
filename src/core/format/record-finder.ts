/**
 * Single records of a sorted section, found without unpacking its blocks: front coding says of most records that they are still below the
 * one that is looked for. Blocks are compared with their digest (SPEC §3.3.3) and a few are kept.
 */
import { ByteReader } from "../encoding/varint.js";
import { malformedDatabase } from "./directory.js";
import { keyBytesMax } from "./index-table.js";
import { type FoundRule, type SectionReader, lastBlock } from "./section-reader.js";

export class RecordFinder {
  readonly #section: SectionReader;
  readonly #kept = new Map<number, Promise<Uint8Array>>();
  readonly #keptMax: number;

  constructor(section: SectionReader, blocksKeptMax = 64) {
    this.#section = section;
    this.#keptMax = blocksKeptMax;
  }

  /** The number of this record; undefined when there is none. @throws VerificationError DATABASE_MALFORMED */
  async find(record: string): Promise<number | undefined> {
    for (const block of this.#blocksOf(record)) {
      const place = await this.#placeIn(block, record);
      if (place.at === "found") return this.#first(block) + place.index;
      if (place.at === "above" || place.at === "prefix") return undefined;
    }
    return undefined;
  }

  /** The records that begin so, at most `most`. @throws VerificationError DATABASE_MALFORMED */
  async startingWith(prefix: string, most: number): Promise<readonly FoundRule[]> {
    const found: FoundRule[] = [];
    for (const block of this.#blocksOf(prefix)) {
      const place = await this.#placeIn(block, prefix);
      if (place.at === "above") break;
      if (place.at === "below") continue;
      const records = await this.#section.block(block);
      const own = records.slice(place.index).filter((record) => record.startsWith(prefix));
      found.push(...own.map((record, i) => ({ number: this.#first(block) + place.index + i, record })));
      if (found.length >= most || place.index + own.length < records.length) break;
    }
    return found.slice(0, most);
  }

  /** Those that may hold it or what begins like it, in order: a key is cut short, so equal keys say nothing. */
  *#blocksOf(record: string): Generator<number> {
    const { blocks } = this.#section;
    const cut = record.slice(0, keyBytesMax);
    for (let i = lastBlock(blocks, ({ key }) => key < cut); i < blocks.length; i++) {
      const { key } = blocks[i] as (typeof blocks)[number];
      if (key > cut && !key.startsWith(record)) return;
      yield i;
    }
  }

  #first(block: number): number {
    return this.#section.blocks[block]?.first ?? 0;
  }

  async #placeIn(block: number, record: string): Promise<Place> {
    return placeOf(await this.#raw(block), this.#section.blocks[block]?.records ?? 0, record);
  }

  #raw(block: number): Promise<Uint8Array> {
    const kept = this.#kept.get(block) ?? this.#section.rawBlock(block);
    this.#kept.delete(block);
    this.#kept.set(block, kept);
    // A read that failed may succeed the next time.
    kept.catch(() => this.#kept.delete(block));
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > this.#keptMax && oldest !== undefined) this.#kept.delete(oldest);
    return kept;
  }
}

/** `prefix`: the first record that is not below begins with what was looked for; `below`: every record is below. */
interface Place {
  readonly at: "found" | "prefix" | "above" | "below";
  readonly index: number;
}

/** Every record before the one at hand is below `wanted` and shares its first `match` bytes with it, no more. */
function placeOf(block: Uint8Array, records: number, wanted: string): Place {
  const reader = new ByteReader(block, malformedDatabase);
  let match = 0;
  for (let index = 0; index < records; index++) {
    const shared = reader.varint(block.length);
    const rest = reader.varint(reader.left);
    const start = reader.offset;
    reader.skip(rest);
    // The byte that put the record before below stands in this one too.
    if (shared > match) continue;
    if (shared < match) return { at: "above", index };
    let at = 0;
    while (at < rest && match < wanted.length && block[start + at] === wanted.charCodeAt(match)) {
      at++;
      match++;
    }
    if (match === wanted.length) return { at: at === rest ? "found" : "prefix", index };
    if (at < rest && (block[start + at] as number) > wanted.charCodeAt(match)) return { at: "above", index };
  }
  return { at: "below", index: records };
}
