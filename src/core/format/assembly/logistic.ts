/**
 * Probabilities and their logarithmic odds, in whole numbers: `squash(x)` is 65,536 / (1 + e^(-x/256)), and `stretch` turns it
 * round. A table of 45 values and straight lines between them, so that nobody's floating point decides about a bit.
 */
import { squashed, stretched } from "./memory";

/** SPEC §4.6.2: squash(-2816), squash(-2688), … squash(2816). */
const anchors = memory.data<u16>([
  1, 2, 3, 5, 8, 13, 22, 36, 60, 98, 162, 267, 439, 720, 1179, 1921, 3108, 4971, 7812, 11955, 17625, 24743,
  32768, 40793, 47911, 53581, 57724, 60565, 62428, 63615, 64357, 64816, 65097, 65269, 65374, 65438, 65476,
  65500, 65514, 65523, 65528, 65531, 65533, 65534, 65535,
]);
const stepBits: i32 = 7;
export const oddsMax: i32 = 2815;
/** Odds of a probability in 4,096ths stay within these. */
const stretchedMax: i32 = 2047;

/** @param odds -2815 to 2815; in 65,536ths */
export function squash(odds: i32): i32 {
  return load<u16>(squashed + ((odds + oddsMax) << 1));
}

/** The lowest odds that squash to the probability, in 4,096ths, or beyond. */
export function stretch(one: u32): i32 {
  return load<i16>(stretched + (one << 1));
}

export function fillTables(): void {
  for (let odds = -oddsMax; odds <= oddsMax; odds++) {
    const place = odds + oddsMax + 1;
    const anchor = anchors + ((place >> stepBits) << 1);
    const part = place & 127;
    const sum = i32(load<u16>(anchor)) * (128 - part) + i32(load<u16>(anchor + 2)) * part;
    store<u16>(squashed + ((odds + oddsMax) << 1), (sum + 64) >> stepBits);
  }
  let odds = -stretchedMax;
  for (let one = 0; one < 4096; one++) {
    while (odds < stretchedMax && squash(odds) < 16 * one + 8) odds++;
    store<i16>(stretched + (one << 1), odds);
  }
}
