/**
 * The only file that prints. Answers go to stdout: one JSON document with `--json`, text for a person
 * otherwise. Progress and errors go to stderr. Colour appears on a terminal only, and never where NO_COLOR
 * is set.
 */
import pc from "picocolors";
import { RulemintError } from "../core/errors.js";
import { hintFor } from "../core/hints.js";
import type { Finding } from "../core/rules/model.js";
import type { Report, Terminal, TextOut } from "./doors.js";
import { formatFindings } from "./findings.js";
import { fitTables } from "./fit-tables.js";

export class Printer {
  readonly #terminal: Terminal;
  readonly #json: boolean;
  /** What the terminal's last line says, while it may be written over. */
  #passing = false;

  constructor(terminal: Terminal, json: boolean) {
    this.#terminal = terminal;
    this.#json = json;
  }

  answer(report: Report): void {
    const { stdout } = this.#terminal;
    this.#clear();
    const fitted = (shown: string) => fitTables(shown, stdout.isTTY ? stdout.columns : undefined);
    const text = this.#json ? JSON.stringify(report.json, null, 2) : fitted(plain(report.text));
    if (text !== "") this.#terminal.stdout.write(`${text.replace(/\n+$/, "")}\n`);
  }

  progress(line: string): void {
    const { stderr } = this.#terminal;
    stderr.write(`${this.#colours(stderr).dim(plain(line))}\n`);
  }

  /** How far something is: on a terminal one line that the next one replaces, elsewhere one line each. */
  passing(line: string): void {
    const { stderr } = this.#terminal;
    if (!stderr.isTTY || stderr.columns === undefined) {
      this.progress(line);
      return;
    }
    this.#clear();
    const shown = plain(line).slice(0, stderr.columns - 1);
    stderr.write(this.#colours(stderr).dim(shown));
    this.#passing = true;
  }

  /** The work ended without an answer: how far it came stays to be read. */
  leaveLine(): void {
    if (this.#passing) this.#terminal.stderr.write("\n");
    this.#passing = false;
  }

  #clear(): void {
    if (this.#passing) this.#terminal.stderr.write("\r\u001b[2K");
    this.#passing = false;
  }

  /** Help was asked for. */
  help(text: string): void {
    this.#terminal.stdout.write(text);
  }

  failure(failure: Failure): void {
    const { stdout, stderr } = this.#terminal;
    const colours = this.#colours(stderr);
    if (this.#json) stdout.write(`${JSON.stringify({ error: failure }, null, 2)}\n`);
    const findings = failure.details.findings;
    if (!this.#json && Array.isArray(findings)) stderr.write(plain(formatFindings(findings as Finding[])));
    stderr.write(`${colours.red("error:")} ${failure.code}: ${plain(failure.message)}\n`);
    if (failure.hint !== undefined) stderr.write(`${colours.cyan("hint:")} ${plain(failure.hint)}\n`);
  }

  #colours(out: TextOut): ReturnType<typeof pc.createColors> {
    const { NO_COLOR } = this.#terminal.environment;
    return pc.createColors(out.isTTY && (NO_COLOR === undefined || NO_COLOR === ""));
  }
}

/**
 * What authors and servers wrote must not steer a reviewer's terminal, or turn the order of what is read:
 * control and format characters become visible.
 */
function plain(text: string): string {
  return text.replace(/[^\P{C}\n\t]/gu, "\ufffd");
}

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/**
 * What is said about an error. One that nobody foresaw keeps its own message, and its stack goes into the
 * details.
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof RulemintError) {
    const { hint: own, ...details } = error.details;
    const hint = typeof own === "string" ? own : hintFor(error.code);
    return { code: error.code, message: error.message, ...(hint === undefined ? {} : { hint }), details };
  }
  const known = error instanceof Error ? error : new Error(String(error));
  return {
    code: "INTERNAL",
    message: known.message,
    hint: "this is our fault; report it with the details that --json shows",
    details: { stack: known.stack },
  };
}
