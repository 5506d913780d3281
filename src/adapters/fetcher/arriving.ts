/**
 * What a connection brings, collected from the moment the answer begins, while the caller may still be opening its file: what arrived
 * before a connection broke counts. Node's own iterator would throw it away with the error.
 */
import { type Readable, finished } from "node:stream";

/** Bytes that wait for a slow reader before the server has to wait too. */
const waitingBytesMax = 256 * 1024;

export function arriving(body: Readable): AsyncIterable<Uint8Array> {
  const waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let over: { error: Error | undefined } | undefined;
  let wake = () => {};
  body.on("data", (chunk: Buffer) => {
    waiting.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
    waitingBytes += chunk.length;
    if (waitingBytes > waitingBytesMax) body.pause();
    wake();
  });
  finished(body, (error) => {
    over = { error: error ?? undefined };
    wake();
  });
  async function* iterate(): AsyncGenerator<Uint8Array> {
    for (;;) {
      for (let chunk = waiting.shift(); chunk !== undefined; chunk = waiting.shift()) {
        waitingBytes -= chunk.length;
        yield chunk;
      }
      if (over?.error !== undefined) throw over.error;
      if (over !== undefined) return;
      const more = new Promise<void>((resolve) => {
        wake = resolve;
      });
      body.resume();
      await more;
    }
  }
  return iterate();
}
