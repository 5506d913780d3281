/**
 * How a stretch of text is best said: of all ways through it, the cheapest as the probabilities stand. Forward dynamic programming, a
 * state and the last four distances at each place being those of the cheapest way there.
 *
 * A step is a literal, a match, or one of the last distances; or one of the latter two, a literal and the same distance once more in one:
 * what is alike but for one byte is dear in its parts and cheap as a whole.
 */
import type { MatchFinder } from "./lzma-matches.js";
import {
  afterLiteral,
  afterMatch,
  afterRep,
  afterShortRep,
  isAfterLiteral,
  matchBytesMax,
  places,
} from "./lzma-model.js";
import type { Prices } from "./lzma-prices.js";

const stretch = 4096;
const size = stretch + 2 * matchBytesMax + 2;
const unreached = 0x3fff_ffff;
/** A match that is so long is taken without another thought. */
const longEnough = 273;

/** Steps: a literal, one of the last four distances, and from `fresh` on a distance of its own. */
export const literalStep = -1;
export const freshStep = 4;

export interface Step {
  readonly length: number;
  readonly step: number;
}

export class Parser {
  readonly #text: Uint8Array;
  readonly #matches: MatchFinder;
  readonly #prices: Prices;
  readonly #price = new Int32Array(size);
  /** The step that leads here, and its length; behind a step of several, how long its first and its last part are. */
  readonly #step = new Int32Array(size);
  readonly #length = new Int32Array(size);
  readonly #last = new Int32Array(size);
  readonly #state = new Int32Array(size);
  readonly #reps = new Int32Array(4 * size);
  /** Where the text stands at place 0, and how far ways lead. */
  #start = 0;
  #end = 0;

  constructor(text: Uint8Array, matches: MatchFinder, prices: Prices) {
    this.#text = text;
    this.#matches = matches;
    this.#prices = prices;
  }

  /** From `matches.at` on, which moves along; `state` and `reps` are what stands there. */
  parse(state: number, reps: Int32Array): Step[] {
    this.#start = this.#matches.at;
    this.#end = 0;
    this.#price[0] = 0;
    this.#state[0] = state;
    this.#reps.set(reps, 0);
    const left = this.#text.length - this.#start;
    let place = 0;
    for (;;) {
      if (place > 0) this.#arrive(place);
      this.#matches.find();
      const long = this.#longMatch();
      if (long) return [...this.#way(place), long];
      this.#leave(place, left - place);
      place++;
      if (place === this.#end || place >= stretch) break;
    }
    if (place < this.#end) place = this.#end;
    this.#matches.skip(this.#start + place - this.#matches.at);
    return this.#way(place);
  }

  #longMatch(): Step | undefined {
    const { count, lengths, distances } = this.#matches;
    if (count === 0 || (lengths[count - 1] as number) < longEnough) return undefined;
    const length = lengths[count - 1] as number;
    this.#matches.skip(length - 1);
    return { length, step: freshStep + (distances[count - 1] as number) };
  }

  #way(end: number): Step[] {
    const steps: Step[] = [];
    for (let place = end; place > 0; ) {
      const step = this.#step[place] as number;
      const length = this.#length[place] as number;
      const last = this.#last[place] as number;
      if (last > 0) {
        steps.push({ step: 0, length: last }, { step: literalStep, length: 1 });
        if (length - last > 1) steps.push({ step, length: length - last - 1 });
      } else steps.push({ step, length });
      place -= length;
    }
    return steps.reverse();
  }

  /** State and distances at a place, from the step that leads there. */
  #arrive(place: number): void {
    const step = this.#step[place] as number;
    const length = this.#length[place] as number;
    const last = this.#last[place] as number;
    const from = place - length;
    const first = last > 0 ? length - last - 1 : length;
    const reps = this.#reps;
    const to = 4 * place;
    reps.copyWithin(to, 4 * from, 4 * from + 4);
    let state = this.#state[from] as number;
    if (first > 0) state = this.#take(step, first, state, to);
    if (last > 0) state = afterRep(afterLiteral(state));
    this.#state[place] = state;
  }

