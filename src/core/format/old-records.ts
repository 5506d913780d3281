/** Old records by number, for dictionaries, and how far in each section the groups of a delta have come. */
import type { RuleKind } from "../rules/model.js";
import type { Database } from "./database.js";
import type { Group } from "./delta-group.js";
import type { BlockEntry } from "./index-table.js";
import { malformedPack } from "./pack-header.js";

export class OldRecords {
  readonly #database: Database;
  readonly #positions = new Map<RuleKind, number>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Number of the first old record behind the changes of the groups before. */
  position(kind: RuleKind): number {
    return this.#positions.get(kind) ?? 0;
  }

  /** Moves behind the changes of a group. */
  advance(group: Pick<Group, "parts" | "columns">): void {
    let change = 0;
    for (const part of group.parts) {
      let at = this.position(part.kind);
      for (let end = change + part.changes; change < end; change++) {
        at += (group.columns.skips[change] as number) + (group.columns.removes[change] as number);
      }
      this.#positions.set(part.kind, at);
    }
  }

  /**
   * The records of these rising numbers, in their order; refuses more than `bytesMax` bytes of them.
   *
   * @throws VerificationError PACK_MALFORMED for a number that is out of range
   */
  async *at(
    kind: RuleKind,
    numbers: readonly number[],
    bytesMax: number,
  ): AsyncGenerator<string, void, undefined> {
    const section = this.#database.section(kind);
    let block = -1;
    let records: string[] = [];
    let bytes = 0;
    for (const number of numbers) {
      if (!section || number >= section.facts.records) {
        throw malformedPack(`expected the number of an old ${kind} record, got ${number}`);
      }
      const wanted = section.blockOf(number);
      if (wanted !== block) {
        records = await section.block(wanted);
        block = wanted;
      }
      const record = records[number - (section.blocks[block] as BlockEntry).first] as string;
      bytes += record.length;
      if (bytes > bytesMax) throw malformedPack(`expected a dictionary of at most ${bytesMax} bytes`);
      yield record;
    }
  }
}
