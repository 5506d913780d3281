/** One thread with YARA-X in it. It is replaced when its instance broke, took too long, or has grown. */
import { Worker } from "node:worker_threads";
import type { Finding, SourceFile } from "../../core/rules/model.js";
import { workerURL } from "../worker-url.js";
import type { JointSource } from "./yara-x-joint.js";
import { readDiagnostics } from "./yara-x-diagnostics.js";
import type { YaraXAnswer } from "./yara-x-worker.js";

/** A compiler grows its instance's memory and never gives it back: a new one after so many bytes of rules. */
const instanceBytesMax = 16 * 1024 * 1024;

/** Whoever comes together with a hostile file is to wait for it no longer. */
const jointTimeoutMs = 2_000;

export class YaraXThread {
  readonly #module: object;
  readonly #timeoutMs: number;
  #worker: Worker | undefined;
  #bytes = 0;

  constructor(module: object, timeoutMs: number) {
    this.#module = module;
    this.#timeoutMs = timeoutMs;
  }

  /** Whether the engine has nothing to say of any of them. If not, nobody knows yet of which. */
  async isSilent(joint: JointSource): Promise<boolean> {
    const answer = await this.#judge(joint.text, Math.min(jointTimeoutMs, this.#timeoutMs));
    return typeof answer !== "string" && joint.isSilent(answer);
  }

  async check({ path, bytes }: SourceFile): Promise<Finding[]> {
    const timeoutMs = this.#timeoutMs * Math.ceil((bytes.length + 1) / 1_000_000);
    const answer = await this.#judge(new TextDecoder().decode(bytes), timeoutMs);
    if (typeof answer !== "string" && !answer.poisoned) return readDiagnostics(path, answer);
    const said = typeof answer === "string" ? answer : "it broke";
    const message = `expected the engine to compile the file, got no answer: ${said}`;
    return [{ path, line: 1, column: 1, severity: "error", code: "YARA_X_FAILED", message }];
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#bytes = 0;
    await worker?.terminate();
  }

  async #judge(text: string, timeoutMs: number): Promise<YaraXAnswer | string> {
    const answer = await this.#ask(text, timeoutMs);
    this.#bytes += text.length;
    if (typeof answer === "string" || answer.poisoned || this.#bytes > instanceBytesMax) await this.close();
    return answer;
  }

  /** The answer, or what went wrong with the thread. */
  #ask(text: string, timeoutMs: number): Promise<YaraXAnswer | string> {
    this.#worker ??= new Worker(workerURL(import.meta.url, "yara-x-worker"), {
      workerData: this.#module,
      resourceLimits: { maxOldGenerationSizeMb: 1024 },
    });
    const worker = this.#worker;
    worker.ref();
    return new Promise((resolve) => {
      const settle = (answer: YaraXAnswer | string) => {
        clearTimeout(timer);
        // One that waits for work keeps no process alive.
        worker.unref();
        worker.off("message", settle).off("error", onError).off("exit", onExit);
        resolve(answer);
      };
      const timer = setTimeout(() => settle(`it took longer than ${timeoutMs} ms`), timeoutMs);
      const onError = (error: Error) => settle(error.message);
      const onExit = (code: number) => settle(`its thread ended with code ${code}`);
      worker.on("message", settle).on("error", onError).on("exit", onExit);
      worker.postMessage({ text });
    });
  }
}