  #take(step: number, length: number, state: number, at: number): number {
    const reps = this.#reps;
    if (step === literalStep) return afterLiteral(state);
    if (step >= freshStep) {
      reps.copyWithin(at + 1, at, at + 3);
      reps[at] = step - freshStep;
      return afterMatch(state);
    }
    const distance = reps[at + step] as number;
    reps.copyWithin(at + 1, at, at + step);
    reps[at] = distance;
    return step === 0 && length === 1 ? afterShortRep(state) : afterRep(state);
  }

  #offer(place: number, price: number, step: number, length: number, last: number): void {
    while (this.#end < place) this.#price[++this.#end] = unreached;
    if (price >= (this.#price[place] as number)) return;
    this.#price[place] = price;
    this.#step[place] = step;
    this.#length[place] = length;
    this.#last[place] = last;
  }

  #leave(place: number, left: number): void {
    const most = Math.min(left, matchBytesMax);
    const prices = this.#prices;
    const here = this.#price[place] as number;
    const state = this.#state[place] as number;
    const isMatch = here + prices.bit(places.isMatch + state, 1);
    this.#leaveByLiteral(place, left, isMatch);
    if (most < 2) return;
    const isRep = isMatch + prices.bit(places.isRep + state, 1);
    for (let rep = 0; rep < 4; rep++) this.#leaveByRep(place, rep, isRep, left);
    this.#leaveByMatch(place, isMatch + prices.bit(places.isRep + state, 0), left);
  }

  #literalPrice(at: number, state: number, distance: number): number {
    const text = this.#text;
    const before = at === 0 ? 0 : (text[at - 1] as number);
    const matched = isAfterLiteral(state) ? -1 : (text[at - 1 - distance] as number);
    return (
      this.#prices.bit(places.isMatch + state, 0) + this.#prices.literal(before, matched, text[at] as number)
    );
  }

  #leaveByLiteral(place: number, left: number, isMatch: number): void {
    const text = this.#text;
    const prices = this.#prices;
    const at = this.#start + place;
    const state = this.#state[place] as number;
    const distance = this.#reps[4 * place] as number;
    const price = (this.#price[place] as number) + this.#literalPrice(at, state, distance);
    this.#offer(place + 1, price, literalStep, 1, 0);
    if (distance >= at) return;
    if (text[at] === text[at - 1 - distance]) {
      const short =
        prices.bit(places.isRep + state, 1) +
        prices.bit(places.isRepG0 + state, 0) +
        prices.bit(places.isRep0Long + state, 0);
      this.#offer(place + 1, isMatch + short, 0, 1, 0);
    } else this.#again(place, 0, afterLiteral(state), price, literalStep, distance, left);
  }

  /** Behind a step of `first` bytes and a literal, whose price is in `price`: the same distance once more. */
  #again(
    place: number,
    first: number,
    state: number,
    price: number,
    step: number,
    distance: number,
    left: number,
  ): void {
    const most = Math.min(left - first - 1, matchBytesMax);
    const length = this.#same(this.#start + place + first + 1, distance, most);
    if (length < 2) return;
    const prices = this.#prices;
    const rep =
      prices.bit(places.isMatch + state, 1) +
      prices.bit(places.isRep + state, 1) +
      prices.bit(places.isRepG0 + state, 0) +
      prices.bit(places.isRep0Long + state, 1) +
      (prices.repLengths[length] as number);
    this.#offer(place + first + 1 + length, price + rep, step, first + 1 + length, length);
  }

  #leaveByRep(place: number, rep: number, isRep: number, left: number): void {
    const at = this.#start + place;
    const distance = this.#reps[4 * place + rep] as number;
    if (distance >= at) return;
    const longest = this.#same(at, distance, Math.min(left, matchBytesMax));
    if (longest < 2) return;
    const prices = this.#prices;
    const state = this.#state[place] as number;
    let price = isRep;
    if (rep === 0) price += prices.bit(places.isRepG0 + state, 0) + prices.bit(places.isRep0Long + state, 1);
    else {
      price += prices.bit(places.isRepG0 + state, 1);
      if (rep === 1) price += prices.bit(places.isRepG1 + state, 0);
      else price += prices.bit(places.isRepG1 + state, 1) + prices.bit(places.isRepG2 + state, rep - 2);
    }
    for (let length = longest; length >= 2; length--) {
      this.#offer(place + length, price + (prices.repLengths[length] as number), rep, length, 0);
    }
    if (longest + 1 >= left) return;
    const whole = price + (prices.repLengths[longest] as number);
    this.#goOn(place, longest, afterRep(state), whole, rep, distance, left);
  }

  #leaveByMatch(place: number, isMatch: number, left: number): void {
    const { count, lengths, distances } = this.#matches;
    const prices = this.#prices;
    const state = this.#state[place] as number;
    let length = 2;
    for (let i = 0; i < count; i++) {
      const longest = lengths[i] as number;
      const distance = distances[i] as number;
      for (; length <= longest; length++) {
        const price = isMatch + (prices.lengths[length] as number) + prices.distance(length, distance);
        this.#offer(place + length, price, freshStep + distance, length, 0);
        if (length < longest || longest + 1 >= left) continue;
        this.#goOn(place, longest, afterMatch(state), price, freshStep + distance, distance, left);
      }
    }
  }

  /** Behind a match as long as it can be: a literal, and the same distance once more. */
  #goOn(
    place: number,
    first: number,
    state: number,
    price: number,
    step: number,
    distance: number,
    left: number,
  ): void {
    const at = this.#start + place + first;
    if (this.#same(at + 1, distance, 2) < 2) return;
    const literal = this.#literalPrice(at, state, distance);
    this.#again(place, first, afterLiteral(state), price + literal, step, distance, left);
  }

  #same(at: number, distance: number, most: number): number {
    const text = this.#text;
    const from = at - 1 - distance;
    let same = 0;
    while (same < most && text[from + same] === text[at + same]) same++;
    return same;
  }
}
