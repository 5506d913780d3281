/**
 * One worker thread that compresses one block at a time. A thread that dies is replaced, and the block it had is
 * tried once more in the new one.
 */
import { Worker } from "node:worker_threads";
import { VerificationError } from "../../core/errors.js";
import type { PackMethod } from "../../core/format/codec.js";
import type { WorkerAnswer, WorkerOrder } from "./compression-worker.js";

export class CompressionThread {
  readonly #script: URL;
  #worker: Worker | undefined;

  constructor(script: URL) {
    this.#script = script;
  }

  async compress(method: PackMethod, block: Uint8Array): Promise<Uint8Array> {
    const order: WorkerOrder = { method, block };
    let answer: WorkerAnswer;
    try {
      answer = await this.#ask(order);
    } catch {
      // whatever killed the thread: a second death in a row is the block's fault
      answer = await this.#ask(order).catch((error: unknown) => ({ failure: String(error) }));
    }
    if (!answer.piece)
      throw new VerificationError(
        "CODEC_FAILED",
        answer.failure ?? "expected a compressed block, got nothing",
      );
    return answer.piece;
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #ask(order: WorkerOrder): Promise<WorkerAnswer> {
    this.#worker ??= new Worker(this.#script);
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        worker.off("message", onMessage).off("error", onDeath).off("exit", onDeath);
        // a codec that nobody closed must not keep a process alive
        worker.unref();
      };
      const onMessage = (answer: WorkerAnswer): void => {
        settle();
        resolve(answer);
      };
      const onDeath = (cause: unknown): void => {
        settle();
        this.#worker = undefined;
        reject(new Error("a compression thread died", { cause }));
      };
      worker.on("message", onMessage).on("error", onDeath).on("exit", onDeath);
      worker.ref();
      worker.postMessage(order);
    });
  }
}
