/** A section of a database as exporters want it: records in order, as often as they ask. */
import { parseBlock } from "./block.js";
import type { SectionReader } from "./database.js";
import { malformedDatabase } from "./directory.js";
import type { BlockEntry } from "./index-table.js";

/** Its blocks are read at once and stay packed until they are drawn, because a section may have millions of records. */
export async function sectionRecords(section: SectionReader): Promise<Iterable<string>> {
  const { facts, blocks } = section;
  const packed: Uint8Array[] = [];
  for (const block of blocks.keys()) packed.push(await section.rawBlock(block));
  return {
    *[Symbol.iterator]() {
      for (const [i, block] of packed.entries()) {
        yield* parseBlock(block, (blocks[i] as BlockEntry).records, facts.order, malformedDatabase);
      }
    },
  };
}
