/** A worker thread that compresses one block, or reads one piece, at a time. */
import { constants, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import type { PackMethod } from "../../core/format/codec.js";
import { compressors } from "./compressors.js";

export interface WorkerOrder {
  readonly method: PackMethod;
  readonly block: Uint8Array;
  /** The block is a piece, to be read, and holds so many bytes. */
  readonly holds?: number;
}

export interface WorkerSettings {
  /** Takes only the time of the processors that nobody else wants. */
  readonly quiet: boolean;
}

export interface WorkerAnswer {
  readonly piece?: Uint8Array;
  readonly failure?: string;
}

const port = parentPort;
if (!port) throw new Error("expected to run as a worker thread");
const own = compressors();
// Linux alone has priorities of threads; elsewhere it would be that of the whole process.
if ((workerData as WorkerSettings | null)?.quiet === true && process.platform === "linux") {
  setPriority(constants.priority.PRIORITY_LOW);
}

port.on("message", ({ method, block, holds }: WorkerOrder) => {
  const work = holds === undefined ? own[method].compress(block) : own[method].decompress(block, holds);
  work.then(
    (piece) => port.postMessage({ piece } satisfies WorkerAnswer),
    (error: unknown) => port.postMessage({ failure: String(error) } satisfies WorkerAnswer),
  );
});
