/**
 * One worker thread that compresses one block, or reads one piece, at a time. A thread that dies is replaced, and the block it had is
 * tried once more in the new one.
 */
import { Worker } from "node:worker_threads";
import { OperationError, VerificationError } from "../../core/errors.js";
import type { PackMethod } from "../../core/format/codec.js";
import type { WorkerAnswer, WorkerOrder, WorkerSettings } from "./compression-worker.js";

export class CompressionThread {
  readonly #script: URL;
  readonly #settings: WorkerSettings;
  #worker: Worker | undefined;
  #closed = false;

  constructor(script: URL, settings: WorkerSettings = { quiet: false }) {
    this.#script = script;
    this.#settings = settings;
  }

  compress(method: PackMethod, block: Uint8Array): Promise<Uint8Array> {
    return this.#do({ method, block });
  }

  decompress(method: PackMethod, piece: Uint8Array, bytes: number): Promise<Uint8Array> {
    return this.#do({ method, block: piece, holds: bytes });
  }

  /** @throws VerificationError CODEC_FAILED; OperationError INTERRUPTED when closed meanwhile */
  async #do(order: WorkerOrder): Promise<Uint8Array> {
    let answer: WorkerAnswer;
    try {
      this.#requireOpen();
      answer = await this.#ask(order);
    } catch {
      this.#requireOpen();
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
    this.#closed = true;
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #requireOpen(): void {
    if (this.#closed) throw new OperationError("INTERRUPTED", "expected to compress on, got told to stop");
  }

  #ask(order: WorkerOrder): Promise<WorkerAnswer> {
    this.#worker ??= new Worker(this.#script, { workerData: this.#settings });
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
