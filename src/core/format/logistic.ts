/**
 * Probabilities and their logarithmic odds, in whole numbers: `squash(x)` is 65,536 / (1 + e^(-x/256)), and `stretch` turns it
 * round. A table of 45 values and straight lines between them, so that nobody's floating point decides about a bit.
 */

/** SPEC §4.6.2: squash(-2816), squash(-2688), … squash(2816). */
const anchors = [
  1, 2, 3, 5, 8, 13, 22, 36, 60, 98, 162, 267, 439, 720, 1179, 1921, 3108, 4971, 7812, 11_955, 17_625, 24_743,
  32_768, 40_793, 47_911, 53_581, 57_724, 60_565, 62_428, 63_615, 64_357, 64_816, 65_097, 65_269, 65_374,
  65_438, 65_476, 65_500, 65_514, 65_523, 65_528, 65_531, 65_533, 65_534, 65_535,
] as const;
const step = 128;
export const stretchMax = 2815;
/** Odds of a probability in 4,096ths stay within these. */
const oddsMax = 2047;

const squashed = new Uint16Array(2 * stretchMax + 1).map((_, i) => {
  const place = i + 1;
  const left = Math.floor(place / step);
  const part = place % step;
  const from = anchors[left] as number;
  const to = anchors[left + 1] as number;
  return Math.floor((from * (step - part) + to * part + step / 2) / step);
});

/** @param odds -2815 to 2815 */
export function squash(odds: number): number {
  return squashed[odds + stretchMax] as number;
}

const stretched = new Int16Array(4096);
{
  let odds = -oddsMax;
  for (let one = 0; one < 4096; one++) {
    while (odds < oddsMax && squash(odds) < 16 * one + 8) odds++;
    stretched[one] = odds;
  }
}

/** The lowest odds that squash to the probability, in 4,096ths, or beyond. */
export function stretch(one: number): number {
  return stretched[one] as number;
}

/** SPEC §4.6.4: how far a counter moves, in 65,536ths, by how often it was seen. */
export const rates = Uint16Array.of(
  ...[40_960, 25_206, 18_204, 14_247, 11_703, 9930, 8623, 7620],
  ...[6827, 6183, 5650, 5201, 4819, 4489, 4201, 4096],
);
