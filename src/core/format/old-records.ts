/** Old records by number, for the models. */
import type { RuleKind } from "../rules/model.js";
import type { Database } from "./database.js";
import type { BlockEntry } from "./index-table.js";
import { malformedPack } from "./pack-header.js";

/**
 * The records of these rising numbers below the section's count, in their order.
 *
 * @throws VerificationError PACK_MALFORMED for more than `bytesMax` bytes of them
 */
export async function* oldRecords(
  database: Database,
  kind: RuleKind,
  numbers: readonly number[],
  bytesMax: number,
): AsyncGenerator<string, void, undefined> {
  const section = database.section(kind);
  let block = -1;
  let records: string[] = [];
  let bytes = 0;
  for (const number of numbers) {
    if (!section) return;
    const wanted = section.blockOf(number);
    if (wanted !== block) {
      records = await section.block(wanted);
      block = wanted;
    }
    const record = records[number - (section.blocks[block] as BlockEntry).first] as string;
    bytes += record.length;
    if (bytes > bytesMax) throw malformedPack(`expected at most ${bytesMax} bytes of exemplars`);
    yield record;
  }
}
