/**
 * Joins code that writes into a sink with a store that reads from a stream, one chunk at a time and without
 * holding the whole.
 */
import type { Sha256Hex } from "../core/brands.js";
import type { ByteSink } from "../core/encoding/stream.js";
import type { ObjectStore } from "../ports/object-store.js";

export interface Written<T> {
  readonly result: T;
  readonly sha256: Sha256Hex;
  readonly bytes: number;
}

/** Stores what `write` writes. When either side fails nothing is stored, and its error is thrown. */
export async function putWritten<T>(
  objects: ObjectStore,
  write: (sink: ByteSink) => Promise<T>,
): Promise<Written<T>> {
  const pipe = new Pipe();
  const storing = objects.put(pipe).then(
    (stored) => stored,
    (error: unknown) => {
      pipe.abandon(error);
      throw error;
    },
  );
  const writing = write(pipe).then(
    (result) => {
      pipe.end();
      return result;
    },
    (error: unknown) => {
      pipe.fail(error);
      throw error;
    },
  );
  const [stored, result] = await Promise.all([storing, writing]);
  return { result, ...stored };
}

/** One chunk at most is under way; a write resolves when the reader has come back for the next. */
class Pipe implements ByteSink, AsyncIterable<Uint8Array> {
  #chunk: { readonly bytes: Uint8Array; readonly taken: () => void } | undefined;
  #wanted: (() => void) | undefined;
  #end: { readonly error?: unknown } | undefined;
  #abandoned: { readonly error: unknown } | undefined;

  write(bytes: Uint8Array): Promise<void> {
    if (this.#abandoned !== undefined) return Promise.reject(this.#abandoned.error);
    return new Promise((taken) => {
      this.#chunk = { bytes, taken };
      this.#wanted?.();
    });
  }

  end(): void {
    this.#end = {};
    this.#wanted?.();
  }

  fail(error: unknown): void {
    this.#end = { error };
    this.#wanted?.();
  }

  /** The reader is gone: the write under way returns, the next one throws. */
  abandon(error: unknown): void {
    this.#abandoned = { error };
    this.#chunk?.taken();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.#chunk;
      if (chunk !== undefined) {
        yield chunk.bytes;
        this.#chunk = undefined;
        chunk.taken();
      } else if (this.#end !== undefined) {
        if ("error" in this.#end) throw this.#end.error;
        return;
      } else {
        await new Promise<void>((wanted) => {
          this.#wanted = wanted;
        });
      }
    }
  }
}
