/**
 * Binary arithmetic coding: bits, each with the probability that it is 1, to bytes and back (SPEC §4.5).
 *
 * Writer and reader have one face, so that whoever codes something describes it once: a reader is given any bit and answers
 * with the one that was written.
 */
import { reach } from "./memory";

/** Bytes that a piece of text may come to, and more: a bit takes two at most. */
const roomBytes: u32 = 1 << 17;

let reading: bool = false;
/** Where the bytes of the part begin; how many they are, for a reader. */
let part: usize = 0;
let length: u32 = 0;
/** Bytes written, or read: of those four are ahead of the range. */
let at: u32 = 0;
let low: u32 = 0;
let high: u32 = 0;
let value: u32 = 0;
/** Bits were read that no bytes stand for: they, and all that follow, mean nothing. */
let starved: bool = false;

export function beginWriting(place: usize): void {
  begin(false, place, 0);
}

/** The bytes are there already. */
export function beginReading(place: usize, bytes: u32): void {
  begin(true, place, bytes);
  for (let i = 0; i < 4; i++) value = (value << 8) | next();
}

function begin(reads: bool, place: usize, bytes: u32): void {
  reading = reads;
  part = place;
  length = bytes;
  at = 0;
  low = 0;
  high = u32.MAX_VALUE;
  value = 0;
  starved = false;
}

export function isReading(): bool {
  return reading;
}

export function isStarved(): bool {
  return starved;
}

/** So that there is room for what a piece of text comes to. */
export function makeRoom(): void {
  if (!reading) reach(part + at + roomBytes);
}

/** SPEC §4.5.1. @param one probability that the bit is 1, in 65,536ths, 1 to 65,535 */
export function code(bit: u32, one: u32): u32 {
  const range = high - low;
  const split = low + (range >> 16) * one + (((range & 0xffff) * one) >> 16);
  const found = reading ? u32(value <= split) : bit;
  if (found) high = split;
  else low = split + 1;
  while ((low ^ high) >> 24 === 0) shift();
  return found;
}

/** SPEC §4.5.2 */
function shift(): void {
  if (reading) value = (value << 8) | next();
  else store<u8>(part + at++, high >> 24);
  low <<= 8;
  high = (high << 8) | 0xff;
}

function next(): u32 {
  if (at >= length + 4) starved = true;
  else at++;
  return at <= length ? load<u8>(part + at - 1) : 0;
}

/** SPEC §4.5.3: writes how a part ends. How many bytes it has. */
export function endWriting(): u32 {
  const bytes = endingBytes();
  for (let i: u32 = 0; i < bytes; i++) store<u8>(part + at++, u8(ending(bytes) >> (24 - 8 * i)));
  return at;
}

/** SPEC §4.5.3: whether the bytes end exactly as a writer ends them. */
export function endsHere(): bool {
  const bytes = endingBytes();
  const moved = at - 4;
  if (starved || length - moved !== bytes) return false;
  for (let i: u32 = 0; i < bytes; i++) {
    if (load<u8>(part + moved + i) !== u8(ending(bytes) >> (24 - 8 * i))) return false;
  }
  return true;
}

/** The fewest bytes that stand for a number of the range, behind which zeros are read. */
function endingBytes(): u32 {
  let bytes: u32 = 0;
  while (ending(bytes) > u64(high)) bytes++;
  return bytes;
}

/** The lowest number from `low` on of which no more than so many bytes are not 0. */
function ending(bytes: u32): u64 {
  const rest: u64 = (u64(1) << (32 - 8 * bytes)) - 1;
  return (u64(low) + rest) & ~rest;
}
