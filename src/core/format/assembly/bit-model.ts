/**
 * Predicts bits in several contexts at once and mixes the predictions (context mixing; Mahoney, "Adaptive Weighing of Context
 * Models for Lossless Data Compression", 2005). Symbols come in nibbles: per context, one bucket holds what was seen of a nibble.
 *
 *     bucket = u16 check, 15 × u16 counter, one for each node of the tree of a nibble
 *     counter = 12 bits probability of 1 (XOR 2048), 4 bits how often it was seen
 *     model  = 8 × u32 context, 8 × u32 place of a bucket, 8 × u32 place of a map (0: none), 8 × i32 signal, 32 × u16 trust,
 *              u32 place of the buckets, u32 mask of their numbers, 8 × u32 check, 6 × 1024 × u16 map, sets of 8 × i32 weight
 *
 * Whole numbers alone: the same on every machine. SPEC §4.6 is this file in words.
 */
import { code } from "./bit-coder";
import { oddsMax, squash, stretch } from "./logistic";

const contexts: u32 = 6;
const places: usize = 32;
const mapPlaces: usize = 64;
const signals: usize = 96;
const trusts: usize = 128;
const buckets: usize = 192;
const mask: usize = 196;
const checks: usize = 208;
const maps: usize = 256;
const weights: usize = 256 + 6 * 2048;

const bucketBytes: u32 = 32;
const seenMax: u32 = 15;
const half: u32 = 2048;
const weightStart: i32 = 19661;
const matchWeightStart: i32 = 13107;
const learning: i32 = 12;
const mapShift: u32 = 6;
const matchShift: u32 = 5;
const matchLevels: u32 = 32;
const setsPerUse: u32 = 1 + matchLevels / 4;
/** SPEC §4.6.4: how far a counter moves, in 65,536ths, by how often it was seen. */
const rates = memory.data<u16>([
  40960, 25206, 18204, 14247, 11703, 9930, 8623, 7620, 6827, 6183, 5650, 5201, 4819, 4489, 4201, 4096,
]);
/** The lower and the upper bytes of the same. */
const ratesLower = i8x16(0, 118, 28, -89, -73, -54, -81, -60, -85, 39, 18, 81, -45, -119, 105, 0);
const ratesUpper = i8x16(-96, 98, 71, 55, 45, 38, 33, 29, 26, 24, 22, 20, 18, 17, 16, 16);

/** @param uses sets of weights that the caller tells apart  @param place of 2^bits buckets, at a multiple of 64 */
export function beginModel(model: usize, uses: u32, place: usize, bits: u32): void {
  store<u32>(model + buckets, u32(place));
  store<u32>(model + mask, (1 << bits) - 1);
  for (let i: u32 = 0; i < contexts << 10; i++) store<u16>(model + maps + (i << 1), 1024 * (i & 63) + 512);
  for (let i: u32 = 0; i < matchLevels; i++)
    store<u16>(model + trusts + (i << 1), 65536 - 131072 / (3 * i + 5));
  for (let set: u32 = 0; set < uses * setsPerUse; set++) {
    const first = model + weights + (set << 5);
    v128.store(first, i32x4.splat(weightStart));
    v128.store(first, i32x4(weightStart, weightStart, matchWeightStart, 0), 16);
  }
}

/** The caller sets all six before each symbol. */
export function setContext(model: usize, place: u32, hash: u32): void {
  store<u32>(model + (place << 2), hash);
}

/**
 * Codes the `bits` bits of a number, the highest first; `salt` says what is known of the symbol before them.
 *
 * @param guess what a match says of the nibble  @param level 1 to 31: how long the match is; 0: there is none
 */
export function codeNibble(
  model: usize,
  number: u32,
  bits: u32,
  salt: u32,
  use: u32,
  guess: u32,
  level: u32,
): u32 {
  find(model, salt);
  let node: u32 = 1;
  for (let left = bits; left > 0; left--) {
    const agrees = level > 0 && (guess | (1 << bits)) >> left === node;
    const set = use * setsPerUse + (agrees ? 1 + (level >> 2) : 0);
    const expected = (guess >> (left - 1)) & 1;
    node = (node << 1) | codeBit(model, (number >> (left - 1)) & 1, node, set, expected, agrees ? level : 0);
  }
  return node - (1 << bits);
}

