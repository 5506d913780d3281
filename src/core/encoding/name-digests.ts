/**
 * MD5 (RFC 1321) and SHA-1 (FIPS 180-4) of short texts, for formats of others that name things by them. They prove nothing: no
 * check of ours may rest on them.
 */

const md5Shifts = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
const md5Constants = Int32Array.from({ length: 64 }, (_, i) =>
  Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32),
);
const md5Start = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
const sha1Constants = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6];
const sha1Start = [...md5Start, 0xc3d2e1f0];
/** Nothing runs between two blocks that could disturb it. */
const schedule = new Int32Array(80);

/** 16 bytes. */
export function md5(bytes: Uint8Array): Uint8Array {
  const blocks = padded(bytes, true);
  const state = Int32Array.from(md5Start);
  for (let at = 0; at < blocks.byteLength; at += 64) md5Block(state, blocks, at);
  return digestOf(state, true);
}

/** 20 bytes. */
export function sha1(bytes: Uint8Array): Uint8Array {
  const blocks = padded(bytes, false);
  const state = Int32Array.from(sha1Start);
  for (let at = 0; at < blocks.byteLength; at += 64) sha1Block(state, blocks, at);
  return digestOf(state, false);
}

/** A one bit, zeros, and the length in bits: whole blocks of 64 bytes. */
function padded(bytes: Uint8Array, isLittle: boolean): DataView {
  const blocks = new Uint8Array(((bytes.length + 72) >>> 6) << 6);
  blocks.set(bytes);
  blocks[bytes.length] = 0x80;
  const view = new DataView(blocks.buffer);
  const [high, low] = [Math.floor(bytes.length / 2 ** 29), (bytes.length * 8) >>> 0];
  view.setUint32(blocks.length - 8, isLittle ? low : high, isLittle);
  view.setUint32(blocks.length - 4, isLittle ? high : low, isLittle);
  return view;
}

function digestOf(state: Int32Array, isLittle: boolean): Uint8Array {
  const digest = new Uint8Array(state.length * 4);
  const view = new DataView(digest.buffer);
  for (const [i, word] of state.entries()) view.setInt32(4 * i, word, isLittle);
  return digest;
}

function md5Block(state: Int32Array, blocks: DataView, at: number): void {
  let [a, b, c, d] = [state[0] as number, state[1] as number, state[2] as number, state[3] as number];
  for (let i = 0; i < 64; i++) {
    const round = i >> 4;
    const [mix, word] = md5Step(round, i, b, c, d);
    const sum = a + mix + (md5Constants[i] as number) + blocks.getInt32(at + 4 * word, true);
    [a, d, c] = [d, c, b];
    b = (b + rotate(sum, md5Shifts[4 * round + (i & 3)] as number)) | 0;
  }
  for (const [i, word] of [a, b, c, d].entries()) state[i] = (state[i] as number) + word;
}

/** What is mixed in, and which word of the block. */
function md5Step(round: number, i: number, b: number, c: number, d: number): [number, number] {
  if (round === 0) return [(b & c) | (~b & d), i];
  if (round === 1) return [(d & b) | (~d & c), (5 * i + 1) & 15];
  if (round === 2) return [b ^ c ^ d, (3 * i + 5) & 15];
  return [c ^ (b | ~d), (7 * i) & 15];
}

function sha1Block(state: Int32Array, blocks: DataView, at: number): void {
  for (let i = 0; i < 16; i++) schedule[i] = blocks.getInt32(at + 4 * i);
  for (let i = 16; i < 80; i++) {
    const [w, x] = [(schedule[i - 3] as number) ^ (schedule[i - 8] as number), schedule[i - 14] as number];
    schedule[i] = rotate(w ^ x ^ (schedule[i - 16] as number), 1);
  }
  let [a, b, c, d] = [state[0] as number, state[1] as number, state[2] as number, state[3] as number];
  let e = state[4] as number;
  for (let i = 0; i < 80; i++) {
    const round = Math.floor(i / 20);
    const mix = round === 0 ? (b & c) | (~b & d) : round === 2 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
    const sum = (rotate(a, 5) + mix + e + (sha1Constants[round] as number) + (schedule[i] as number)) | 0;
    [e, d, c] = [d, c, rotate(b, 30)];
    [b, a] = [a, sum];
  }
  for (const [i, word] of [a, b, c, d, e].entries()) state[i] = (state[i] as number) + word;
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
