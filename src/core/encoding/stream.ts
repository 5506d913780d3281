/**
 * Bytes that are too many to hold: a source read at random, a sink written in order, a running digest.
 * Core never opens anything; whoever calls it hands these in.
 */

/** Random access to bytes that do not change while they are read. */
export interface ByteSource {
  readonly length: number;
  /**
   * Exactly `length` bytes from `offset`. They may be put into `into`, which is no shorter, and which the caller will use again.
   * @throws OperationError when the world gives fewer.
   */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
  /** The same without waiting, where the bytes are on this machine: for readers that cannot wait between two records. */
  readNow?(offset: number, length: number, into?: Uint8Array): Uint8Array;
}

/** Takes bytes in order. The caller may reuse the array after the promise settles. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<void>;
}

/** A running SHA-256. */
export interface Digest {
  /** The caller may write over the bytes as soon as it returns. */
  update(bytes: Uint8Array): void;
  /** The 32 bytes; the digest cannot be used afterwards. */
  finish(): Uint8Array<ArrayBuffer>;
}
export interface DigestFactory {
  (): Digest;
  /** The digest of bytes that are all there, where that costs less than a running one. */
  readonly of?: (bytes: Uint8Array) => Uint8Array<ArrayBuffer>;
}

/** The digest of bytes that are all there. */
export function digestOf(newDigest: DigestFactory, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (newDigest.of !== undefined) return newDigest.of(bytes);
  const digest = newDigest();
  digest.update(bytes);
  return digest.finish();
}

/** A source over bytes that are already in memory. */
export function memorySource(bytes: Uint8Array): ByteSource {
  const readNow = (offset: number, length: number) => bytes.subarray(offset, offset + length);
  return { length: bytes.length, read: async (offset, length) => readNow(offset, length), readNow };
}

/** A sink that keeps everything, for small results and for tests. */
export function memorySink(): ByteSink & { bytes(): Uint8Array<ArrayBuffer> } {
  let whole = new Uint8Array(4096);
  let used = 0;
  return {
    write: async (bytes) => {
      if (used + bytes.length > whole.length) {
        const larger = new Uint8Array(Math.max(whole.length * 2, used + bytes.length));
        larger.set(whole.subarray(0, used));
        whole = larger;
      }
      whole.set(bytes, used);
      used += bytes.length;
    },
    bytes: () => whole.slice(0, used),
  };
}
