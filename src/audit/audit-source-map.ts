/** The source map, made again: it is the one that verdicts name, and the one that the service hands out. */
import { type DigestFactory, memorySink, memorySource } from "../core/encoding/stream.js";
import { VerificationError } from "../core/errors.js";
import { openDatabase } from "../core/format/database.js";
import { requireSourceMap } from "../core/release/require-source-map.js";
import { makeSourceMap, type SourceMapParts } from "../core/release/source-map.js";
import type { ProvenRelease } from "../core/trust/model.js";
import type { SourceArchive } from "../ports/source-archive.js";

interface MapQuestion {
  readonly release: ProvenRelease;
  readonly archive: SourceArchive;
  /** By keys of the feed. */
  readonly namedMaps: readonly string[];
  readonly database: Uint8Array;
  readonly digest: DigestFactory;
}

/** SPEC §15.1.6. One line for each thing compared. @throws VerificationError ASSAY_MISMATCH, SOURCE_MAP_MALFORMED */
export async function auditSourceMap(
  parts: SourceMapParts,
  { release, archive, namedMaps, database, digest }: MapQuestion,
): Promise<string[]> {
  const sink = memorySink();
  const made = await makeSourceMap(parts, sink, digest);
  const evidence = [`source map SHA-256 ${made.sha256}, ${made.bytes} bytes`];
  const wrong = namedMaps.find((named) => named !== made.sha256);
  if (wrong !== undefined) {
    throw new VerificationError(
      "ASSAY_MISMATCH",
      `expected verdicts that name the source map ${made.sha256}, got ${wrong}`,
    );
  }
  if (namedMaps.length > 0) evidence.push("a verdict by a key of the feed names this source map");
  else evidence.push("no verdict by a key of the feed names a source map: nobody signed for it");
  if (archive.sourceMap !== undefined) {
    const given = await archive.sourceMap(release.feed, release.manifest.version);
    const opened = await openDatabase(memorySource(database));
    await requireSourceMap(given, { bytes: sink.bytes(), sources: parts.sources, database: opened });
    evidence.push("the service hands out this source map, byte for byte");
  }
  return evidence;
}
