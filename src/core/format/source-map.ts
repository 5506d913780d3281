/**
 * Where every record of a database stands in the sources (SPEC §15): a file beside the database that nobody downloads with it. It has
 * columns instead of names: records by their number in the section, files by their number in the source tree.
 *
 *     file      = "RMSM" 0x01 group* directory u32le(directory bytes) "RMSM"
 *     directory = SHA-256(source tree) SHA-256(database) varint(sections) facts*
 *     facts     = varint(place of the kind) varint(records) varint(group bytes)*
 *     group     = up to 4,096 entries, one a record
 *     entry     = place place*
 *     place     = varint(head) [zigzag(file - file before)] [varint(lines - 1)]
 *     head      = 8 × zigzag(line - line before) + 4 (another place follows) + 2 (another file) + 1 (several lines)
 */
import type { Sha256Hex } from "../brands.js";
import { concatBytes, hexBytes } from "../encoding/bytes.js";
import type { ByteSink } from "../encoding/stream.js";
import { ByteWriter } from "../encoding/varint.js";
import type { VerificationError as Refusal } from "../errors.js";
import { VerificationError } from "../errors.js";
import { type Origins, type RuleKind, ruleKinds } from "../rules/model.js";

export const sourceMapMagic = Uint8Array.of(0x52, 0x4d, 0x53, 0x4d, 0x01);
export const groupRecords = 4096;
const flushBytes = 64 * 1024;

/** One stretch of lines of one file. */
export interface RulePlace {
  /** The file's number when those of the source tree are counted in its order, from 0. */
  readonly file: number;
  readonly line: number;
  /** How many lines. */
  readonly lines: number;
}

/** What the map says of one section, in columns: there may be millions of records. */
export interface MappedSection {
  readonly kind: RuleKind;
  /** Those of one record by file and line, each once. */
  readonly origins: Origins;
  /** File, first and last line of every source that the origins name. */
  readonly files: Int32Array;
  readonly lines: Int32Array;
  readonly ends: Int32Array;
}

export interface SourceMapHead {
  readonly sourceTreeSha256: Sha256Hex;
  readonly databaseSha256: Sha256Hex;
}

export function malformedSourceMap(message: string): Refusal {
  return new VerificationError("SOURCE_MAP_MALFORMED", message);
}

/** Sections in the order of `ruleKinds`. */
export async function encodeSourceMap(
  head: SourceMapHead,
  sections: readonly MappedSection[],
  sink: ByteSink,
): Promise<void> {
  const directory = new ByteWriter();
  directory.bytes(hexBytes(head.sourceTreeSha256));
  directory.bytes(hexBytes(head.databaseSha256));
  directory.varint(sections.length);
  await sink.write(sourceMapMagic);
  for (const section of sections) await writeSection(section, directory, sink);
  const facts = directory.take();
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, facts.length, true);
  await sink.write(concatBytes(facts, length, sourceMapMagic.subarray(0, 4)));
}

async function writeSection(section: MappedSection, directory: ByteWriter, sink: ByteSink): Promise<void> {
  directory.varint(ruleKinds.indexOf(section.kind));
  const records = section.origins.starts.length - 1;
  directory.varint(records);
  const writer = new ByteWriter();
  for (let first = 0; first < records; first += groupRecords) {
    const before = writer.length;
    writeGroup(section, first, Math.min(first + groupRecords, records), writer);
    directory.varint(writer.length - before);
    if (writer.length >= flushBytes) await sink.write(writer.take());
  }
  await sink.write(writer.take());
}

function writeGroup(section: MappedSection, first: number, end: number, writer: ByteWriter): void {
  const { files, lines, ends } = section;
  const { starts, sources } = section.origins;
  let fileBefore = 0;
  let lineBefore = 0;
  for (let record = first; record < end; record++) {
    const last = (starts[record + 1] as number) - 1;
    for (let i = starts[record] as number; i <= last; i++) {
      const source = sources[i] as number;
      const file = files[source] as number;
      const line = lines[source] as number;
      const further = (ends[source] as number) - line;
      const flags = (i < last ? 4 : 0) + (file === fileBefore ? 0 : 2) + (further > 0 ? 1 : 0);
      writer.varint(8 * zigzag(line - lineBefore) + flags);
      if (file !== fileBefore) writer.varint(zigzag(file - fileBefore));
      if (further > 0) writer.varint(further);
      fileBefore = file;
      lineBefore = line;
    }
  }
}

/** 0, -1, 1, -2 … as 0, 1, 2, 3 … */
function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}
