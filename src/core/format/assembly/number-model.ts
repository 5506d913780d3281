/**
 * Numbers from 0 to 2^31 + 13, each of a field, in the contexts of what stood in that field before and of the numbers right before.
 *
 *     number = nibble n; below 15 the number itself, else u = number - 14 and e = floor(log2(u)) follow:
 *              nibble min(e, 15); at 15 a nibble e - 15; the min(e, 4) bits of u below its highest; the rest of u, each bit evenly
 */
import { code } from "./bit-coder";
import { beginModel, codeNibble, setContext } from "./bit-model";
import { fields, numberBuckets, numbers } from "./memory";

const fieldCount: u32 = 15;
const direct: u32 = 15;
const modelBits: u32 = 12;
const evenly: u32 = 32768;

/** The last number of all, and the one before it. */
let before: u32 = 0;
let beforeThat: u32 = 0;

export function beginNumbers(): void {
  beginModel(numbers, 2 * fieldCount, numberBuckets, modelBits);
}

/** SPEC §4.6.8. @param beside another number that may say something about this one */
export function codeNumber(field: u32, number: u32, beside: u32): u32 {
  const held = fields + (field << 3);
  setContexts(field, load<u32>(held), load<u32>(held, 4), beside);
  const small = codeNibble(numbers, min(number, direct), 4, 1, 2 * field, 0, 0);
  const found = small < direct ? small : codeLarge(number - direct + 1, 2 * field + 1);
  store<u32>(held, load<u32>(held), 4);
  store<u32>(held, found);
  beforeThat = before;
  before = found;
  return found;
}

function codeLarge(rest: u32, use: u32): u32 {
  const exact = 31 - clz(rest);
  let exponent = codeNibble(numbers, min(exact, 15), 4, 2, use, 0, 0);
  if (exponent === 15) exponent += codeNibble(numbers, exact - 15, 4, 3, use, 0, 0);
  const modelled = min(exponent, 4);
  let left = exponent - modelled;
  let found: u32 = 1;
  if (modelled > 0) {
    const top = (rest >> left) & ((1 << modelled) - 1);
    found = (1 << modelled) | codeNibble(numbers, top, modelled, 16 + exponent, use, 0, 0);
  }
  for (; left > 0; left--) found = (found << 1) | code((rest >> (left - 1)) & 1, evenly);
  return found + direct - 1;
}

/** SPEC §4.6.9 */
function setContexts(place: u32, last: u32, lastButOne: u32, beside: u32): void {
  const field = (place + 1) * 0x9e3779b1;
  setContext(numbers, 0, field);
  setContext(numbers, 1, (field + last) * 0x2f0b4c47 + 1);
  setContext(numbers, 2, ((field + last) * 0x2c1b3c6d + lastButOne) * 0x3d4d51cb + 2);
  setContext(numbers, 3, (field + before) * 0x6f4f2a35 + 3);
  setContext(numbers, 4, ((field + before) * 0x2c1b3c6d + beforeThat) * 0x297a2d39 + 4);
  setContext(numbers, 5, (field * 0x1fff7 + beside) * 0x85ebca6b + 5);
}
