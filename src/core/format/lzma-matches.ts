/**
 * Where the bytes to come stood before: for every length the nearest place. Binary trees of what follows each place, one for each hash
 * of four bytes, the newest place at the root; and the last places of two and of three bytes.
 */
import { matchBytesMax } from "./lzma-model.js";

/** Places of a tree that are looked at for one place of the text. */
const depth = 96;
const hash2Bits = 16;
const hash3Bits = 18;
const hash4BitsMax = 20;

export class MatchFinder {
  /** Of the place that was looked at last, the shorter first: lengths, and distances (one less than how far back). */
  readonly lengths = new Int32Array(matchBytesMax);
  readonly distances = new Int32Array(matchBytesMax);
  count = 0;
  /** Next place to look at. */
  at = 0;
  readonly #text: Uint8Array;
  readonly #head2 = new Int32Array(1 << hash2Bits).fill(-1);
  readonly #head3 = new Int32Array(1 << hash3Bits).fill(-1);
  readonly #head4: Int32Array;
  readonly #mask4: number;
  /** Two places for each place of the text: below and above. */
  readonly #children: Int32Array;

  constructor(text: Uint8Array) {
    this.#text = text;
    const bits = Math.min(hash4BitsMax, 33 - Math.clz32(text.length));
    this.#head4 = new Int32Array(2 ** bits).fill(-1);
    this.#mask4 = 2 ** bits - 1;
    this.#children = new Int32Array(2 * text.length);
  }

  find(): void {
    this.#step(true);
  }

  skip(count: number): void {
    for (let i = 0; i < count; i++) this.#step(false);
  }

  #step(wanted: boolean): void {
    const text = this.#text;
    const at = this.at++;
    const most = Math.min(matchBytesMax, text.length - at);
    this.count = 0;
    if (most < 4) return;
    const two = (text[at] as number) | ((text[at + 1] as number) << 8);
    const three = two | ((text[at + 2] as number) << 16);
    const hash3 = Math.imul(three, 0x9e3779b1) >>> (32 - hash3Bits);
    const four = Math.imul(three | ((text[at + 3] as number) << 24), 0x9e3779b1);
    const hash4 = (four ^ (four >>> 15)) & this.#mask4;
    if (wanted) {
      this.#offerShort(at, this.#head2[two] as number, most);
      this.#offerShort(at, this.#head3[hash3] as number, most);
    }
    const root = this.#head4[hash4] as number;
    this.#head2[two] = at;
    this.#head3[hash3] = at;
    this.#head4[hash4] = at;
    this.#descend(at, root, most, wanted);
  }

  #offerShort(at: number, place: number, most: number): void {
    if (place < 0) return;
    const text = this.#text;
    let length = 0;
    while (length < most && text[place + length] === text[at + length]) length++;
    if (length >= 2) this.#offer(length, at - place - 1);
  }

  #offer(length: number, distance: number): void {
    if (this.count > 0 && length <= (this.lengths[this.count - 1] as number)) return;
    this.lengths[this.count] = length;
    this.distances[this.count++] = distance;
  }

  /** Makes the place the root of its tree, and offers what it meets on the way. */
  #descend(at: number, root: number, most: number, wanted: boolean): void {
    const text = this.#text;
    const children = this.#children;
    let [below, above] = [2 * at, 2 * at + 1];
    let [sameBelow, sameAbove] = [0, 0];
    let place = root;
    for (let left = depth; place >= 0 && left > 0; left--) {
      let same = Math.min(sameBelow, sameAbove);
      while (same < most && text[place + same] === text[at + same]) same++;
      if (wanted && same >= 2) this.#offer(same, at - place - 1);
      if (same === most) {
        children[below] = children[2 * place] as number;
        children[above] = children[2 * place + 1] as number;
        return;
      }
      if ((text[place + same] as number) < (text[at + same] as number)) {
        children[below] = place;
        below = 2 * place + 1;
        place = children[below] as number;
        sameBelow = same;
      } else {
        children[above] = place;
        above = 2 * place;
        place = children[above] as number;
        sameAbove = same;
      }
    }
    children[below] = -1;
    children[above] = -1;
  }
}
