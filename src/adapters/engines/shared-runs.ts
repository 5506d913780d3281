/** Questions for an engine that is a process: one at a time, and whoever asks meanwhile is answered together by the next. */
import { setTimeout as pause } from "node:timers/promises";
import type { Finding } from "../../core/rules/model.js";
import type { ParsedSource } from "../../ports/rule-engine.js";

const gatherMs = { quiet: 30, longest: 300 };
/** Of several questions that one process answers. */
const togetherFilesMax = 500;

/** The files of one question. */
export type Question = readonly ParsedSource[];
/** Findings of each question, in their order. */
export type Answer = (questions: readonly Question[]) => Promise<readonly Finding[][]>;

interface Asked {
  readonly files: Question;
  readonly settle: (findings: Finding[]) => void;
  readonly fail: (error: unknown) => void;
}

/** 200 people cost two runs, not 200. */
export class SharedRuns {
  readonly #answer: Answer;
  #waiting: Asked[] = [];
  #runs = false;

  constructor(answer: Answer) {
    this.#answer = answer;
  }

  ask(files: Question): Promise<Finding[]> {
    return new Promise((settle, fail) => {
      this.#waiting.push({ files, settle, fail });
      if (!this.#runs) void this.#answerAll();
    });
  }

  async #answerAll(): Promise<void> {
    this.#runs = true;
    while (this.#waiting.length > 0) {
      await this.#gather();
      const asked = takeTogether(this.#waiting);
      try {
        const answers = await this.#answer(asked.map(({ files }) => files));
        for (const [i, { settle }] of asked.entries()) settle(answers[i] as Finding[]);
      } catch (error) {
        for (const { fail } of asked) fail(error);
      }
    }
    this.#runs = false;
  }

  /** A process costs CPU before it looks at a rule: while others keep coming it waits for them. */
  async #gather(): Promise<void> {
    const until = performance.now() + gatherMs.longest;
    for (let known = 0; this.#waiting.length > known && performance.now() < until; ) {
      known = this.#waiting.length;
      await pause(gatherMs.quiet);
    }
  }
}

/** Takes the first, and who follows as long as their files are few together: a large question is asked by itself. */
function takeTogether(waiting: Asked[]): Asked[] {
  let files = 0;
  const end = waiting.findIndex((one, i) => {
    files += one.files.length;
    return i > 0 && files > togetherFilesMax;
  });
  return waiting.splice(0, end === -1 ? waiting.length : end);
}
