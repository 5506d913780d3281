/** From the database in use to the files that engines load. */
import { OperationError } from "../core/errors.js";
import { openDatabase } from "../core/format/database.js";
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
        const records: string[] = [];
        for await (const some of database.records(kind)) for (const record of some) records.push(record);
        for (const file of ruleLanguage(kind).exportFiles(records))
          yield { ...file, path: `${kind}/${file.path}` };
      }
    }
    return await store.exports.replace(folder, files());
  } finally {
    await source.close();
  }
}
