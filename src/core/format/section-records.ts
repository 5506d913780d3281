/** A section of a database as exporters want it: records in order, as often as they ask. */
import { parseBlock } from "./block.js";
import type { SectionReader } from "./database.js";
import { malformedDatabase } from "./directory.js";

/**
 * A section may have millions of records: a block is read when its records are drawn. Where reading means waiting, all blocks are read
 * before, and stay packed until then.
 */
export async function sectionRecords(section: SectionReader): Promise<Iterable<string>> {
  const { facts, blocks } = section;
  const packed = section.rawBlockNow ?? (await allBlocks(section));
  return {
    *[Symbol.iterator]() {
      for (const [i, { records }] of blocks.entries()) {
        for (const record of parseBlock(packed(i), records, facts.order, malformedDatabase)) yield record;
      }
    },
  };
}

async function allBlocks(section: SectionReader): Promise<(block: number) => Uint8Array> {
  const packed: Uint8Array[] = [];
  for (const block of section.blocks.keys()) packed.push(await section.rawBlock(block));
  return (block) => packed[block] as Uint8Array;
}
