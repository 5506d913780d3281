/** SHA-256: one shot by the platform's WebCrypto, and a running digest in plain code (FIPS 180-4), which also does what is short. */
import type { Digest, DigestFactory } from "./stream.js";

/** WebCrypto hands every digest to another thread: up to here, that takes longer than the digest. */
const shortBytesMax = 2048;

export async function sha256(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  if (bytes.length <= shortBytesMax) {
    const running = sha256Digest();
    running.update(bytes);
    return running.finish();
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
}

/** FIPS 180-4 §4.2.2: the fractional parts of the cube roots of the first 64 primes. */
const constants = roundConstants();

/** FIPS 180-4 §5.3.3. */
const initial = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

/** The running digest that core uses when the caller brings no faster one. */
export const sha256Digest: DigestFactory = () => new PlainSha256();

class PlainSha256 implements Digest {
  readonly #state = Int32Array.from(initial);
  readonly #block = new Uint8Array(64);
  #filled = 0;
  #length = 0;

  update(bytes: Uint8Array): void {
    this.#length += bytes.length;
    let offset = 0;
    if (this.#filled > 0) {
      offset = Math.min(64 - this.#filled, bytes.length);
      this.#block.set(bytes.subarray(0, offset), this.#filled);
      this.#filled += offset;
      if (this.#filled < 64) return;
      compress(this.#state, this.#block, 0);
    }
    for (; offset + 64 <= bytes.length; offset += 64) compress(this.#state, bytes, offset);
    this.#filled = bytes.length - offset;
    for (let i = 0; i < this.#filled; i++) this.#block[i] = bytes[offset + i] as number;
  }

  finish(): Uint8Array<ArrayBuffer> {
    const [state, block] = [this.#state, this.#block];
    block[this.#filled] = 0x80;
    block.fill(0, this.#filled + 1);
    if (this.#filled >= 56) {
      compress(state, block, 0);
      block.fill(0);
    }
    const high = Math.floor(this.#length / 2 ** 29);
    const low = (this.#length * 8) >>> 0;
    for (let i = 0; i < 4; i++) {
      block[56 + i] = high >>> (24 - 8 * i);
      block[60 + i] = low >>> (24 - 8 * i);
    }
    compress(state, block, 0);
    const digest = new Uint8Array(32);
    for (let i = 0; i < 32; i++) digest[i] = (state[i >>> 2] as number) >>> (24 - 8 * (i & 3));
    return digest;
  }
}

/** The message schedule of the block at hand; nothing runs between two blocks that could disturb it. */
const schedule = new Int32Array(64);

/** FIPS 180-4 §6.2.2. */
function compress(state: Int32Array, block: Uint8Array, at: number): void {
  fillSchedule(block, at);
  let [a, b, c, d] = [state[0] as number, state[1] as number, state[2] as number, state[3] as number];
  let [e, f, g, h] = [state[4] as number, state[5] as number, state[6] as number, state[7] as number];
  for (let i = 0; i < 64; i++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (constants[i] as number) + (schedule[i] as number)) | 0;
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] = (state[0] as number) + a;
  state[1] = (state[1] as number) + b;
  state[2] = (state[2] as number) + c;
  state[3] = (state[3] as number) + d;
  state[4] = (state[4] as number) + e;
  state[5] = (state[5] as number) + f;
  state[6] = (state[6] as number) + g;
  state[7] = (state[7] as number) + h;
}

function fillSchedule(block: Uint8Array, at: number): void {
  for (let i = 0; i < 16; i++) {
    const from = at + 4 * i;
    schedule[i] =
      ((block[from] as number) << 24) |
      ((block[from + 1] as number) << 16) |
      ((block[from + 2] as number) << 8) |
      (block[from + 3] as number);
  }
  for (let i = 16; i < 64; i++) {
    const a = schedule[i - 15] as number;
    const b = schedule[i - 2] as number;
    const s0 = rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3);
    const s1 = rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10);
    schedule[i] = ((schedule[i - 16] as number) + s0 + (schedule[i - 7] as number) + s1) | 0;
  }
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

function roundConstants(): Int32Array {
  const words = new Int32Array(64);
  let found = 0;
  for (let candidate = 2; found < 64; candidate++) {
    let prime = true;
    for (let i = 2; i * i <= candidate; i++) if (candidate % i === 0) prime = false;
    if (!prime) continue;
    const root = Math.cbrt(candidate);
    words[found++] = Math.floor((root - Math.floor(root)) * 2 ** 32) | 0;
  }
  return words;
}