/**
 * Counts a nibble without coding it. Of its four nodes the first three are among the first eight places of a bucket, and are counted at
 * once; the contexts one after the other, because two may have come to share a bucket.
 */
export function learnNibble(model: usize, number: u32, salt: u32): void {
  find(model, salt);
  const nodes = 16 | number;
  // of each of the first seven nodes, what would be its next one, were it on the way
  const next = i16x8.shr_u(i16x8.mul(i16x8.splat(i16(nodes)), i16x8(1, 1, 2, 2, 4, 4, 4, 4)), 3);
  const onTheWay = i16x8.eq(i16x8.shr_u(next, 1), i16x8(0, 1, 2, 3, 4, 5, 6, 7));
  const flips = i16x8.sub(i16x8.splat(i16(half)), v128.and(next, i16x8.splat(1)));
  const last = nodes & ~1;
  for (let i: u32 = 0; i < contexts; i++) {
    const bucket: usize = load<u32>(model + places + (i << 2));
    const counters = v128.load(bucket);
    v128.store(bucket, v128.bitselect(counted(counters, flips), counters, onTheWay));
    count(bucket + last, nodes & 1);
  }
}

/** SPEC §4.6.4: eight counters, each after a bit. @param flips 2047 where it is 1, and 2048 where it is 0 */
function counted(counters: v128, flips: v128): v128 {
  const seen = v128.and(counters, i16x8.splat(i16(seenMax)));
  // bytes of the table, and 0 for those beyond it
  const lower = i8x16.swizzle(ratesLower, v128.or(seen, i16x8.splat(-256)));
  const upper = i8x16.swizzle(ratesUpper, v128.or(i16x8.shl(seen, 8), i16x8.splat(255)));
  const rate = v128.or(lower, upper);
  // how far it is from the bit, which is how far it may move
  const away = v128.xor(i16x8.shr_u(counters, 4), flips);
  const moves = v128.shuffle<u16>(
    i32x4.extmul_low_i16x8_u(away, rate),
    i32x4.extmul_high_i16x8_u(away, rate),
    1,
    3,
    5,
    7,
    9,
    11,
    13,
    15,
  );
  const moved = v128.xor(i16x8.sub(away, moves), flips);
  return v128.or(
    i16x8.shl(moved, 4),
    i16x8.min_u(i16x8.add(seen, i16x8.splat(1)), i16x8.splat(i16(seenMax))),
  );
}

/** SPEC §4.6.3: the bucket of each context; of two places the one that has it, else the one that was seen less. */
function find(model: usize, salt: u32): void {
  hash(model, salt, 0);
  hash(model, salt, 16);
  for (let i: u32 = 0; i < contexts; i++) {
    const bucket: usize = load<u32>(model + places + (i << 2));
    const check = load<u32>(model + checks + (i << 2));
    if (load<u16>(bucket) === check) continue;
    const other = bucket ^ bucketBytes;
    const found = load<u16>(other) === check ? other : emptied(bucket, other, check);
    store<u32>(model + places + (i << 2), u32(found));
  }
}

/** Of four contexts the first place and the check: all of them before any is looked at, so that memory is waited for once. */
function hash(model: usize, salt: u32, four: usize): void {
  let hashes = i32x4.add(v128.load(model + four), i32x4.splat(salt * 0x9e3779b1));
  hashes = i32x4.mul(hashes, i32x4.splat(0x85ebca6b));
  hashes = i32x4.mul(v128.xor(hashes, i32x4.shr_u(hashes, 15)), i32x4.splat(0x2c1b3c6d));
  hashes = v128.xor(hashes, i32x4.shr_u(hashes, 13));
  const numbers = v128.and(hashes, i32x4.splat(load<u32>(model + mask)));
  v128.store(
    model + places + four,
    i32x4.add(i32x4.shl(numbers, 5), i32x4.splat(load<u32>(model + buckets))),
  );
  v128.store(model + checks + four, v128.or(i32x4.shr_u(hashes, 16), i32x4.splat(1)));
}

