/** A worker thread that compresses one block at a time. */
import { parentPort } from "node:worker_threads";
import type { CodecBlock } from "../../core/format/codec.js";
import { ZstdInstance } from "./zstd-instance.js";

export interface WorkerAnswer {
  readonly frame?: Uint8Array;
  readonly failure?: string;
}

const port = parentPort;
if (!port) throw new Error("expected to run as a worker thread");
const zstd = new ZstdInstance();

port.on("message", (block: CodecBlock) => {
  zstd.compress(block).then(
    (frame) => port.postMessage({ frame } satisfies WorkerAnswer),
    (error: unknown) => port.postMessage({ failure: String(error) } satisfies WorkerAnswer),
  );
});
