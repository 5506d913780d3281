/**
 * One worker thread that compresses one block at a time. A thread that dies is replaced, and the block it had is
 * tried once more in the new one.
 */
import { Worker } from "node:worker_threads";
import { VerificationError } from "../../core/errors.js";
import type { CodecBlock } from "../../core/format/codec.js";
import type { WorkerAnswer } from "./zstd-worker.js";

export class CompressionThread {
  readonly #script: URL;
  #worker: Worker | undefined;

  constructor(script: URL) {
    this.#script = script;
  }

  async compress(block: CodecBlock): Promise<Uint8Array> {
    let answer: WorkerAnswer;
    try {
      answer = await this.#ask(block);
    } catch {
      // whatever killed the thread: a second death in a row is the block's fault
      answer = await this.#ask(block).catch((error: unknown) => ({ failure: String(error) }));
    }
    if (!answer.frame)
      throw new VerificationError("CODEC_FAILED", answer.failure ?? "expected a frame, got nothing");
    return answer.frame;
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #ask(block: CodecBlock): Promise<WorkerAnswer> {
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
      worker.postMessage(block);
    });
  }
}
