/** A worker thread that compresses one block at a time. */
import { parentPort } from "node:worker_threads";
import type { PackMethod } from "../../core/format/codec.js";
import { compressors } from "./compressors.js";

export interface WorkerOrder {
  readonly method: PackMethod;
  readonly block: Uint8Array;
}

export interface WorkerAnswer {
  readonly piece?: Uint8Array;
  readonly failure?: string;
}

const port = parentPort;
if (!port) throw new Error("expected to run as a worker thread");
const own = compressors();

port.on("message", ({ method, block }: WorkerOrder) => {
  own[method].compress(block).then(
    (piece) => port.postMessage({ piece } satisfies WorkerAnswer),
    (error: unknown) => port.postMessage({ failure: String(error) } satisfies WorkerAnswer),
  );
});
