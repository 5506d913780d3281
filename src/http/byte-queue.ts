/**
 * Bytes that arrive in chunks of any size, taken in pieces of a wanted size. Holds one chunk, and a small
 * piece while it is put together.
 */
export class ByteQueue {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #endedEarly: () => Error;
  #current: Uint8Array = new Uint8Array(0);

  /** `endedEarly` makes the error for bytes that were promised and never came. */
  constructor(chunks: AsyncIterable<Uint8Array>, endedEarly: () => Error) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#endedEarly = endedEarly;
  }

  /** Up to `bytes` bytes without taking them; fewer only at the end. */
  async peek(bytes: number): Promise<Uint8Array> {
    while (this.#current.length < bytes && (await this.#more()));
    return this.#current.subarray(0, bytes);
  }

  /** Exactly `bytes` bytes, which the caller has checked to be few. They change with the next call. */
  async take(bytes: number): Promise<Uint8Array> {
    const piece = await this.peek(bytes);
    if (piece.length < bytes) throw this.#endedEarly();
    this.#current = this.#current.subarray(bytes);
    return piece;
  }

  /**
   * Exactly `bytes` bytes, as they come. Reading goes on where an earlier reader of the same stream stopped.
   */
  stream(bytes: number): AsyncIterable<Uint8Array> {
    let left = bytes;
    const queue = this;
    return {
      async *[Symbol.asyncIterator]() {
        while (left > 0) {
          if (queue.#current.length === 0 && !(await queue.#more())) throw queue.#endedEarly();
          const piece = queue.#current.subarray(0, left);
          queue.#current = queue.#current.subarray(piece.length);
          left -= piece.length;
          if (piece.length > 0) yield piece;
        }
      },
    };
  }

  async skip(bytes: number): Promise<void> {
    for await (const _ of this.stream(bytes));
  }

  /** Reads to the end and accepts zeros only, at most `bytesMax` of them. */
  async restIsZero(bytesMax: number, otherwise: () => Error): Promise<void> {
    let read = 0;
    for (;;) {
      read += this.#current.length;
      if (read > bytesMax || this.#current.some((byte) => byte !== 0)) throw otherwise();
      this.#current = new Uint8Array(0);
      if (!(await this.#more())) return;
    }
  }

  /** Tells the source that nothing more will be read. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #more(): Promise<boolean> {
    const next = await this.#chunks.next();
    if (next.done === true) return false;
    if (this.#current.length === 0) {
      this.#current = next.value;
    } else {
      const whole = new Uint8Array(this.#current.length + next.value.length);
      whole.set(this.#current);
      whole.set(next.value, this.#current.length);
      this.#current = whole;
    }
    return true;
  }
}
