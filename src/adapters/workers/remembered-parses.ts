/**
 * Rule workers that do not parse the same file twice: rules that were linted are compiled from what lint has parsed, and of next week's
 * thousand files only the changed ones cost time. Parsing is a pure function of kind, path, bytes and compiler, and those are the key.
 *
 * With `keep` the memory outlives the process. Its file is a convenience: one that is damaged, or of another compiler, is not read.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { FileFacts } from "../../core/release/model.js";
import type { RunPart } from "../../core/release/run.js";
import type { ParsedFile, RuleKind, SourceFile } from "../../core/rules/model.js";
import type { RuleWorkers } from "../../ports/rule-workers.js";
import { systemCode, writeFileDurably } from "../durable-files.js";

export interface MemoryOptions {
  readonly keep?: {
    readonly path: string;
    /** Digest of the compiler: another one may parse differently. */
    readonly compiler: string;
  };
}

/** Of sources whose parses are remembered; the records are about as large again. */
const sourceBytesMax = 48 * 1024 * 1024;
/** A large file is rarely the same as the last time, and would push a thousand small ones out. */
const fileBytesMax = 1024 * 1024;

interface Remembered {
  readonly bytes: number;
  readonly parsed: ParsedFile;
}

interface MemoryFile {
  readonly schema: 1;
  readonly compiler: string;
  readonly sha256: string;
}

export async function rememberParses(
  workers: RuleWorkers,
  options: MemoryOptions = {},
): Promise<RuleWorkers> {
  return new RememberingWorkers(workers, options, await readMemory(options));
}

class RememberingWorkers implements RuleWorkers {
  readonly #workers: RuleWorkers;
  readonly #options: MemoryOptions;
  /** Least recently used first. */
  readonly #memory: Map<string, Remembered>;
  #bytes = 0;
  #changed = false;

  constructor(workers: RuleWorkers, options: MemoryOptions, memory: Map<string, Remembered>) {
    this.#workers = workers;
    this.#options = options;
    this.#memory = memory;
    for (const { bytes } of memory.values()) this.#bytes += bytes;
  }

  async parse(kind: RuleKind, files: readonly SourceFile[]): Promise<ParsedFile[]> {
    const keys = files.map((file) => keyOf(kind, file));
    const answers = keys.map((key) => this.#recall(key));
    const unknown = files.filter((_, i) => answers[i] === undefined);
    const fresh = (await this.#workers.parse(kind, unknown)).values();
    return answers.map((known, i) => {
      if (known !== undefined) return known;
      const parsed = fresh.next().value as ParsedFile;
      this.#remember(keys[i] as string, files[i] as SourceFile, parsed);
      return parsed;
    });
  }

  recall(kind: RuleKind, { path, sha256, bytes }: FileFacts): ParsedFile | undefined {
    const key = keyText(kind, path, sha256);
    return this.#memory.get(key)?.bytes === bytes ? this.#recall(key) : undefined;
  }

  /** These are kept by whoever asks for them. */
  runs(kind: RuleKind, parts: readonly RunPart[]): Promise<Uint8Array[]> {
    return this.#workers.runs(kind, parts);
  }

  async close(): Promise<void> {
    await this.#workers.close();
    const { keep } = this.#options;
    if (keep === undefined || !this.#changed) return;
    const body = JSON.stringify([...this.#memory]);
    const head: MemoryFile = { schema: 1, compiler: keep.compiler, sha256: digestOf(body) };
    await writeFileDurably(keep.path, Buffer.from(`${JSON.stringify(head)}\n${body}`), { mode: 0o600 });
  }

  #recall(key: string): ParsedFile | undefined {
    const found = this.#memory.get(key);
    if (found === undefined) return undefined;
    this.#memory.delete(key);
    this.#memory.set(key, found);
    return found.parsed;
  }

  #remember(key: string, { bytes: { length } }: SourceFile, parsed: ParsedFile): void {
    // What a failed parser said is about the machine, not about the file.
    const failed = parsed.findings.some(({ code }) => code === "RULES_PARSER_FAILED");
    if (failed || length > fileBytesMax || this.#memory.has(key)) return;
    this.#memory.set(key, { bytes: length, parsed });
    this.#bytes += length;
    this.#changed = true;
    for (const [oldest, { bytes }] of this.#memory) {
      if (this.#bytes <= sourceBytesMax) break;
      this.#memory.delete(oldest);
      this.#bytes -= bytes;
    }
  }
}

function keyOf(kind: RuleKind, { path, bytes }: SourceFile): string {
  return keyText(kind, path, createHash("sha256").update(bytes).digest("hex"));
}

function keyText(kind: RuleKind, path: string, sha256: string): string {
  return `${sha256} ${kind} ${path}`;
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function readMemory({ keep }: MemoryOptions): Promise<Map<string, Remembered>> {
  if (keep === undefined) return new Map();
  let text: string;
  try {
    text = await readFile(keep.path, "utf8");
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return new Map();
    throw cause;
  }
  const end = text.indexOf("\n");
  const body = text.slice(end + 1);
  try {
    const head = JSON.parse(text.slice(0, end)) as MemoryFile;
    const sound = head.schema === 1 && head.compiler === keep.compiler && head.sha256 === digestOf(body);
    return new Map(sound ? (JSON.parse(body) as [string, Remembered][]) : []);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return new Map();
  }
}
