/** From the database in use to the files that engines load. */
import { OperationError } from "../core/errors.js";
import { parseBlock } from "../core/format/block.js";
import { type SectionReader, openDatabase } from "../core/format/database.js";
import { malformedDatabase } from "../core/format/directory.js";
import type { BlockEntry } from "../core/format/index-table.js";
import type { ExportedFile, RuleKind } from "../core/rules/model.js";
import { ruleLanguage } from "../core/rules/registry.js";
import type { EndpointStore } from "../ports/endpoint-store.js";

/** One folder a kind. The digest of the database has been compared before. @throws OperationError STORE_FULL, STORE_FAILED */
export async function exportDatabase(
  store: EndpointStore,
  folder: string | undefined,
  kinds: readonly RuleKind[],
): Promise<{ files: number; bytes: number }> {
  const source = await store.databases.open("database");
  if (source === undefined) throw new OperationError("STATE_CORRUPT", "expected a database, got none");
  try {
    const database = await openDatabase(source);
    async function* files(): AsyncGenerator<ExportedFile> {
      for (const { kind } of database.sections.filter((section) => kinds.includes(section.kind))) {
        const records = await packedRecords(database.section(kind) as SectionReader);
        for (const file of ruleLanguage(kind).exportFiles(records)) {
          yield { ...file, path: `${kind}/${file.path}` };
        }
      }
    }
    return await store.exports.replace(folder, files());
  } finally {
    await source.close();
  }
}

/** A section as exporters want it, at once; its blocks stay packed until they are drawn, because a section may have millions of records. */
async function packedRecords(section: SectionReader): Promise<Iterable<string>> {
  const { facts, blocks } = section;
  const packed: Uint8Array[] = [];
  for (const block of blocks.keys()) packed.push(await section.rawBlock(block));
  return (function* () {
    for (const [i, block] of packed.entries()) {
      yield* parseBlock(block, (blocks[i] as BlockEntry).records, facts.order, malformedDatabase);
    }
  })();
}
