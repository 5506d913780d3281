/** SPEC §3.12.4: a condition's tokens, laid out on lines; and the names that it uses. */
import { NotARule } from "./model.js";
import { integerLiteral, textLiteral } from "./yara-literals.js";
import type { YARAToken } from "./yara-tokens.js";

const words = new Set(
  (
    "and or not defined at in of them for all any none true false entrypoint filesize matches contains startswith endswith icontains " +
    "istartswith iendswith iequals"
  ).split(" "),
);
const integerFunction = /^u?int(?:8|16|32)(?:be)?$/;
const indentLevelsMax = 8;

function isOperand({ kind, text }: YARAToken): boolean {
  if (kind === "word")
    return !words.has(text) || ["them", "true", "false", "entrypoint", "filesize"].includes(text);
  return kind !== "sign" || text === ")" || text === "]";
}

/** The star of `any of (name*, …)`. */
function isSetStar(tokens: readonly YARAToken[], i: number): boolean {
  const around = [tokens[i - 2], tokens[i], tokens[i + 1]].map((token) => token?.text ?? "");
  return /^[(,]\*[,)]$/.test(around.join("")) && tokens[i - 1]?.kind === "word";
}

/** Whether a token stands close to the one before it: behind a sign, or as the bracket of a call or an index. */
function isTight(tokens: readonly YARAToken[], i: number): boolean {
  const [before, token] = [tokens[i - 1], tokens[i] as YARAToken];
  if (before === undefined) return false;
  if (isSetStar(tokens, i)) return true;
  if (before.text === "-" || before.text === "~") {
    const two = tokens[i - 2];
    return before.text === "~" || two === undefined || !isOperand(two);
  }
  if (token.kind !== "sign" || (token.text !== "(" && token.text !== "[")) return false;
  if (token.text === "[")
    return (
      before.kind === "use" ||
      (before.kind === "word" && !words.has(before.text)) ||
      /^[)\]]$/.test(before.text)
    );
  return (before.kind === "word" && !words.has(before.text)) || /^[)\]]$/.test(before.text);
}

export function conditionLines(tokens: readonly YARAToken[]): string[] {
  const opened = chainParentheses(tokens);
  const lines: string[] = [];
  let level = 2;
  let line = "";
  const end = () => {
    if (line !== "") lines.push("    ".repeat(Math.min(level, indentLevelsMax)) + line);
    line = "";
  };
  tokens.forEach((token, i) => {
    const { text } = token;
    const before = tokens[i - 1];
    const startsLine = opened.connectives.has(i) || opened.closing.has(i);
    if (startsLine) end();
    if (opened.closing.has(i)) level--;
    const close =
      line === "" ||
      isTight(tokens, i) ||
      (before?.kind === "sign" && ["(", "[", ".", ".."].includes(before.text)) ||
      (token.kind === "sign" && [")", "]", ",", ".", ".."].includes(text));
    line += (close ? "" : " ") + spelled(token);
    if (!opened.opening.has(i)) return;
    end();
    level++;
  });
  end();
  return lines;
}

/** The connectives that begin a line, and the parentheses around their chains; those in calls stay where they are. */
function chainParentheses(tokens: readonly YARAToken[]) {
  const connectives = new Set<number>();
  const opening = new Set<number>();
  const closing = new Set<number>();
  const open: number[] = [];
  for (const [i, token] of tokens.entries()) {
    if (token.kind === "sign" && token.text === "(") open.push(i);
    if (token.kind === "sign" && token.text === ")") {
      const start = open.pop();
      if (start === undefined) throw new NotARule("no opening parenthesis");
      if (opening.has(start)) closing.add(i);
    }
    if (token.kind !== "word" || (token.text !== "and" && token.text !== "or")) continue;
    const around = open.at(-1);
    if (around !== undefined && isTight(tokens, around)) continue;
    connectives.add(i);
    if (around !== undefined) opening.add(around);
  }
  if (open.length > 0) throw new NotARule("no closing parenthesis");
  return { connectives, opening, closing };
}

function spelled({ kind, text }: YARAToken): string {
  return kind === "text" ? textLiteral(text) : kind === "integer" ? integerLiteral(text) : text;
}

export interface KnownNames {
  /** With `$`; anonymous ones are `$`. */
  readonly strings: readonly string[];
  readonly imports: ReadonlySet<string>;
  readonly rules: ReadonlySet<string>;
}

/** SPEC §3.12.8. Gives the prefixes of the sets of rules that the condition uses. */
export function checkNames(tokens: readonly YARAToken[], { strings, imports, rules }: KnownNames): string[] {
  const used = new Set<string>();
  const prefixes: string[] = [];
  const variables = loopVariables(tokens);
  for (const [i, token] of tokens.entries()) {
    const { kind, text } = token;
    if (kind === "word" && text === "them") for (const name of strings) used.add(name);
    if (kind === "string" || kind === "use") useString(`$${text.slice(1)}`, strings, used);
    if (kind === "wildcard") useSet(text.slice(0, -1), strings, used);
    const isName =
      kind === "word" && !words.has(text) && !integerFunction.test(text) && tokens[i - 1]?.text !== ".";
    if (!isName || variables.has(text)) continue;
    const inSet = isSetStar(tokens, i + 1);
    if (inSet) {
      if (![...rules].some((rule) => rule.startsWith(text))) throw new NotARule(`no rule ${text}*`);
      prefixes.push(text);
    } else if (!imports.has(text) && !rules.has(text)) throw new NotARule(`no rule or module ${text}`);
  }
  const unused = strings.find((name) => !used.has(name) && !name.startsWith("$_"));
  if (unused !== undefined) throw new NotARule(`an unused string ${unused}`);
  return prefixes;
}

function useString(name: string, strings: readonly string[], used: Set<string>): void {
  if (name !== "$" && !strings.includes(name)) throw new NotARule(`no string ${name}`);
  used.add(name);
}

function useSet(prefix: string, strings: readonly string[], used: Set<string>): void {
  const meant = strings.filter((name) => name.startsWith(prefix));
  if (meant.length === 0) throw new NotARule(`no string ${prefix}*`);
  for (const name of meant) used.add(name);
}

/** `for … a, b in`: what stands between the quantifier and `in`. */
function loopVariables(tokens: readonly YARAToken[]): Set<string> {
  const names = new Set<string>();
  for (const [i, { kind, text }] of tokens.entries()) {
    if (kind !== "word" || text !== "in") continue;
    let at = i - 1;
    while (tokens[at]?.kind === "word" && !words.has(tokens[at]?.text ?? "")) {
      names.add(tokens[at]?.text as string);
      if (tokens[at - 1]?.text !== ",") break;
      at -= 2;
    }
  }
  return names;
}
