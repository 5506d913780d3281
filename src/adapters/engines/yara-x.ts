/**
 * YARA rules before YARA-X, the engine that runs them. Its WebAssembly instance is lost after some hostile rules (a few thousand nested
 * operators) and its own time limit does not hold, so it runs in threads that live for one submission and are thrown away at the first
 * sign of trouble; the file that was to blame gets a finding, and the others go on in a new one.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import type { Finding, RuleKind, SourceFile } from "../../core/rules/model.js";
import type { RuleEngine } from "../../ports/rule-engine.js";
import { workerURL } from "../worker-url.js";
import { readDiagnostics } from "./yara-x-diagnostics.js";
import type { YaraXAnswer } from "./yara-x-worker.js";

export interface YaraXOptions {
  /** Threads of one submission. */
  readonly workers?: number;
  /** For one file; beyond a million bytes, for each million. */
  readonly fileTimeoutMs?: number;
}

/** Node has it; its types stand with those of browsers. */
const { compile } = (
  globalThis as unknown as { WebAssembly: { compile(bytes: Uint8Array): Promise<object> } }
).WebAssembly;
const require = createRequire(import.meta.url);
/** A compiler grows its instance's memory and never gives it back: a new one after so many bytes of rules. */
const instanceBytesMax = 16 * 1024 * 1024;

export function openYaraXEngine({ workers = 2, fileTimeoutMs = 20_000 }: YaraXOptions = {}): RuleEngine {
  const folder = require.resolve("@virustotal/yara-x").replace(/[^/]*$/, "");
  const { version } = JSON.parse(readFileSync(`${folder}../package.json`, "utf8")) as { version: string };
  return {
    name: `yara-x ${version}`,
    kinds: ["yara"] satisfies RuleKind[],
    ...{ fileByFile: true, soundFilesOnly: true },
    check: async (kind, files) => {
      if (kind !== "yara" || files.length === 0) return [];
      const module = await compile(readFileSync(`${folder}yara_x_js_bg.wasm`));
      const waiting = [...files];
      const findings = new Map<string, Finding[]>();
      const threads = Array.from({ length: Math.min(Math.max(1, workers), files.length) }, async () => {
        const thread = new YaraXThread(module, fileTimeoutMs);
        try {
          for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
            findings.set(file.path, await thread.check(file));
          }
        } finally {
          await thread.close();
        }
      });
      await Promise.all(threads);
      return files.flatMap(({ path }) => findings.get(path) ?? []);
    },
  };
}

class YaraXThread {
  readonly #module: object;
  readonly #timeoutMs: number;
  #worker: Worker | undefined;
  #bytes = 0;

  constructor(module: object, timeoutMs: number) {
    this.#module = module;
    this.#timeoutMs = timeoutMs;
  }

  async check({ path, bytes }: SourceFile): Promise<Finding[]> {
    const text = new TextDecoder().decode(bytes);
    const answer = await this.#ask(text, this.#timeoutMs * Math.ceil((bytes.length + 1) / 1_000_000));
    this.#bytes += bytes.length;
    if (typeof answer === "string" || answer.poisoned || this.#bytes > instanceBytesMax) await this.close();
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

  /** The answer, or what went wrong with the thread. */
  #ask(text: string, timeoutMs: number): Promise<YaraXAnswer | string> {
    this.#worker ??= new Worker(workerURL(import.meta.url, "yara-x-worker"), {
      workerData: this.#module,
      resourceLimits: { maxOldGenerationSizeMb: 1024 },
    });
    const worker = this.#worker;
    return new Promise((resolve) => {
      const settle = (answer: YaraXAnswer | string) => {
        clearTimeout(timer);
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
