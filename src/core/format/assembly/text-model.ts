/**
 * Bytes of text in the contexts of the 1, 2, 3, 4 and 6 bytes before, of the word so far, and of the last place where the six
 * bytes before stood already. Old records can be learned, so that text like theirs costs little. SPEC §4.7 is this file in words.
 */
import { beginModel, codeNibble, learnNibble, setContext } from "./bit-model";
import { heads, history, text, textBuckets } from "./memory";

const historyBytes: u32 = 1 << 20;
const headBits: u32 = 18;
const matchBytesMin: u32 = 6;
const matchBytesMax: u32 = 40;
/** What so long a match foretells teaches nothing new. With 8 to 20 bytes packs differ by less than 1 %. */
const knownBytes: u32 = 12;
/** No byte: there is no match. */
const nothing: u32 = 256;

/** Bytes of text so far, and the last eight of them, the last one lowest. */
let at: u32 = 0;
let recent: u64 = 0;
let word: u32 = 0;
let match: u32 = 0;
let matchBytes: u32 = 0;

export function beginTextModel(bits: u32): void {
  beginModel(text, 1, textBuckets, bits);
}

/** SPEC §4.7.4: what stands before the text to come, its last bytes, without learning from it. */
export function beginText(prefix: usize, length: u32): void {
  word = 0;
  for (let i: u32 = 0; i < length; i++) note(load<u8>(prefix + i));
  matchBytes = 0;
  seek(headOf());
}

export function codeByte(byte: u32): u32 {
  setContexts();
  const guess = guessed();
  const level = guess === nothing ? 0 : levelOf(matchBytes);
  const high = codeNibble(text, byte >> 4, 4, 1, 0, guess >> 4, level);
  const low = codeNibble(text, byte & 15, 4, 16 | high, 0, guess & 15, guess >> 4 === high ? level : 0);
  const found = (high << 4) | low;
  advance(found, guess);
  return found;
}

/** SPEC §4.7.5: what a long match foretells is known already. */
export function learnByte(byte: u32): void {
  const guess = guessed();
  if (guess !== byte || matchBytes < knownBytes) {
    setContexts();
    learnNibble(text, byte >> 4, 1);
    learnNibble(text, byte & 15, 16 | (byte >> 4));
  }
  advance(byte, guess);
}

/** SPEC §4.7.2 */
function setContexts(): void {
  const one = u32(recent & 0xff);
  const four = u32(recent);
  const six = four * 0x2c1b3c6d + u32((recent >> 32) & 0xffff);
  setContext(text, 0, (one + 1) * 0x2f0b4c47);
  setContext(text, 1, (four & 0xffff) * 0x3d4d51cb + 1);
  setContext(text, 2, (four & 0xffffff) * 0x6f4f2a35 + 2);
  setContext(text, 3, four * 0x9e3779b1 + 3);
  setContext(text, 4, six * 0x297a2d39 + 4);
  setContext(text, 5, word * 0x5bd1e995 + (isWord(one) ? 0 : one * 0x1fff7) + 5);
}

/** SPEC §4.7.3: what the match says of the byte to come. */
function guessed(): u32 {
  return matchBytes > 0 ? byteAt(match) : nothing;
}

function byteAt(place: u32): u32 {
  return load<u8>(history + (place & (historyBytes - 1)));
}

function advance(byte: u32, guess: u32): void {
  note(byte);
  if (guess === byte) {
    match++;
    matchBytes++;
  } else matchBytes = 0;
  const head = headOf();
  if (matchBytes === 0) seek(head);
  store<u32>(head, at + 1);
}

function note(byte: u32): void {
  store<u8>(history + (at++ & (historyBytes - 1)), byte);
  recent = (recent << 8) | u64(byte);
  word = isWord(byte) ? (word + byte + 1) * 0x2f0b4c47 : 0;
}

/** Where it is noted where the six bytes before stood last: one more than the place behind them. */
function headOf(): usize {
  let hash: u32 = 0;
  for (let i: u32 = 0; i < matchBytesMin; i++)
    hash = (hash + u32((recent >> (8 * i)) & 0xff) + 1) * 0x2f0b4c47;
  return heads + (((hash ^ (hash >> 15)) & ((1 << headBits) - 1)) << 2);
}

function seek(head: usize): void {
  const noted = load<u32>(head);
  if (noted === 0) return;
  const place = noted - 1;
  const distance = at - place;
  // right behind a record, what was noted last is this very place
  if (distance === 0 || distance >= historyBytes - matchBytesMax) return;
  let same: u32 = 0;
  while (same < matchBytesMax && same < place && byteAt(place - same - 1) === byteAt(at - same - 1)) same++;
  if (same < matchBytesMin) return;
  match = place;
  matchBytes = same;
}

function levelOf(length: u32): u32 {
  const bytes = min(length, matchBytesMax);
  return bytes < 16 ? bytes : min<u32>(31, 16 + ((bytes - 16) >> 1));
}

function isWord(byte: u32): bool {
  const letter = (byte | 0x20) - 0x61 < 26;
  return letter || byte - 0x30 < 10 || byte === 0x5f || byte >= 0x80;
}
