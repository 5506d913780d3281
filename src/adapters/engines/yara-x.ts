/**
 * YARA rules before YARA-X, the engine that runs them. Its WebAssembly instance is lost after some hostile rules (a few thousand nested
 * operators) and its own time limit does not hold, so it runs in threads that are thrown away at the first sign of trouble; the file that
 * was to blame gets a finding, and the others go on in a new one.
 *
 * All submissions share a few threads and take turns file by file: however many people push at once, nobody's time limit runs while
 * somebody else's rules are looked at, and a small change does not wait for a large one. Threads that have nothing to do go (ADR 0024).
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { setFlagsFromString } from "node:v8";
import type { Finding, RuleKind, SourceFile } from "../../core/rules/model.js";
import type { RuleEngine } from "../../ports/rule-engine.js";
import { isWorthThread, stuckMs } from "../new-thread.js";
import { JointSource } from "./yara-x-joint.js";
import { YaraXThread } from "./yara-x-thread.js";

export interface YaraXOptions {
  /** Threads of all submissions together. */
  readonly workers?: number;
  /** For one file; beyond a million bytes, for each million. */
  readonly fileTimeoutMs?: number;
  /** After which a thread without work goes. */
  readonly idleMs?: number;
}

const require = createRequire(import.meta.url);

/** The files of one submission. */
interface Job {
  readonly waiting: SourceFile[];
  readonly findings: Map<string, Finding[]>;
  left: number;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

type Taken = readonly [Job, SourceFile];

/** What one thread judges at once. */
interface Turn {
  readonly taken: readonly Taken[];
  readonly joint: JointSource;
}

export function openYaraXEngine(options: YaraXOptions = {}): RuleEngine {
  const folder = require.resolve("@virustotal/yara-x").replace(/[^/]*$/, "");
  const { version } = JSON.parse(readFileSync(`${folder}../package.json`, "utf8")) as { version: string };
  const pool = new YaraXPool(`${folder}yara_x_js_bg.wasm`, options);
  return {
    name: `yara-x ${version}`,
    kinds: ["yara"] satisfies RuleKind[],
    ...{ fileByFile: true, soundRulesOnly: true },
    check: async (kind, files) => {
      if (kind !== "yara" || files.length === 0) return [];
      const findings = await pool.check(files);
      return files.flatMap(({ path }) => findings.get(path) ?? []);
    },
    close: () => pool.close(),
  };
}

/**
 * V8 optimises the engine's functions while it uses them, which costs 0.6 s of CPU before it pays; code that is only compiled is a sixth
 * slower, and takes less memory. The setting is of the whole process, so it is set for as long as the module takes note of it. Newer
 * versions of V8 do not look any more, and optimise cheaper.
 */
function compilePlainly(bytes: Uint8Array): Promise<object> {
  setFlagsFromString("--liftoff-only");
  try {
    return WebAssembly.compile(bytes);
  } finally {
    setFlagsFromString("--no-liftoff-only");
  }
}

class YaraXPool {
  readonly #path: string;
  readonly #workers: number;
  readonly #fileTimeoutMs: number;
  readonly #idleMs: number;
  readonly #jobs: Job[] = [];
  readonly #idle: YaraXThread[] = [];
  /** Files that came together with others, and something was said of one of them. */
  readonly #alone = new WeakSet<SourceFile>();
  #busy = 0;
  /** Of the files that wait. */
  #bytes = 0;
  #module: Promise<object> | undefined;
  #goes: NodeJS.Timeout | undefined;

  constructor(path: string, { workers = 2, fileTimeoutMs = 20_000, idleMs = 5_000 }: YaraXOptions) {
    this.#path = path;
    this.#workers = Math.max(1, workers);
    this.#fileTimeoutMs = fileTimeoutMs;
    this.#idleMs = idleMs;
  }

  check(files: readonly SourceFile[]): Promise<Map<string, Finding[]>> {
    return new Promise((resolve, failed) => {
      const findings = new Map<string, Finding[]>();
      const done = () => resolve(findings);
      this.#jobs.push({ waiting: [...files], findings, left: files.length, done, failed });
      for (const { bytes } of files) this.#bytes += bytes.length;
      this.#start();
    });
  }

  async close(): Promise<void> {
    clearTimeout(this.#goes);
    this.#module = undefined;
    await Promise.all(this.#idle.splice(0).map((thread) => thread.close()));
  }

  #start(stuck = false): void {
    clearTimeout(this.#goes);
    while (this.#busy < this.#workers && this.#jobs.length > 0) {
      if (this.#idle.length === 0 && !isWorthThread(this.#bytes, this.#busy, stuck)) return;
      this.#busy++;
      void this.#work().finally(() => {
        this.#busy--;
        if (this.#jobs.length > 0) this.#start();
        else this.#rest();
      });
    }
  }

  /** One thread, as long as there are files. */
  async #work(): Promise<void> {
    for (let turn = this.#next(); turn.taken.length > 0; turn = this.#next()) {
      const late = setTimeout(() => this.#start(true), stuckMs);
      try {
        await this.#judge(turn);
      } catch (error) {
        for (const [job] of turn.taken) job.failed(error);
      } finally {
        clearTimeout(late);
      }
      for (const [job] of turn.taken) if (job.left === 0) job.done();
    }
  }

  async #judge({ taken, joint }: Turn): Promise<void> {
    const thread = this.#idle.pop() ?? new YaraXThread(await this.#compiled(), this.#fileTimeoutMs);
    try {
      if (taken.length > 1 && !(await thread.isSilent(joint))) return this.#giveBack(taken);
      for (const [job, file] of taken) {
        job.findings.set(file.path, taken.length > 1 ? [] : await thread.check(file));
        job.left--;
      }
    } finally {
      this.#idle.push(thread);
    }
  }

  /** The file whose turn it is, and small ones that can be judged with it. Jobs take turns. */
  #next(): Turn {
    const [taken, joint]: [Taken[], JointSource] = [[], new JointSource()];
    const take = (job: Job, file: SourceFile) => {
      job.waiting.shift();
      this.#bytes -= file.bytes.length;
      taken.push([job, file]);
    };
    const joins = (file: SourceFile) => !this.#alone.has(file) && joint.add(file);
    const [first, ...others] = this.#jobs;
    const [file] = first?.waiting ?? [];
    if (first === undefined || file === undefined) return { taken, joint };
    const jobs = [...others, first];
    take(first, file);
    for (let goesOn = joins(file); goesOn; ) {
      const before = taken.length;
      for (const job of jobs) {
        const [next] = job.waiting;
        if (next !== undefined && joins(next)) take(job, next);
      }
      goesOn = taken.length > before;
    }
    this.#jobs.splice(0, this.#jobs.length, ...jobs.filter(({ waiting }) => waiting.length > 0));
    return { taken, joint };
  }

  /** Each of them is asked about alone. */
  #giveBack(taken: readonly Taken[]): void {
    for (const [job, file] of taken) {
      this.#alone.add(file);
      this.#bytes += file.bytes.length;
      if (job.waiting.push(file) === 1) this.#jobs.push(job);
    }
  }

  #compiled(): Promise<object> {
    this.#module ??= compilePlainly(readFileSync(this.#path));
    return this.#module;
  }

  #rest(): void {
    clearTimeout(this.#goes);
    if (this.#busy > 0) return;
    this.#goes = setTimeout(() => void this.close(), this.#idleMs);
    this.#goes.unref();
  }
}
