/**
 * A source map opened for reading: the directory at once, a group of records when one of them is asked for. Every number is held against
 * the file before it is used; there is one encoding of given places.
 */
import { sha256Hex } from "../brands.js";
import { hexText } from "../encoding/bytes.js";
import type { ByteSource } from "../encoding/stream.js";
import { ByteReader } from "../encoding/varint.js";
import { limits } from "../limits.js";
import { type RuleKind, ruleKinds } from "../rules/model.js";
import {
  groupRecords,
  malformedSourceMap,
  type RulePlace,
  type SourceMapHead,
  sourceMapMagic,
} from "./source-map.js";

const trailerBytes = 8;
const digestBytes = 32;
/** Of one file and of one number of lines; beyond any source that may be submitted. */
const numberMax = 2 ** 32;

interface Group {
  readonly offset: number;
  readonly bytes: number;
}

interface Section {
  readonly kind: RuleKind;
  readonly records: number;
  readonly groups: readonly Group[];
}

export class SourceMap {
  readonly head: SourceMapHead;
  readonly #source: ByteSource;
  readonly #sections: readonly Section[];

  constructor(source: ByteSource, head: SourceMapHead, sections: readonly Section[]) {
    this.#source = source;
    this.head = head;
    this.#sections = sections;
  }

  get sections(): readonly { readonly kind: RuleKind; readonly records: number }[] {
    return this.#sections.map(({ kind, records }) => ({ kind, records }));
  }

  /** Reads one group. @throws VerificationError SOURCE_MAP_MALFORMED */
  async placesOf(kind: RuleKind, record: number): Promise<readonly RulePlace[]> {
    const group = await this.group(kind, Math.floor(record / groupRecords));
    return group[record % groupRecords] as readonly RulePlace[];
  }

  /** The places of up to 4,096 records, from record 4,096 × `number` on. @throws VerificationError SOURCE_MAP_MALFORMED */
  async group(kind: RuleKind, number: number): Promise<(readonly RulePlace[])[]> {
    const section = this.#sections.find((one) => one.kind === kind);
    const group = section?.groups[number];
    if (section === undefined || group === undefined) {
      throw malformedSourceMap(
        `expected a source map with the ${kind} records from ${number * groupRecords}`,
      );
    }
    const count = Math.min(groupRecords, section.records - number * groupRecords);
    return parseGroup(await this.#source.read(group.offset, group.bytes), count);
  }
}

/** SPEC §15.2.5. @throws VerificationError SOURCE_MAP_MALFORMED */
export async function openSourceMap(source: ByteSource): Promise<SourceMap> {
  if (source.length < sourceMapMagic.length + trailerBytes) {
    throw malformedSourceMap(`expected a source map, got ${source.length} bytes`);
  }
  const head = await source.read(0, sourceMapMagic.length);
  const trailer = await source.read(source.length - trailerBytes, trailerBytes);
  const marked = [...head, ...trailer.subarray(4)];
  if (![...sourceMapMagic, ...sourceMapMagic.subarray(0, 4)].every((byte, i) => marked[i] === byte)) {
    throw malformedSourceMap("expected RMSM version 1 at both ends");
  }
  const length = new DataView(trailer.buffer, trailer.byteOffset, 4).getUint32(0, true);
  const start = source.length - trailerBytes - length;
  if (length > limits.databaseIndexBytesMax || start < sourceMapMagic.length) {
    throw malformedSourceMap(`expected a directory within the file, got ${length} bytes`);
  }
  const reader = new ByteReader(await source.read(start, length), malformedSourceMap);
  const sourceTreeSha256 = sha256Hex(hexText(reader.bytes(digestBytes)));
  const databaseSha256 = sha256Hex(hexText(reader.bytes(digestBytes)));
  return new SourceMap(source, { sourceTreeSha256, databaseSha256 }, parseSections(reader, start));
}

function parseSections(reader: ByteReader, end: number): Section[] {
  const sections: Section[] = [];
  let offset: number = sourceMapMagic.length;
  let place = -1;
  for (let left = reader.varint(ruleKinds.length); left > 0; left--) {
    const kind = reader.varint(ruleKinds.length - 1);
    if (kind <= place) throw malformedSourceMap("expected sections in the order of their kinds");
    place = kind;
    const records = reader.varint(limits.sectionRecordsMax);
    if (records < 1) throw malformedSourceMap("expected a section with records");
    const groups: Group[] = [];
    for (let first = 0; first < records; first += groupRecords) {
      const bytes = reader.varint(end - offset);
      groups.push({ offset, bytes });
      offset += bytes;
    }
    sections.push({ kind: ruleKinds[kind] as RuleKind, records, groups });
  }
  reader.end();
  if (offset !== end) throw malformedSourceMap(`expected groups up to byte ${end}, got ${offset}`);
  return sections;
}

function parseGroup(bytes: Uint8Array, records: number): RulePlace[][] {
  const reader = new ByteReader(bytes, malformedSourceMap);
  const all: RulePlace[][] = [];
  let before: RulePlace = { file: 0, line: 0, lines: 1 };
  for (let record = 0; record < records; record++) {
    const places: RulePlace[] = [];
    for (let more = true; more; ) {
      const head = reader.varint();
      more = (head & 4) !== 0;
      const place = parsePlace(reader, head, before);
      if (places.length > 0 && !isBehind(place, before)) {
        throw malformedSourceMap("expected the places of a record in order, each once");
      }
      places.push(place);
      before = place;
    }
    all.push(places);
  }
  reader.end();
  return all;
}

function parsePlace(reader: ByteReader, head: number, before: RulePlace): RulePlace {
  const line = before.line + unzigzag(Math.floor(head / 8));
  const step = (head & 2) === 0 ? undefined : unzigzag(reader.varint(2 * numberMax));
  if (step === 0) throw malformedSourceMap("expected another file, got the same");
  const file = before.file + (step ?? 0);
  const further = (head & 1) === 0 ? undefined : reader.varint(numberMax);
  if (further === 0) throw malformedSourceMap("expected several lines, got one");
  if (line < 1 || line > numberMax || file < 0 || file > numberMax) {
    throw malformedSourceMap(`expected a line of a file, got line ${line} of file ${file}`);
  }
  return { file, line, lines: 1 + (further ?? 0) };
}

function isBehind(place: RulePlace, before: RulePlace): boolean {
  return place.file > before.file || (place.file === before.file && place.line > before.line);
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
