/** The quiet codec port: one thread of the lowest priority, which does everything in the order in which it was asked. */
import type { QuietCodec } from "../../ports/quiet-codec.js";
import { workerURL } from "../worker-url.js";
import { CompressionThread } from "./compression-thread.js";

export function openQuietCodec(): QuietCodec {
  const script = workerURL(import.meta.url, "compression-worker");
  const thread = new CompressionThread(script, { quiet: true });
  let turn: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(work);
    // the next call waits for this one, whether it succeeds or not
    turn = done.catch(() => undefined);
    return done;
  };
  return {
    compress: (method, blocks) =>
      inTurn(async () => {
        const pieces: Uint8Array[] = [];
        for (const block of blocks) pieces.push(await thread.compress(method, block));
        return pieces;
      }),
    decompress: (method, piece, bytes) => inTurn(() => thread.decompress(method, piece, bytes)),
    close: () => thread.close(),
  };
}
