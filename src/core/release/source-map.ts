/**
 * The source map of a release (SPEC §15): which lines of which reviewed files each record was compiled from, and, with the approvals, who
 * answers for them. Like the database a pure function of source tree and compiler; whoever rebuilds arrives at the same bytes.
 */
import { sha256Hex, type Sha256Hex } from "../brands.js";
import { hexText } from "../encoding/bytes.js";
import type { ByteSink, DigestFactory } from "../encoding/stream.js";
import { encodeSourceMap, type MappedSection } from "../format/source-map.js";
import type { Origins, ParsedFile } from "../rules/model.js";
import { type CompiledSection, sourcePath } from "./compile.js";
import { sourceTreeDigest } from "./manifest.js";
import type { FileFacts, ReleaseSources, Revision } from "./model.js";
import { inOrder } from "./sources.js";

export interface SourceMapFacts {
  readonly sha256: Sha256Hex;
  readonly bytes: number;
}

/** A file of the source tree; its place in the list is its number in a source map. */
export interface NumberedFile {
  readonly revision: Revision;
  readonly file: FileFacts;
}

/** SPEC §15.1.2: revision by revision in the order of the source tree. */
export function numberedFiles(sources: ReleaseSources): NumberedFile[] {
  return inOrder(sources).flatMap((revision) => revision.files.map((file) => ({ revision, file })));
}

export interface SourceMapParts {
  readonly sources: ReleaseSources;
  readonly sections: readonly CompiledSection[];
  readonly databaseSha256: Sha256Hex;
}

/** SPEC §15.1.1 */
export async function makeSourceMap(
  { sources, sections, databaseSha256 }: SourceMapParts,
  sink: ByteSink,
  digest: DigestFactory,
): Promise<SourceMapFacts> {
  const running = digest();
  let bytes = 0;
  const counted: ByteSink = {
    write: async (part) => {
      running.update(part);
      bytes += part.length;
      await sink.write(part);
    },
  };
  const numbers = new Map<string, number>();
  for (const { revision, file } of numberedFiles(sources))
    numbers.set(sourcePath(revision, file), numbers.size);
  const head = { sourceTreeSha256: await sourceTreeDigest(sources), databaseSha256 };
  await encodeSourceMap(
    head,
    sections.map((section) => mapped(section, numbers)),
    counted,
  );
  return { sha256: sha256Hex(hexText(running.finish())), bytes };
}

function mapped(section: CompiledSection, numbers: ReadonlyMap<string, number>): MappedSection {
  const { kind, files, origins } = section;
  const columns = columnsOf(files, numbers);
  return { kind, origins: inFileOrder(origins, columns), ...columns };
}

type Columns = Pick<MappedSection, "files" | "lines" | "ends">;

function columnsOf(parsed: readonly ParsedFile[], numbers: ReadonlyMap<string, number>): Columns {
  const sources = parsed.reduce((sum, { records }) => sum + records.length, 0);
  const files = new Int32Array(sources);
  const lines = new Int32Array(sources);
  const ends = new Int32Array(sources);
  let first = 0;
  for (const file of parsed) {
    files.fill(numbers.get(file.path) as number, first, first + file.records.length);
    lines.set(file.lines, first);
    ends.set(file.ends ?? file.lines, first);
    first += file.records.length;
  }
  return { files, lines, ends };
}

/** Files are merged in another order than the source tree lists them. */
function inFileOrder({ starts, sources }: Origins, { files, lines }: Columns): Origins {
  const order = (a: number, b: number) =>
    (files[a] as number) - (files[b] as number) || (lines[a] as number) - (lines[b] as number);
  const sorted = sources.slice();
  for (let record = 0; record + 1 < starts.length; record++) {
    const start = starts[record] as number;
    const end = starts[record + 1] as number;
    if (end - start > 1) sorted.subarray(start, end).sort(order);
  }
  return { starts, sources: sorted };
}
