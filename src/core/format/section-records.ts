/** A section of a database as exporters want it: records in order, as often as they ask. */
import type { PackedRecords, RecordCursor } from "../rules/record-cursor.js";
import { BlockReader } from "./block.js";
import { BlocksInTurn } from "./blocks-in-turn.js";
import type { SectionReader } from "./database.js";
import { malformedDatabase } from "./directory.js";
import type { BlockEntry } from "./index-table.js";

/** Gives a block, good until the next one is asked for. */
type BlockSource = (block: number) => Uint8Array;

/**
 * A section may have millions of records: a block is read when its records are drawn. Where reading means waiting, all blocks are read
 * before, and stay packed until then.
 */
export async function sectionRecords(section: SectionReader): Promise<PackedRecords> {
  const { blocks } = section;
  const isHere = new BlocksInTurn(section).blockNow !== undefined;
  const all = isHere ? undefined : await allBlocks(section);
  const blocksInTurn = () => all ?? (new BlocksInTurn(section).blockNow as BlockSource);
  return {
    *[Symbol.iterator]() {
      const packed = blocksInTurn();
      for (const [i, entry] of blocks.entries()) yield* section.unpacked(entry, packed(i));
    },
    cursor: () => new SectionCursor(section, blocksInTurn()),
  };
}

async function allBlocks(section: SectionReader): Promise<BlockSource> {
  const packed: Uint8Array[] = [];
  for (const block of section.blocks.keys()) packed.push(await section.rawBlock(block));
  return (block) => packed[block] as Uint8Array;
}

class SectionCursor implements RecordCursor {
  readonly #blocks: readonly BlockEntry[];
  readonly #packed: BlockSource;
  readonly #reader: BlockReader;
  #block = 0;

  constructor({ blocks, facts }: SectionReader, packed: BlockSource) {
    this.#blocks = blocks;
    this.#packed = packed;
    this.#reader = new BlockReader(facts.order, malformedDatabase);
  }

  get bytes(): Uint8Array {
    return this.#reader.bytes;
  }

  get length(): number {
    return this.#reader.length;
  }

  next(): boolean {
    while (!this.#reader.next()) {
      const entry = this.#blocks[this.#block];
      if (entry === undefined) return false;
      this.#reader.open(this.#packed(this.#block++), entry.records);
    }
    return true;
  }
}
