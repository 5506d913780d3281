/** What packs need from a compressor. Every frame is one plain zstd frame with its content size in the header. */
export interface CodecBlock {
  /** <= limits.codecBlockBytesMax */
  readonly bytes: Uint8Array;
  /** Raw content dictionary, <= limits.codecDictionaryBytesMax. */
  readonly dictionary?: Uint8Array;
  /** zstd level, 1 to 22. */
  readonly level: number;
}

export interface Codec {
  /** Name and version of what makes the bytes, for example "zstd-codec/0.1.5". */
  readonly name: string;
  /** Frames in the order of the blocks. The same block gives the same frame on every machine, always. */
  compress(blocks: readonly CodecBlock[]): Promise<Uint8Array[]>;
  /** @throws VerificationError CODEC_FAILED when the frame is broken or does not hold exactly `bytes` bytes. */
  decompress(frame: Uint8Array, bytes: number, dictionary?: Uint8Array): Promise<Uint8Array>;
}
