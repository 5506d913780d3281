/**
 * The codec port. Compression runs in worker threads (or in process, with none); which thread took a block never shows in the result.
 * Reading runs in process.
 */
import type { Codec, PackMethod } from "../../core/format/codec.js";
import { workerURL } from "../worker-url.js";
import { CompressionThread } from "./compression-thread.js";
import { compressors } from "./compressors.js";

/** Smaller ones are not worth the way to a thread and back. */
const threadBytesMin = 16 * 1024;

type Compress = (block: Uint8Array) => Promise<Uint8Array>;

export async function openPackCodec(options: {
  readonly workers: number;
}): Promise<Codec & { close(): Promise<void> }> {
  const own = compressors();
  const script = workerURL(import.meta.url, "compression-worker");
  const threads = Array.from({ length: options.workers }, () => new CompressionThread(script));
  let turn: Promise<unknown> = Promise.resolve();

  const lanesFor = (method: PackMethod): Compress[] => {
    const inProcess: Compress = (block) => own[method].compress(block);
    const inThread = (thread: CompressionThread): Compress => {
      return (block) => (block.length < threadBytesMin ? inProcess(block) : thread.compress(method, block));
    };
    return threads.length > 0 ? threads.map(inThread) : [inProcess];
  };
  return {
    compress: (method, blocks) => {
      const work = turn.then(() => compressAll(blocks, lanesFor(method)));
      // the next call waits for this one, whether it succeeds or not
      turn = work.catch(() => undefined);
      return work;
    },
    decompress: async (method, piece, bytes) => own[method].decompress(piece, bytes),
    close: async () => {
      await turn;
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}

async function compressAll(blocks: readonly Uint8Array[], lanes: readonly Compress[]): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  let next = 0;
  await Promise.all(
    lanes.map(async (compress) => {
      while (next < blocks.length) {
        const place = next++;
        pieces[place] = await compress(blocks[place] as Uint8Array);
      }
    }),
  );
  return pieces;
}
