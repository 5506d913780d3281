/** A long-running `rulemint` as its user runs it: a process, what it says on stderr, and how it ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { cliPath } from "../faults/publisher-process.js";

export class Running {
  readonly said: string[] = [];
  stdout = "";
  readonly #child: ChildProcess;
  readonly #closed: Promise<number | null>;
  #waiting: (() => void)[] = [];

  constructor(words: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    const child = spawn(process.execPath, [cliPath, ...words], {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    this.#closed = once(child, "close").then(([exit]) => exit as number | null);
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      this.stdout += part;
    });
    createInterface({ input: child.stderr }).on("line", (line) => {
      this.said.push(line);
      this.#wake();
    });
    void this.#closed.then(() => this.#wake());
  }

  /** The first line, said already or still to come, that is like this. @throws Error when it ends without one */
  async line(like: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = this.said.map((line) => like.exec(line)).find((one) => one !== null);
      if (found) return found;
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`expected ${like}, got the end\n${this.said.join("\n")}`);
      }
      await new Promise<void>((wake) => this.#waiting.push(wake));
    }
  }

  /** Its exit code; null when the signal killed it. */
  stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    this.#child.kill(signal);
    return this.#closed;
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
