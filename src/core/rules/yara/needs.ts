/**
 * What a file of YARA rules asks of an engine: by its rules' own `minimum_yara`, by modules and by words that a version brought. A rule that
 * stands on one that is left out is left out too, and so is the import that nobody needs any more.
 */
import { byteStringText } from "../source-lines.js";
import { FindingList } from "../source-text.js";
import { type Engine, compareVersions, rangeObjection, versionIn } from "../engine-version.js";
import { tokenize } from "./lexer.js";
import { kind, type Token } from "./tokens.js";

const moduleLeast: Readonly<Record<string, string>> = { console: "4.2", string: "4.3", lnk: "4.4" };
/** Not in its table of modules. */
const absentFromX: ReadonlySet<string> = new Set(["magic"]);
const functionLeast: Readonly<Record<string, string>> = {
  ...{ "math.to_int": "4.3", "math.to_string": "4.3", "elf.telfhash": "4.3", "dotnet.user_types": "4.3" },
};

export interface Word {
  readonly kind: string;
  readonly text: string;
}

/** What is left of one file: records of its rules, and the modules that they use. `leave` is told of each rule that is left out. */
export function loadableRules(
  rules: readonly string[],
  imports: readonly string[],
  engine: Engine,
  leave: (need: string) => void,
): { rules: readonly string[]; imports: readonly string[] } {
  const kept: string[] = [];
  const used = new Set<string>();
  const gone = new Map<string, string>();
  for (const record of rules) {
    const words = wordsOf(record.slice(1));
    const name = words[words.findIndex(({ text }) => text === "rule") + 1]?.text ?? "";
    const modules = imports.filter((one) => usesModule(words, one));
    const need = objection(words, modules, engine) ?? standsOn(words, gone);
    if (need === undefined) {
      kept.push(record);
      for (const one of modules) used.add(one);
    } else {
      gone.set(name, need);
      leave(need);
    }
  }
  return { rules: kept, imports: kept.length === rules.length ? imports : [...used] };
}

/** The words of a rule's canonical text. */
export function wordsOf(text: string): Word[] {
  const source = byteStringText(text);
  const tokens = tokenize(source, new FindingList("", source));
  return tokens.map(({ kind: name, start, end }: Token) => ({ kind: name, text: source.slice(start, end) }));
}

function usesModule(words: readonly Word[], module: string): boolean {
  return words.some(
    ({ text }, i) => text === module && words[i + 1]?.text === "." && words[i - 1]?.text !== ".",
  );
}

function objection(words: readonly Word[], modules: readonly string[], engine: Engine): string | undefined {
  const lacking = modules.find(
    (one) => engine.lacks.includes(one) || (engine.name === "yara-x" && absentFromX.has(one)),
  );
  if (lacking !== undefined) return `the module ${lacking}`;
  // What YARA-X took over of YARA, it has had from its beginning.
  if (engine.name !== "yara") return undefined;
  const most = declared(words, "maximum_yara");
  if (most !== undefined && compareVersions(engine.version, most) > 0) return `YARA ${most} or older`;
  const least = [
    declared(words, "minimum_yara"),
    ...modules.map((one) => moduleLeast[one]),
    ...spoken(words),
  ];
  for (const one of least) {
    const need = one === undefined ? undefined : rangeObjection(engine, { least: one });
    if (need !== undefined) return need;
  }
  return undefined;
}

/** A version in the rule's meta section, as text or as a number. */
function declared(words: readonly Word[], name: string): string | undefined {
  const at = words.findIndex(({ text }, i) => text === name && words[i + 1]?.text === "=");
  const value = at < 0 ? undefined : words[at + 2]?.text;
  return value === undefined ? undefined : (versionIn(value) ?? /^"?(\d{1,6})"?$/.exec(value)?.[1]);
}

/** Versions that brought something of the rule's language. */
function spoken(words: readonly Word[]): string[] {
  const found: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const { kind: name, text } = words[i] as Word;
    const least = functionLeast[`${text}.${words[i + 2]?.text}`];
    if (words[i + 1]?.text === "." && least !== undefined) found.push(least);
    if (name === kind.hex && text.includes("~")) found.push("4.3");
    if (text === "in" && words[i + 1]?.text === "(" && words[i + 2]?.kind === kind.text) found.push("4.3");
    if (text === "of" && words[endOfSet(words, i + 1)]?.text === "at") found.push("4.3");
    if (text === "none" || text === "defined" || (text === "%" && words[i + 1]?.text === "of"))
      found.push("4.2");
  }
  return found;
}

/** Behind `them`, or behind the parenthesis that closes the set. */
function endOfSet(words: readonly Word[], start: number): number {
  if (words[start]?.text !== "(") return start + 1;
  let depth = 0;
  for (let i = start; i < words.length; i++) {
    if (words[i]?.text === "(") depth++;
    if (words[i]?.text === ")" && --depth === 0) return i + 1;
  }
  return words.length;
}

/** What `gone` says of the first rule there that the condition names, or has in a set such as `(Loader_*)`. */
export function standsOn(words: readonly Word[], gone: ReadonlyMap<string, string>): string | undefined {
  if (gone.size === 0) return undefined;
  const condition = words.findIndex(({ text }) => text === "condition");
  for (let i = condition + 1; i < words.length; i++) {
    const { kind: name, text } = words[i] as Word;
    if (name !== kind.identifier || words[i - 1]?.text === ".") continue;
    const isPrefix = words[i + 1]?.text === "*";
    const need = gone.get(text);
    if (need !== undefined) return need;
    if (isPrefix) for (const [rule, one] of gone) if (rule.startsWith(text)) return one;
  }
  return undefined;
}
