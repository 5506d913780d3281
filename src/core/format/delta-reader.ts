/** The groups of a delta pack, each with its numbers, its dictionary of old records and its text. Memory is bounded by one group. */
import { byteString, byteStringBytes, concatBytes } from "../encoding/bytes.js";
import { limits } from "../limits.js";
import type { RuleKind } from "../rules/model.js";
import type { Codec } from "./codec.js";
import type { Database } from "./database.js";
import { columnFrameBytesMax, furtherFrames, parseColumns } from "./delta-group.js";
import type { Group } from "./delta-group.js";
import { OldRecords } from "./old-records.js";
import { malformedPack } from "./pack-header.js";
import type { PackReader } from "./pack-reader.js";
import { RecentTexts } from "./recent-texts.js";
import { columnDictionary, dictionaryContentMax, textDictionary } from "./preludes.js";

/** Text that one group may hold: its own frames, and one record of the largest size. */
const groupTextBytesMax = limits.recordBytesMax + 2 * limits.codecBlockBytesMax;
/** The longest text frame; with a dictionary the codec's heap takes no more. */
export const textFrameBytesMax = limits.codecDictionaryBytesMax;

export interface ReadGroup extends Group {
  /** All text, one after the other. */
  readonly text: string;
  /** The old records of the dictionary, which edits may start from. */
  readonly exemplarRecords: readonly string[];
}

/** Old records, then recent texts, then the records that make way: what is most alike stands last. */
async function groupDictionary(
  group: Group,
  old: OldRecords,
  recent: RecentTexts,
): Promise<{ content: Uint8Array; exemplarRecords: string[] }> {
  const exemplarRecords: string[] = [];
  for (const [i, part] of group.parts.entries()) {
    const numbers = group.exemplars[i] as readonly number[];
    for await (const record of old.at(part.kind, numbers, dictionaryContentMax)) exemplarRecords.push(record);
  }
  const pieces = [...exemplarRecords];
  for (const number of group.recent) {
    const text = recent.at(number);
    if (text === undefined) throw malformedPack(`expected the number of a recent text, got ${number}`);
    pieces.push(text);
  }
  if (group.replaced) pieces.push(await replacedText(group, old));
  return { content: byteStringBytes(pieces.join("").slice(-dictionaryContentMax)), exemplarRecords };
}

/** The old records that make way for new ones. */
async function replacedText(group: Group, old: OldRecords): Promise<string> {
  let text = "";
  let change = 0;
  for (const part of group.parts) {
    const numbers: number[] = [];
    let at = old.position(part.kind);
    for (let end = change + part.changes; change < end; change++) {
      at += group.columns.skips[change] as number;
      const removes = group.columns.removes[change] as number;
      if ((group.columns.inserts[change] as number) > 0) {
        if (removes > dictionaryContentMax) throw malformedPack("expected fewer records in a dictionary");
        for (let i = 0; i < removes; i++) numbers.push(at + i);
      }
      if (numbers.length > dictionaryContentMax)
        throw malformedPack("expected fewer records in a dictionary");
      at += removes;
    }
    for await (const record of old.at(part.kind, numbers, dictionaryContentMax)) text += record;
  }
  return text;
}

export async function* readGroups(
  reader: PackReader,
  firstColumns: Uint8Array,
  from: Database,
  codec: Codec,
): AsyncGenerator<ReadGroup, void, undefined> {
  const old = new OldRecords(from);
  const recent = new RecentTexts();
  let stored = firstColumns;
  while (stored.length > 0 || reader.left > 0) {
    const columns = await readColumns(reader, stored, codec);
    stored = new Uint8Array(0);
    const group = parseColumns(columns, (kind: RuleKind) => from.languages(kind).order === "sorted");
    if (group.textBytes > groupTextBytesMax)
      throw malformedPack(`expected less text, got ${group.textBytes} bytes`);
    const { content, exemplarRecords } = await groupDictionary(group, old, recent);
    const text = await readText(reader, group.textBytes, content, codec);
    old.advance(group);
    recent.add(freshTexts(group, text));
    yield { ...group, text, exemplarRecords };
  }
}

/** The texts of the fresh inserts, one by one. */
function freshTexts({ columns }: Group, text: string): string[] {
  const texts: string[] = [];
  let at = 0;
  let fresh = 0;
  let edited = 0;
  let edit = 0;
  for (const source of columns.sources) {
    if (source === 0) {
      const length = columns.lengths[fresh++] as number;
      texts.push(text.slice(at, at + length));
      at += length;
    } else {
      for (let left = columns.editCounts[edited++] as number; left > 0; left--) {
        at += columns.editInserts[edit++] as number;
      }
    }
  }
  return texts;
}

async function readColumns(reader: PackReader, stored: Uint8Array, codec: Codec): Promise<Uint8Array> {
  if (stored.length > 0) {
    if (furtherFrames(stored) > 0) throw malformedPack("expected stored columns in one piece");
    return stored;
  }
  const frames = [await readFrame(reader, codec)];
  for (let left = furtherFrames(frames[0] as Uint8Array); left > 0; left--) {
    frames.push(await readFrame(reader, codec));
  }
  return concatBytes(...frames);
}

async function readFrame(reader: PackReader, codec: Codec): Promise<Uint8Array> {
  const { frame, contentBytes } = await reader.frame(columnFrameBytesMax);
  return codec.decompress(frame, contentBytes, columnDictionary(contentBytes));
}

async function readText(
  reader: PackReader,
  textBytes: number,
  content: Uint8Array,
  codec: Codec,
): Promise<string> {
  const pieces: string[] = [];
  for (let left = textBytes; left > 0; ) {
    const expected = Math.min(left, textFrameBytesMax);
    const { frame, contentBytes } = await reader.frame(expected);
    if (contentBytes !== expected) {
      throw malformedPack(`expected a frame of ${expected} bytes, got ${contentBytes}`);
    }
    pieces.push(
      byteString(await codec.decompress(frame, contentBytes, textDictionary(content, contentBytes))),
    );
    left -= contentBytes;
  }
  return pieces.join("");
}
