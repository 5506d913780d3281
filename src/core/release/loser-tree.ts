/**
 * A tournament of sorted sequences of byte strings (Knuth, The Art of Computer Programming 3, §5.4.1) in which each loser remembers how
 * many bytes it shares with the one that beat it (Ng and Kakehi, Merging String Sequences by Longest Common Prefixes, 2008). Of two,
 * the smaller is who shares more with the record that won last, so bytes are compared only where both share equally many.
 */

/** Its record at hand is the first `length` bytes. */
interface Contestant {
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** What a sequence shares that has ended: it loses to all. */
const ended = -1;

export class LoserTree {
  readonly #contestants: readonly Contestant[];
  /** By node, the root being 1 and the children of `n` being `2n` and `2n + 1`: who lost there. Behind the nodes come the contestants. */
  readonly #losers: Int32Array;
  /** By contestant: bytes shared with who beat it, or, if nobody did, with the record that won last. */
  readonly #shared: Int32Array;
  /** Number of the contestant whose record is the smallest; any when all have ended. */
  first: number;

  /** Each stands at its first record. */
  constructor(contestants: readonly Contestant[]) {
    this.#contestants = contestants;
    this.#losers = new Int32Array(contestants.length);
    this.#shared = new Int32Array(contestants.length);
    this.first = contestants.length > 0 ? this.#play(1) : 0;
  }

  /** Bytes that the first's record shares with the one that was first before; 0 at the beginning. */
  get shared(): number {
    return this.#shared[this.first] as number;
  }

  /** The first goes on: its next record shares so many bytes with the one that it had. */
  replay(shared: number): void {
    let winner = this.first;
    this.#shared[winner] = shared;
    for (let node = (winner + this.#losers.length) >> 1; node > 0; node >>= 1) {
      const loser = this.#losers[node] as number;
      if (this.#beats(winner, loser)) continue;
      this.#losers[node] = winner;
      winner = loser;
    }
    this.first = winner;
  }

  /** The first has no next record. */
  end(): void {
    this.replay(ended);
  }

  #play(node: number): number {
    const behind = node - this.#losers.length;
    if (behind >= 0) return behind;
    const one = this.#play(2 * node);
    const other = this.#play(2 * node + 1);
    const isFirst = this.#beats(one, other);
    this.#losers[node] = isFirst ? other : one;
    return isFirst ? one : other;
  }

  /** Of equal records one beats the other. The loser's share is afterwards the one with the winner. */
  #beats(one: number, other: number): boolean {
    const shares = this.#shared;
    let shared = shares[one] as number;
    if (shared !== shares[other]) return shared > (shares[other] as number);
    if (shared === ended) return true;
    const a = this.#contestants[one] as Contestant;
    const b = this.#contestants[other] as Contestant;
    const [left, right] = [a.bytes, b.bytes];
    const most = Math.min(a.length, b.length);
    while (shared < most && left[shared] === right[shared]) shared++;
    const wins =
      shared === a.length || (shared < b.length && (left[shared] as number) < (right[shared] as number));
    shares[wins ? other : one] = shared;
    return wins;
  }
}
