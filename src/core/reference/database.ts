/** SPEC §3.2 to §3.6: sections of records to the one file that holds them. */
import { concatBytes, utf8Bytes } from "../encoding/bytes.js";
import { sha256 } from "../encoding/sha256.js";
import { ByteWriter } from "../encoding/varint.js";
import { type ReferenceKind, referenceKinds } from "./model.js";

export interface ReferenceSection {
  readonly kind: ReferenceKind;
  readonly order: "sorted" | "sequence";
  readonly records: readonly string[];
  /** The id of a rule; undefined for another record. In a sorted section any text does. */
  idOf(record: string): string | undefined;
}

const blockWeightMax = 65_536;
const keyBytes = 64;

export interface ReferenceDatabase {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** SPEC §3.3.1: of the file without its sections. */
  readonly digest: Uint8Array<ArrayBuffer>;
  /** Rules that people can name, by kind, where there are any. */
  readonly rules: Readonly<Partial<Record<ReferenceKind, number>>>;
}

export async function writeDatabase(sections: readonly ReferenceSection[]): Promise<ReferenceDatabase> {
  const magic = utf8Bytes("RMDB");
  const directory = new ByteWriter();
  const bodies: Uint8Array[] = [];
  const counted: [ReferenceKind, number][] = [];
  const present = sections.filter(({ records }) => records.length > 0);
  directory.varint(present.length);
  for (const section of present) {
    const { blocks, index, ids, rules } = await sectionParts(section);
    for (const part of [...blocks, index, ids]) bodies.push(part);
    if (rules > 0) counted.push([section.kind, rules]);
    directory.varint(referenceKinds.indexOf(section.kind));
    directory.byte(section.order === "sorted" ? 0 : 1);
    const blockBytes = blocks.reduce((sum, block) => sum + block.length, 0);
    for (const number of [section.records.length, rules, blockBytes, index.length, ids.length])
      directory.varint(number);
    directory.bytes(await sha256(concatBytes(index, ids)));
  }
  const end = directory.take();
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, end.length, true);
  const [head, tail] = [concatBytes(magic, Uint8Array.of(2)), concatBytes(end, length, magic)];
  const digest = await sha256(concatBytes(head, tail));
  return { bytes: concatBytes(head, ...bodies, tail), digest, rules: Object.fromEntries(counted) };
}

async function sectionParts(section: ReferenceSection) {
  const { order, records, idOf } = section;
  const index = new ByteWriter();
  const blocks: Uint8Array[] = [];
  let keyBefore = "";
  let rules = 0;
  for (const block of blocksOf(records)) {
    const bytes = blockBytes(block);
    blocks.push(bytes);
    const named = block.filter((record) => idOf(record) !== undefined).length;
    rules += named;
    for (const number of [bytes.length, block.length, named]) index.varint(number);
    if (order === "sorted") {
      const key = (block[0] as string).slice(0, keyBytes);
      frontCode(index, keyBefore, key);
      keyBefore = key;
    }
    index.bytes(await sha256(bytes));
  }
  const ids = order === "sequence" ? idTable(section) : new Uint8Array();
  return { blocks, index: index.take(), ids, rules };
}

function blockBytes(block: readonly string[]): Uint8Array {
  const writer = new ByteWriter();
  let before = "";
  for (const record of block) {
    frontCode(writer, before, record);
    before = record;
  }
  return writer.take();
}

/** SPEC §3.6.2: by id, then by number. */
function idTable({ records, idOf }: ReferenceSection): Uint8Array {
  const entries = records.flatMap((record, number) => {
    const id = idOf(record);
    return id === undefined ? [] : [{ id, number }];
  });
  entries.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : a.number - b.number));
  const table = new ByteWriter();
  let before = "";
  for (const { id, number } of entries) {
    frontCode(table, before, id);
    table.varint(number);
    before = id;
  }
  return table.take();
}

/** SPEC §3.4 */
function blocksOf(records: readonly string[]): string[][] {
  const blocks: string[][] = [];
  let block: string[] = [];
  let weight = 0;
  const end = () => {
    if (block.length > 0) blocks.push(block);
    [block, weight] = [[], 0];
  };
  for (const record of records) {
    const own = record.length + 2;
    if (weight + own > blockWeightMax) end();
    block.push(record);
    weight += own;
    if (mixed(fnv1a(record)) < own * 131_072) end();
  }
  end();
  return blocks;
}

function fnv1a(text: string): number {
  let hash = 2166136261;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619);
  return hash >>> 0;
}

function mixed(hash: number): number {
  const multiplied = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
  return (multiplied ^ (multiplied >>> 13)) >>> 0;
}

/** SPEC §3.1.4 */
export function frontCode(writer: ByteWriter, before: string, text: string): void {
  const shared = sharedPrefix(before, text);
  writer.varint(shared);
  writer.varint(text.length - shared);
  writer.text(text.slice(shared));
}

export function sharedPrefix(a: string, b: string): number {
  let shared = 0;
  while (shared < a.length && shared < b.length && a[shared] === b[shared]) shared++;
  return shared;
}
