/**
 * The rule workers port on worker threads. Files wait in one queue and any idle thread takes the next few; an answer depends on its
 * file alone, so which thread gave it never shows. Files of a handful that failed are parsed again one by one, so only the one that is
 * to blame pays for it. With no workers the files are parsed in this thread, without a time limit.
 */
import { type RunPart, encodeRun } from "../../core/release/run.js";
import type { ParsedFile, RuleKind, SourceFile } from "../../core/rules/model.js";
import { withQuality } from "../../core/rules/quality/judge.js";
import { ruleLanguage } from "../../core/rules/registry.js";
import type { RuleWorkers } from "../../ports/rule-workers.js";
import { workerURL } from "../worker-url.js";
import { nodeDigest } from "../node-digest.js";
import { isWorthThread, stuckMs } from "../new-thread.js";
import { type Answer, type ParseJob, ParserThread } from "./parser-thread.js";

export interface RuleWorkersOptions {
  readonly workers: number;
  /** For one file, or for several small ones together. */
  readonly timeoutMs?: number;
  /** Start the first thread at once: for a process that will certainly parse. Each costs 14 MB, so the others come with work for them. */
  readonly warm?: boolean;
  /** What the threads run; for tests of threads that fail. */
  readonly script?: URL;
}

interface QueuedPart {
  readonly kind: RuleKind;
  readonly part: RunPart;
  readonly bytes: number;
  readonly wanted: ParseJob["wanted"];
  readonly settle: (answer: Answer) => void;
}

const defaultTimeoutMs = 120_000;
/** Of one message to a thread: for a file of a few hundred bytes the message costs as much as the parsing. */
const handfulBytesMax = 64 * 1024;
const handfulFilesMax = 64;

export function openRuleWorkers(options: RuleWorkersOptions): RuleWorkers {
  if (options.workers <= 0)
    return {
      parse: async (kind, files) => files.map((file) => parseHere(kind, file)),
      runs: (kind, parts) =>
        Promise.all(
          parts.map((part) =>
            encodeRun(
              kind,
              part.map((file) => parseHere(kind, file)),
              nodeDigest,
            ),
          ),
        ),
      close: async () => {},
    };
  const script = options.script ?? workerURL(import.meta.url, "rule-worker");
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const threads = Array.from({ length: options.workers }, () => new ParserThread(script, timeoutMs));
  if (options.warm === true) threads.at(-1)?.warm();
  return new ThreadPool(threads);
}

function parseHere(kind: RuleKind, file: SourceFile): ParsedFile {
  try {
    return withQuality(kind, ruleLanguage(kind).parse(file));
  } catch (error) {
    return failedFile(
      file.path,
      `the parser failed: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

class ThreadPool implements RuleWorkers {
  private readonly idle: ParserThread[];
  private readonly queue: QueuedPart[] = [];
  /** Of the queue. */
  private bytes = 0;
  private readonly running = new Set<Promise<void>>();

  constructor(private readonly threads: readonly ParserThread[]) {
    this.idle = [...threads];
  }

  async parse(kind: RuleKind, files: readonly SourceFile[]): Promise<ParsedFile[]> {
    const parts = files.map((file) => [file]);
    return (await this.ask(kind, parts, "records")) as ParsedFile[];
  }

  async runs(kind: RuleKind, parts: readonly RunPart[]): Promise<Uint8Array[]> {
    const answers = await this.ask(kind, parts, "runs");
    return Promise.all(
      answers.map((answer) =>
        answer instanceof Uint8Array ? answer : encodeRun(kind, [answer], nodeDigest),
      ),
    );
  }

  private ask(kind: RuleKind, parts: readonly RunPart[], wanted: ParseJob["wanted"]): Promise<Answer[]> {
    const answers = parts.map(
      (part) =>
        new Promise<Answer>((settle) => {
          const bytes = part.reduce((sum, file) => sum + file.bytes.length, 0);
          this.queue.push({ kind, part, bytes, wanted, settle });
          this.bytes += bytes;
        }),
    );
    this.startIdle();
    return Promise.all(answers);
  }

  /** Waits for what is under way; every file has its time limit. */
  async close(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
    await Promise.all(this.threads.map((thread) => thread.close()));
  }

  private startIdle(stuck = false): void {
    while (this.queue.length > 0) {
      const warm = this.idle.findLastIndex((one) => one.isWarm);
      if (warm < 0 && !isWorthThread(this.bytes, this.running.size, stuck)) return;
      // Where none is warm, the last.
      const [thread] = this.idle.splice(warm, 1);
      if (thread === undefined) return;
      const run: Promise<void> = this.work(thread).finally(() => {
        this.running.delete(run);
        this.idle.push(thread);
      });
      this.running.add(run);
    }
  }

  private async work(thread: ParserThread): Promise<void> {
    for (let some = this.handful(); some.length > 0; some = this.handful()) await this.settle(thread, some);
  }

  /** The next part, and what follows it as long as they are small together and of one kind. */
  private handful(): QueuedPart[] {
    const [first] = this.queue;
    let [count, bytes] = [0, 0];
    for (const next of this.queue) {
      bytes += next.bytes;
      const alike = next.kind === first?.kind && next.wanted === first.wanted;
      const more = alike && bytes <= handfulBytesMax && count < handfulFilesMax;
      if (count > 0 && !more) break;
      count++;
    }
    const some = this.queue.splice(0, count);
    for (const part of some) this.bytes -= part.bytes;
    return some;
  }

  private async settle(thread: ParserThread, some: readonly QueuedPart[]): Promise<void> {
    const [first, ...others] = some as [QueuedPart, ...QueuedPart[]];
    const late = setTimeout(() => this.startIdle(true), stuckMs);
    try {
      const { kind, wanted } = first;
      const answers = await thread.parse({ kind, wanted, parts: some.map(({ part }) => part) });
      for (const [i, { settle }] of some.entries()) settle(answers[i] as Answer);
    } catch (error) {
      if (others.length === 0) {
        first.settle(
          failedFile(first.part[0]?.path ?? "", error instanceof Error ? error.message : String(error)),
        );
        return;
      }
      for (const one of some) await this.settle(thread, [one]);
    } finally {
      clearTimeout(late);
    }
  }
}

function failedFile(path: string, reason: string): ParsedFile {
  const message = `expected a parsed file, got a failure of ours: ${reason}`;
  const finding = {
    path,
    line: 1,
    column: 1,
    severity: "error",
    code: "RULES_PARSER_FAILED",
    message,
  } as const;
  return { path, records: [], lines: [], findings: [finding] };
}
