/** One thread that parses a few files at a time. A thread that dies or is late is thrown away; the next files get a new one. */
import { Worker } from "node:worker_threads";
import type { RunPart } from "../../core/release/run.js";
import type { ParsedFile, RuleKind } from "../../core/rules/model.js";

export interface ParseJob {
  readonly kind: RuleKind;
  /** Single files where records are wanted. */
  readonly parts: readonly RunPart[];
  /** What to answer for each part: its records, or a run of them. */
  readonly wanted: "records" | "runs";
}

export type Answer = ParsedFile | Uint8Array;

/** Enough for the largest file that a submission may hold; a parser that wants more is cut off before the machine suffers. */
const heapMegabytesMax = 2048;

export class ParserThread {
  private worker: Worker | undefined;

  constructor(
    private readonly script: URL,
    private readonly timeoutMs: number,
  ) {}

  get isWarm(): boolean {
    return this.worker !== undefined;
  }

  /** Starts the thread, if there is none, before it has anything to do. */
  warm(): Worker {
    if (this.worker !== undefined) return this.worker;
    const worker = new Worker(this.script, { resourceLimits: { maxOldGenerationSizeMb: heapMegabytesMax } });
    worker.unref();
    // One that ends while nobody waits for it is replaced when somebody does.
    const forget = () => {
      if (this.worker === worker) this.worker = undefined;
    };
    worker.on("error", forget).on("exit", forget);
    this.worker = worker;
    return worker;
  }

  /** Rejects when the thread died or took too long over all of them; the thread is gone then. */
  parse({ kind, parts, wanted }: ParseJob): Promise<Answer[]> {
    const worker = this.warm();
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        worker.off("message", onMessage).off("error", onError).off("exit", onExit);
        // An idle thread must not keep a process alive that forgot to close it.
        worker.unref();
      };
      const fail = (reason: string) => {
        settle();
        this.worker = undefined;
        void worker.terminate();
        reject(new Error(reason));
      };
      const onMessage = (parsed: Answer[]) => {
        settle();
        resolve(parsed);
      };
      const onError = (error: Error) => fail(`the parser failed: ${error.message}`);
      const onExit = (code: number) => fail(`the parser's thread ended with code ${code}`);
      const timer = setTimeout(
        () => fail(`the parser took longer than ${this.timeoutMs} ms`),
        this.timeoutMs,
      );
      worker.ref();
      worker.on("message", onMessage).on("error", onError).on("exit", onExit);
      // Copies, because the caller keeps its bytes, and a view would drag its whole buffer along.
      const copies = parts.map((files) =>
        files.map(({ path, bytes }) => ({ path, bytes: new Uint8Array(bytes) })),
      );
      worker.postMessage(
        { kind, parts: copies, wanted },
        copies.flat().map(({ bytes }) => bytes.buffer),
      );
    });
  }

  async close(): Promise<void> {
    const worker = this.worker;
    this.worker = undefined;
    await worker?.terminate();
  }
}
