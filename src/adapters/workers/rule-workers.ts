/**
 * The rule workers port on worker threads. Files wait in one queue and any idle thread takes the next; an answer depends on its
 * file alone, so which thread gave it never shows. With no workers the files are parsed in this thread, without a time limit.
 */
import type { ParsedFile, RuleKind, SourceFile } from "../../core/rules/model.js";
import { ruleLanguage } from "../../core/rules/registry.js";
import type { RuleWorkers } from "../../ports/rule-workers.js";
import { workerURL } from "../worker-url.js";
import { type ParseJob, ParserThread } from "./parser-thread.js";

export interface RuleWorkersOptions {
  readonly workers: number;
  /** For one file. */
  readonly timeoutMs?: number;
  /** What the threads run; for tests of threads that fail. */
  readonly script?: URL;
}

interface QueuedJob {
  readonly job: ParseJob;
  readonly settle: (parsed: ParsedFile) => void;
}

const defaultTimeoutMs = 120_000;

export function openRuleWorkers(options: RuleWorkersOptions): RuleWorkers {
  if (options.workers <= 0)
    return {
      parse: async (kind, files) => files.map((file) => parseHere(kind, file)),
      close: async () => {},
    };
  const script = options.script ?? workerURL(import.meta.url, "rule-worker");
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const threads = Array.from({ length: options.workers }, () => new ParserThread(script, timeoutMs));
  return new ThreadPool(threads);
}

function parseHere(kind: RuleKind, file: SourceFile): ParsedFile {
  try {
    return ruleLanguage(kind).parse(file);
  } catch (error) {
    return failedFile(
      file.path,
      `the parser failed: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

class ThreadPool implements RuleWorkers {
  private readonly idle: ParserThread[];
  private readonly queue: QueuedJob[] = [];
  private readonly running = new Set<Promise<void>>();

  constructor(private readonly threads: readonly ParserThread[]) {
    this.idle = [...threads];
  }

  async parse(kind: RuleKind, files: readonly SourceFile[]): Promise<ParsedFile[]> {
    const answers = files.map(
      ({ path, bytes }) =>
        new Promise<ParsedFile>((settle) => {
          this.queue.push({ job: { kind, path, bytes }, settle });
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

  private startIdle(): void {
    while (this.queue.length > 0) {
      const thread = this.idle.pop();
      if (thread === undefined) return;
      const run: Promise<void> = this.work(thread).finally(() => {
        this.running.delete(run);
        this.idle.push(thread);
      });
      this.running.add(run);
    }
  }

  private async work(thread: ParserThread): Promise<void> {
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) {
      const { job, settle } = next;
      settle(
        await thread.parse(job).catch((error: unknown) => {
          return failedFile(job.path, error instanceof Error ? error.message : String(error));
        }),
      );
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
