/**
 * The frame of a database file: five bytes in front, the directory and its trailer at the end.
 *
 *     file      = "RMDB" 0x02 section* directory u32le(directory bytes) "RMDB"
 *     directory = varint(sections) section-facts*
 *     facts     = varint(kind's place in ruleKinds) byte(0 sorted, 1 sequence) varint(records) varint(rules)
 *                 varint(block bytes) varint(index bytes) varint(id table bytes) sha256(index, id table)
 *
 * Sections stand in the order of `ruleKinds`, have records, and fill the file without a gap. The digest of a database is
 * that of the file without its sections: the root of a tree whose other levels are the section's tables and the blocks.
 */
import type { Sha256Hex } from "../brands.js";
import { concatBytes, hexText } from "../encoding/bytes.js";
import { ByteReader, ByteWriter } from "../encoding/varint.js";
import type { ByteSource, DigestFactory } from "../encoding/stream.js";
import { VerificationError } from "../errors.js";
import { limits } from "../limits.js";
import { ruleKinds } from "../rules/model.js";
import type { RuleKind, SectionOrder } from "../rules/model.js";

export const databaseMagic = Uint8Array.of(0x52, 0x4d, 0x44, 0x42, 0x02);
const trailerBytes = 8;
const directoryBytesMax = 1024;
const digestBytes = 32;

export interface SectionFacts {
  readonly kind: RuleKind;
  readonly order: SectionOrder;
  readonly records: number;
  readonly rules: number;
  /** Where the section starts in the file. */
  readonly offset: number;
  readonly blockBytes: number;
  readonly indexBytes: number;
  readonly idBytes: number;
  /** Of index and id table. */
  readonly sha256: Uint8Array;
}

export interface Directory {
  readonly sections: readonly SectionFacts[];
  /** SPEC §3.3.1: what the whole database is known by. */
  readonly sha256: Sha256Hex;
}

export function malformedDatabase(message: string): VerificationError {
  return new VerificationError("DATABASE_MALFORMED", message);
}

/** Directory and trailer. */
export function formatDirectory(sections: readonly SectionFacts[]): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  writer.varint(sections.length);
  for (const section of sections) {
    writer.varint(ruleKinds.indexOf(section.kind));
    writer.byte(section.order === "sorted" ? 0 : 1);
    writer.varint(section.records);
    writer.varint(section.rules);
    writer.varint(section.blockBytes);
    writer.varint(section.indexBytes);
    writer.varint(section.idBytes);
    writer.bytes(section.sha256);
  }
  const directory = writer.take();
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, directory.length, true);
  return concatBytes(directory, length, databaseMagic.subarray(0, 4));
}

/** SPEC §3.3.1. @param end directory and trailer */
export function databaseDigest(end: Uint8Array, digest: DigestFactory): Sha256Hex {
  const running = digest();
  running.update(databaseMagic);
  running.update(end);
  return hexText(running.finish()) as Sha256Hex;
}

/** SPEC §3.2.4: reads both ends of the file and holds them against each other. @throws VerificationError DATABASE_MALFORMED */
export async function readDirectory(source: ByteSource, digest: DigestFactory): Promise<Directory> {
  if (source.length > limits.databaseBytesMax) {
    throw malformedDatabase(`expected at most ${limits.databaseBytesMax} bytes, got ${source.length}`);
  }
  if (source.length < databaseMagic.length + 1 + trailerBytes) {
    throw malformedDatabase(`expected a database, got ${source.length} bytes`);
  }
  const head = await source.read(0, databaseMagic.length);
  const trailer = await source.read(source.length - trailerBytes, trailerBytes);
  if (!databaseMagic.every((byte, i) => head[i] === byte)) throw malformedDatabase("expected RMDB version 2");
  if (!trailer.subarray(4).every((byte, i) => byte === databaseMagic[i])) {
    throw malformedDatabase("expected the database to end with RMDB");
  }
  const length = new DataView(trailer.buffer, trailer.byteOffset, 4).getUint32(0, true);
  const start = source.length - trailerBytes - length;
  if (length > directoryBytesMax || start < databaseMagic.length) {
    throw malformedDatabase(`expected a directory within the file, got ${length} bytes`);
  }
  const end = await source.read(start, source.length - start);
  return { sections: parseDirectory(end.subarray(0, length), start), sha256: databaseDigest(end, digest) };
}

function parseDirectory(bytes: Uint8Array, end: number): SectionFacts[] {
  const reader = new ByteReader(bytes, malformedDatabase);
  const sections: SectionFacts[] = [];
  let offset: number = databaseMagic.length;
  let place = -1;
  for (let left = reader.varint(ruleKinds.length); left > 0; left--) {
    const kind = reader.varint(ruleKinds.length - 1);
    if (kind <= place) throw malformedDatabase("expected sections in the order of their kinds");
    place = kind;
    const order = reader.byte();
    if (order > 1) throw malformedDatabase(`expected section order 0 or 1, got ${order}`);
    const records = reader.varint(limits.sectionRecordsMax);
    if (records < 1) throw malformedDatabase("expected a section with records");
    const rules = reader.varint(records);
    const blockBytes = reader.varint(end - offset);
    const indexBytes = reader.varint(Math.min(end - offset - blockBytes, limits.databaseIndexBytesMax));
    const idBytes = reader.varint(
      Math.min(end - offset - blockBytes - indexBytes, limits.databaseIndexBytesMax),
    );
    if (order === 0 && idBytes > 0) throw malformedDatabase("expected no id table in a sorted section");
    sections.push({
      kind: ruleKinds[kind] as RuleKind,
      order: order === 0 ? "sorted" : "sequence",
      records,
      rules,
      offset,
      blockBytes,
      indexBytes,
      idBytes,
      sha256: reader.bytes(digestBytes).slice(),
    });
    offset += blockBytes + indexBytes + idBytes;
  }
  reader.end();
  if (offset !== end) throw malformedDatabase(`expected sections up to byte ${end}, got ${offset}`);
  return sections;
}
