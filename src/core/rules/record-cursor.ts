/** Records one after the other as bytes, each in the place of the one before: an object for each of millions takes longer than all else. */

export interface RecordCursor {
  /** The record at hand is the first `length` bytes. */
  readonly bytes: Uint8Array;
  readonly length: number;
  /** False behind the last. */
  next(): boolean;
}

/** Records of which nothing was unpacked yet. */
export interface PackedRecords extends Iterable<string> {
  cursor(): RecordCursor;
}

export function cursorOf(records: Iterable<string> | PackedRecords): RecordCursor {
  return "cursor" in records ? records.cursor() : new StringCursor(records[Symbol.iterator]());
}

class StringCursor implements RecordCursor {
  bytes = new Uint8Array(1024);
  length = 0;
  readonly #records: Iterator<string>;

  constructor(records: Iterator<string>) {
    this.#records = records;
  }

  next(): boolean {
    const { done, value } = this.#records.next();
    if (done) return false;
    if (value.length > this.bytes.length) this.bytes = new Uint8Array(2 * value.length);
    const { bytes } = this;
    for (let i = 0; i < value.length; i++) bytes[i] = value.charCodeAt(i);
    this.length = value.length;
    return true;
  }
}
