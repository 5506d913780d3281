/** What the module does for `part-models.ts`, one folder up: bits, numbers and text of the parts of one delta. */
import { beginReading, beginWriting, code, endWriting, endsHere, isStarved, makeRoom } from "./bit-coder";
import { fillTables } from "./logistic";
import { piece, reach, textBuckets } from "./memory";
import { beginNumbers, codeNumber } from "./number-model";
import { beginText, beginTextModel, codeByte, learnByte } from "./text-model";

export { endWriting, endsHere, isStarved };

const evenly: u32 = 32768;
let part: usize = 0;

/** Once, before anything else. @param bits of the number of buckets for text */
export function begin(bits: u32): void {
  part = textBuckets + (usize(32) << bits);
  reach(part);
  fillTables();
  beginNumbers();
  beginTextModel(bits);
}

/** Where the piece of text lies that is coded or learned next. */
export function pieceAt(): usize {
  return piece;
}

/** Where the bytes of a part lie; there is room for so many. */
export function partAt(bytes: u32): usize {
  reach(part + bytes);
  return part;
}

export function write(): void {
  beginWriting(part);
}

export function read(bytes: u32): void {
  beginReading(part, bytes);
}

export function number(field: u32, value: u32, beside: u32): u32 {
  makeRoom();
  return codeNumber(field, value, beside);
}

/** Text follows that stands behind the first bytes of the piece. */
export function prefix(bytes: u32): void {
  beginText(piece, bytes);
}

/** Codes so many bytes of the piece; a reader puts what it finds in their place. */
export function text(bytes: u32): void {
  makeRoom();
  for (let i: u32 = 0; i < bytes && !isStarved(); i++) store<u8>(piece + i, codeByte(load<u8>(piece + i)));
}

/** The same without a model. */
export function plain(bytes: u32): void {
  makeRoom();
  for (let i: u32 = 0; i < bytes && !isStarved(); i++) {
    const byte: u32 = load<u8>(piece + i);
    let found: u32 = 0;
    for (let left: u32 = 8; left > 0; left--) found = (found << 1) | code((byte >> (left - 1)) & 1, evenly);
    store<u8>(piece + i, found);
  }
}

export function learn(bytes: u32): void {
  for (let i: u32 = 0; i < bytes; i++) learnByte(load<u8>(piece + i));
}
