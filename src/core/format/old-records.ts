/** Old records by number, for the models. */
import type { RuleKind } from "../rules/model.js";
import { BlockMap } from "./block.js";
import { BlocksInTurn } from "./blocks-in-turn.js";
import type { Database } from "./database.js";
import { malformedDatabase } from "./directory.js";
import type { BlockEntry } from "./index-table.js";
import { malformedPack } from "./pack-header.js";

/**
 * The records of these rising numbers below the section's count, in their order, each good until the next one.
 *
 * @throws VerificationError PACK_MALFORMED for more than `bytesMax` bytes of them
 */
export async function* oldRecords(
  database: Database,
  kind: RuleKind,
  numbers: readonly number[],
  bytesMax: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const section = database.section(kind);
  if (!section) return;
  const blocks = new BlocksInTurn(section);
  const map = new BlockMap(malformedDatabase);
  let block = -1;
  /** Of its first record. */
  let first = 0;
  let bytes = 0;
  for (const number of numbers) {
    const wanted = section.blockOf(number);
    if (wanted !== block) {
      const entry = section.blocks[wanted] as BlockEntry;
      map.open(await blocks.block(wanted), entry.records);
      [block, first] = [wanted, entry.first];
    }
    const length = map.length(number - first);
    bytes += length;
    if (bytes > bytesMax) throw malformedPack(`expected at most ${bytesMax} bytes of exemplars`);
    yield map.bytes(number - first).subarray(0, length);
  }
}
