/** A source map that somebody hands out, held against the one that was made from the sources. */
import { equalBytes } from "../encoding/bytes.js";
import { memorySource } from "../encoding/stream.js";
import { VerificationError } from "../errors.js";
import type { Database } from "../format/database.js";
import { openSourceMap } from "../format/source-map-reader.js";
import type { ReleaseSources } from "./model.js";
import { numberedFiles } from "./source-map.js";
import { sourceMapDifference } from "./source-map-difference.js";

export interface MadeMap {
  readonly bytes: Uint8Array;
  readonly sources: ReleaseSources;
  readonly database: Database;
}

/** SPEC §15.1.6. @throws VerificationError ASSAY_MISMATCH, SOURCE_MAP_MALFORMED */
export async function requireSourceMap(
  given: Uint8Array,
  { bytes, sources, database }: MadeMap,
): Promise<void> {
  if (equalBytes(given, bytes)) return;
  const [mine, theirs] = [await openSourceMap(memorySource(bytes)), await openSourceMap(memorySource(given))];
  const difference = await sourceMapDifference(database, numberedFiles(sources), mine, theirs);
  throw new VerificationError(
    "ASSAY_MISMATCH",
    `expected the source map that follows from the sources, got another: ${difference ?? "its encoding is another"}`,
  );
}
