/**
 * What a user sees, as a text that a user can read. One line is one step; a word in quotes may hold spaces;
 * `$name` stands for what a `keep` remembered. Two runners (`cli.test.ts`, `http.test.ts`) bring the verbs;
 * expectations are the same for both.
 */
import { readdirSync, readFileSync } from "node:fs";
import { expect } from "vitest";

export interface Step {
  readonly line: number;
  readonly verb: string;
  readonly words: readonly string[];
  /** The rest of the line, variables not yet replaced. */
  readonly rest: string;
  /** Lines below it that start with `| `. */
  readonly block: string;
}

export interface Outcome {
  /** Texts by the name under which a step may ask for them: `stdout`, `body` … */
  readonly texts: Readonly<Record<string, string>>;
  /** What `json` and `keep` look into. */
  readonly document: string;
}

export function transcripts(folder: string): { readonly name: string; readonly steps: readonly Step[] }[] {
  const base = new URL(`./${folder}/`, import.meta.url);
  const names = readdirSync(base).filter((name) => name.endsWith(".txt"));
  return names.sort().map((name) => ({ name, steps: parseSteps(readFileSync(new URL(name, base), "utf8")) }));
}

function parseSteps(text: string): Step[] {
  const steps: Step[] = [];
  for (const [i, line] of text.split("\n").entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const last = steps.at(-1);
    if (line.startsWith("|") && last !== undefined) {
      steps[steps.length - 1] = { ...last, block: `${last.block}${line.slice(2)}\n` };
      continue;
    }
    const [verb = ""] = line.split(" ");
    const rest = line.slice(verb.length + 1);
    steps.push({ line: i + 1, verb, words: wordsOf(rest), rest, block: "" });
  }
  return steps;
}

function wordsOf(text: string): string[] {
  return [...text.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? (match[2] as string));
}

export class Memory {
  readonly #kept = new Map<string, string>();

  keep(name: string, value: string): void {
    this.#kept.set(name, value);
  }

  fill(text: string): string {
    return text.replace(/\$([a-z]\w*)/g, (_, name: string) => {
      const value = this.#kept.get(name);
      if (value === undefined) throw new Error(`expected $${name} to be kept before it is used`);
      return value;
    });
  }
}

/**
 * Handles `json PATH VALUE`, `keep NAME PATH` and `TEXT 'words'` (`TEXT !'words'` for absence); false for
 * other verbs.
 */
export function expectOutcome(step: Step, outcome: Outcome, memory: Memory): boolean {
  const { verb, words, rest } = step;
  const at = `line ${step.line}: ${verb} ${rest}`;
  if (verb === "json") {
    const [path = ""] = words;
    const wanted = JSON.parse(memory.fill(rest.slice(path.length + 1))) as unknown;
    expect(lookUp(outcome.document, path), at).toEqual(wanted);
    return true;
  }
  if (verb === "keep") {
    const [name = "", path = ""] = words;
    memory.keep(name, String(lookUp(outcome.document, path)));
    return true;
  }
  const text = outcome.texts[verb];
  if (text === undefined) return false;
  const wanted = memory.fill(rest);
  if (wanted === "empty") expect(text, at).toBe("");
  else if (wanted.startsWith("!")) expect(text, at).not.toContain(wanted.slice(2, -1));
  else expect(text, at).toContain(wanted.slice(1, -1));
  return true;
}

/** `error.where.0.code`; `.` is the whole document. */
function lookUp(document: string, path: string): unknown {
  let value = JSON.parse(document) as unknown;
  if (path === ".") return value;
  for (const part of path.split(".")) {
    value = part === "length" ? (value as unknown[]).length : (value as Record<string, unknown>)?.[part];
  }
  return value;
}
