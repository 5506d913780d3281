/**
 * The codec port on zstd-codec 0.1.5: WASM, so the same bytes on every machine.
 *
 * Compression runs in worker threads (or in process, with none); which thread took a block never shows in the
 * result. Decompression runs in process, by the zstd of newer Node versions where there is one and no dictionary
 * is needed: a decoder may differ, an encoder may not.
 */
import * as zlib from "node:zlib";
import { VerificationError } from "../../core/errors.js";
import type { Codec, CodecBlock } from "../../core/format/codec.js";
import { frameBytes, frameContentBytes } from "../../core/format/zstd-frame.js";
import { limits } from "../../core/limits.js";
import { workerURL } from "../worker-url.js";
import { CompressionThread } from "./compression-thread.js";
import { ZstdInstance } from "./zstd-instance.js";

type Compress = (block: CodecBlock) => Promise<Uint8Array>;
type NativeDecoder = (frame: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;

export async function openZstdCodec(options: {
  readonly workers: number;
}): Promise<Codec & { close(): Promise<void> }> {
  const instance = new ZstdInstance();
  const script = workerURL(import.meta.url, "zstd-worker");
  const threads = Array.from({ length: options.workers }, () => new CompressionThread(script));
  const native = (zlib as { zstdDecompressSync?: NativeDecoder }).zstdDecompressSync;
  let turn: Promise<unknown> = Promise.resolve();

  const inProcess: Compress = (block) => instance.compress(block);
  const inThreads = threads.map(
    (thread): Compress =>
      (block) =>
        thread.compress(block),
  );
  return {
    name: "zstd-codec/0.1.5",
    compress: (blocks) => {
      // a single block is not worth the way to a thread and back
      const lanes = inThreads.length > 0 && blocks.length > 1 ? inThreads : [inProcess];
      const work = turn.then(() => compressAll(blocks, lanes));
      // the next call waits for this one, whether it succeeds or not
      turn = work.catch(() => undefined);
      return work;
    },
    decompress: async (frame, bytes, dictionary) =>
      native && !dictionary?.length && bytes <= limits.codecBlockBytesMax
        ? decompressNative(native, frame, bytes)
        : instance.decompress(frame, bytes, dictionary),
    close: async () => {
      await turn;
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}

async function compressAll(blocks: readonly CodecBlock[], lanes: readonly Compress[]): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = [];
  let next = 0;
  await Promise.all(
    lanes.map(async (compress) => {
      while (next < blocks.length) {
        const place = next++;
        frames[place] = await compress(blocks[place] as CodecBlock);
      }
    }),
  );
  return frames;
}

function decompressNative(native: NativeDecoder, frame: Uint8Array, bytes: number): Uint8Array {
  const claimed = frameContentBytes(frame);
  if (claimed !== bytes || frameBytes(frame) !== frame.length) {
    throw new VerificationError(
      "CODEC_FAILED",
      `expected one frame of ${bytes} bytes, got one of ${claimed}`,
    );
  }
  let content: Uint8Array;
  try {
    content = native(frame, { maxOutputLength: Math.max(1, bytes) });
  } catch (cause) {
    throw new VerificationError("CODEC_FAILED", "expected bytes that zstd can work on", { cause });
  }
  if (content.length !== bytes) {
    throw new VerificationError("CODEC_FAILED", `expected ${bytes} bytes, got ${content.length}`);
  }
  return content;
}
