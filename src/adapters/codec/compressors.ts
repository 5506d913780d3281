/** What compresses one block and reads one piece, by method: zstd-codec 0.1.5 in WASM, and the core's own xz streams. */
import { VerificationError } from "../../core/errors.js";
import type { PackMethod } from "../../core/format/codec.js";
import { readStream, writeStream } from "../../core/format/xz-stream.js";
import { limits } from "../../core/limits.js";
import { decompressNative } from "./native-zstd.js";
import { ZstdInstance } from "./zstd-instance.js";

export interface Compressor {
  compress(block: Uint8Array): Promise<Uint8Array>;
  decompress(piece: Uint8Array, bytes: number): Promise<Uint8Array>;
}

const xz: Compressor = {
  compress: async (block) => {
    if (block.length > 0 && block.length <= limits.xzBlockBytesMax) return writeStream(block);
    throw failed(`expected a block of 1 to ${limits.xzBlockBytesMax} bytes, got ${block.length}`);
  },
  decompress: async (stream, bytes) => {
    const content = readStream(stream, failed);
    if (content.length === bytes) return content;
    throw failed(`expected ${bytes} bytes, got ${content.length}`);
  },
};

/** Each with an instance of zstd of its own, made when it is needed. */
export function compressors(): Readonly<Record<PackMethod, Compressor>> {
  const instance = new ZstdInstance();
  const zstd: Compressor = {
    compress: (block) => instance.compress(block),
    decompress: async (frame, bytes) => decompressNative(frame, bytes) ?? instance.decompress(frame, bytes),
  };
  return { xz, zstd };
}

function failed(message: string): VerificationError {
  return new VerificationError("CODEC_FAILED", message);
}