function emptied(first: usize, other: usize, check: u32): usize {
  const otherIsBetter =
    load<u16>(first) !== 0 && (load<u16>(other) === 0 || seenFirst(other) < seenFirst(first));
  const bucket = otherIsBetter ? other : first;
  v128.store(bucket, i32x4.splat(0));
  v128.store(bucket, i32x4.splat(0), 16);
  store<u16>(bucket, check);
  return bucket;
}

function seenFirst(bucket: usize): u32 {
  return load<u16>(bucket, 2) & seenMax;
}

function codeBit(model: usize, bit: u32, node: u32, set: u32, expected: u32, level: u32): u32 {
  for (let i: u32 = 0; i < contexts; i++) {
    const counter: u32 = load<u16>(load<u32>(model + places + (i << 2)) + (node << 1));
    let map: usize = 0;
    let signal = 0;
    if ((counter & seenMax) > 0) {
      map = model + maps + (((i << 10) | ((counter & seenMax) << 6) | ((counter ^ (half << 4)) >> 10)) << 1);
      signal = stretch(load<u16>(map) >> 4);
    }
    store<u32>(model + mapPlaces + (i << 2), u32(map));
    store<i32>(model + signals + (i << 2), signal);
  }
  const trust = level > 0 ? stretch(load<u16>(model + trusts + (level << 1)) >> 4) : 0;
  store<i32>(model + signals, expected ? trust : -trust, 24);
  store<i32>(model + signals, 256, 28);

  const signalsA = v128.load(model + signals);
  const signalsB = v128.load(model + signals, 16);
  const first = model + weights + (set << 5);
  const weightsA = v128.load(first);
  const weightsB = v128.load(first, 16);
  const one = mixed(signalsA, weightsA, signalsB, weightsB);
  const found = code(bit, one);
  const error = i32x4.splat((i32(found << 16) - i32(one)) * learning);
  v128.store(first, learned(weightsA, signalsA, error));
  v128.store(first, learned(weightsB, signalsB, error), 16);

  for (let i: u32 = 0; i < contexts; i++) {
    const map: usize = load<u32>(model + mapPlaces + (i << 2));
    if (map !== 0) move(map, found, mapShift);
    count(load<u32>(model + places + (i << 2)) + (node << 1), found);
  }
  if (level > 0) move(model + trusts + (level << 1), u32(expected === found), matchShift);
  return found;
}

/** SPEC §4.6.7: what the signals say by their weights, as the probability of 1; the sum is exact. */
function mixed(signalsA: v128, weightsA: v128, signalsB: v128, weightsB: v128): u32 {
  const a = i64x2.add(
    i64x2.extmul_low_i32x4_s(signalsA, weightsA),
    i64x2.extmul_high_i32x4_s(signalsA, weightsA),
  );
  const b = i64x2.add(
    i64x2.extmul_low_i32x4_s(signalsB, weightsB),
    i64x2.extmul_high_i32x4_s(signalsB, weightsB),
  );
  const sums = i64x2.add(a, b);
  const sum = (i64x2.extract_lane(sums, 0) + i64x2.extract_lane(sums, 1)) >> 16;
  return squash(i32(min<i64>(max<i64>(sum, -oddsMax), oddsMax)));
}

/** SPEC §4.6.7: four weights after a bit. */
function learned(four: v128, signals: v128, error: v128): v128 {
  return i32x4.add(four, i32x4.shr_s(i32x4.add(i32x4.mul(signals, error), i32x4.splat(131072)), 18));
}

/** SPEC §4.6.5, §4.6.6: a probability in 65,536ths after a bit. */
function move(place: usize, bit: u32, shift: u32): void {
  const one: u32 = load<u16>(place);
  store<u16>(place, bit ? one + ((65535 - one) >> shift) : one - (one >> shift));
}

/** SPEC §4.6.4: a counter after a bit. */
function count(place: usize, bit: u32): void {
  const counter: u32 = load<u16>(place);
  const seen = counter & seenMax;
  const rate: u32 = load<u16>(rates + (seen << 1));
  const one = (counter >> 4) ^ half;
  const next = bit ? one + (((4095 - one) * rate) >> 16) : one - ((one * rate) >> 16);
  store<u16>(place, ((next ^ half) << 4) | min(seen + 1, seenMax));
}
