/** Signs the files that ClamAV loads, as every endpoint will export them from this release's database (SPEC §8.7.1). */
import type { Sha256Hex } from "../core/brands.js";
import { hexText } from "../core/encoding/bytes.js";
import { OperationError } from "../core/errors.js";
import { openDatabase } from "../core/format/database.js";
import { sectionRecords } from "../core/format/section-records.js";
import { formatClamAVSignatures, type SignedFile } from "../core/release/clamav-signatures.js";
import { ruleLanguage } from "../core/rules/registry.js";
import type { ServiceContext } from "./context.js";
import type { ReleaseRecord } from "./model.js";
import { readObject } from "./source-batches.js";

/** `sign` answers the object that holds the CMS. Undefined when it is off, or the release has no such files. */
export async function signClamAVFiles(
  context: ServiceContext,
  { feed, release, database }: ReleaseRecord,
  sign: (sha256: Sha256Hex, label: string) => Promise<Sha256Hex>,
): Promise<Sha256Hex | undefined> {
  if (context.settings.clamavSignatures !== true || database === null) return undefined;
  const files: SignedFile[] = [];
  for (const { path, sha256 } of await exportedFiles(context, database.sha256)) {
    const cms = await readObject(context.objects, await sign(sha256, `${feed} ${release} ${path}`));
    files.push({ path, sha256, cms });
  }
  if (files.length === 0) return undefined;
  return (await context.objects.put([formatClamAVSignatures({ feed, release, files })])).sha256;
}

async function exportedFiles({ databases, digest }: ServiceContext, database: Sha256Hex) {
  const source = await databases.open(database);
  if (source === undefined) {
    throw new OperationError("STORE_FAILED", `expected database ${database} in the store, got none`);
  }
  try {
    const section = (await openDatabase(source, ruleLanguage, digest)).section("clamav");
    if (section === undefined) return [];
    const files: { path: string; sha256: Sha256Hex }[] = [];
    for (const { path, chunks } of ruleLanguage("clamav").exportFiles(await sectionRecords(section))) {
      const hash = digest();
      for (const chunk of chunks) hash.update(chunk);
      files.push({ path, sha256: hexText(hash.finish()) as Sha256Hex });
    }
    return files;
  } finally {
    await source.close();
  }
}
