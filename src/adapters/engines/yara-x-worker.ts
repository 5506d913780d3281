/**
 * The thread that runs YARA-X. It compiles one file after the other and answers after each, so whoever waits knows which file is under way
 * when it falls silent. An error of WebAssembly itself poisons the instance: the thread says so and is thrown away.
 */
import { parentPort, workerData } from "node:worker_threads";
import { Compiler, initSync } from "@virustotal/yara-x";

export interface YaraXFile {
  readonly text: string;
}

export interface YaraXAnswer {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly poisoned: boolean;
}

initSync({ module: workerData as never });

parentPort?.on("message", ({ text }: YaraXFile) => {
  parentPort?.postMessage(compile(text));
});

function compile(text: string): YaraXAnswer {
  let errors: string[] = [];
  try {
    const compiler = new Compiler();
    try {
      compiler.addSource(text);
    } catch (error) {
      // What the compiler refuses is an Error that it made, and stands in `errors`; all else is the instance breaking.
      if (!(error instanceof Error) || error.constructor !== Error) throw error;
      errors = [error.message];
    }
    const said = compiler.errors;
    const answer = { errors: said.length > 0 ? said : errors, warnings: compiler.warnings, poisoned: false };
    compiler.free();
    return answer;
  } catch {
    return { errors: [], warnings: [], poisoned: true };
  }
}
