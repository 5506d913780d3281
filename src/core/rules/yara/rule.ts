/**
 * One rule, from its modifiers to its closing brace, into its canonical text.
 *
 * Errors inside `meta` and `strings` are local: the next declaration is read again. An error of syntax in
 * the condition ends the rule. A rule with any error gives no text, but its name stays known to the rules
 * after it.
 */
import { quote } from "../../errors.js";
import { parseExpression } from "./condition.js";
import { type Cursor, SyntaxStop } from "./cursor.js";
import { canonicalInteger, layOutCondition } from "./layout.js";
import { type FileScope, RuleScope } from "./scope.js";
import { parseString } from "./string.js";
import { canonicalText } from "./text-literal.js";
import { engineLimits, kind, type Token } from "./tokens.js";

/**
 * The cursor stands at a rule's first word. Undefined when the rule is unsound; then the cursor is at a
 * statement or the end.
 */
export function parseRule(cursor: Cursor, file: FileScope): string | undefined {
  const from = cursor.findings.errors;
  const scope = new RuleScope(file);
  cursor.depth = 0;
  try {
    const lines = [parseHead(cursor, file), "{"];
    parseSection(cursor, "meta", kind.identifier, lines, () => parseMeta(cursor));
    parseSection(cursor, "strings", kind.string, lines, () => parseString(cursor, scope));
    const condition = parseCondition(cursor, scope);
    return cursor.findings.errors === from ? [...lines, ...condition, "}"].join("\n") : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxStop)) throw error;
    cursor.skipToStatement();
    return undefined;
  }
}

/** `global private rule name : tag tag` */
function parseHead(cursor: Cursor, file: FileScope): string {
  let isGlobal = false;
  let isPrivate = false;
  while (cursor.is("global") || cursor.is("private")) {
    if (cursor.next().kind === "global") isGlobal = true;
    else isPrivate = true;
  }
  cursor.need("rule");
  const token = cursor.need(kind.identifier, "the name of a rule");
  const name = cursor.textOf(token);
  declareRule(cursor, file, token, name);
  const tags = parseTags(cursor);
  cursor.need("{", "{ or :");
  const words = [...(isGlobal ? ["global"] : []), ...(isPrivate ? ["private"] : []), "rule", name];
  return [...words, ...(tags.length > 0 ? [":", ...tags] : [])].join(" ");
}

function declareRule(cursor: Cursor, file: FileScope, token: Token, name: string): void {
  if (file.rules.has(name)) {
    cursor.error(token, "YARA_RULE_DUPLICATE", `expected a new name for the rule, got ${quote(name)} again`);
  }
  for (let length = 1; length <= name.length && file.rulePrefixes.size > 0; length++) {
    const prefix = name.slice(0, length);
    if (!file.rulePrefixes.has(prefix)) continue;
    // The engine refuses this: the set was closed when an earlier rule used it.
    cursor.error(
      token,
      "YARA_RULE_IN_SET",
      `expected a name outside the set ${quote(`${prefix}*`)} used before`,
    );
    break;
  }
  file.rules.add(name);
}

function parseTags(cursor: Cursor): string[] {
  if (!cursor.take(":")) return [];
  const tags = [cursor.textOf(cursor.need(kind.identifier, "a tag"))];
  const seen = new Set(tags);
  while (cursor.is(kind.identifier)) {
    const token = cursor.next();
    const tag = cursor.textOf(token);
    if (seen.has(tag))
      cursor.error(token, "YARA_TAG_DUPLICATE", `expected each tag once, got ${quote(tag)} again`);
    seen.add(tag);
    tags.push(tag);
  }
  return tags;
}

/** `meta:` or `strings:` with its declarations, each of which begins with a token of kind `first`. */
function parseSection(
  cursor: Cursor,
  word: "meta" | "strings",
  first: string,
  lines: string[],
  parse: () => string,
): void {
  if (!cursor.take(word)) return;
  cursor.need(":");
  lines.push(`    ${word}:`);
  if (!cursor.is(first)) reportAndSkip(cursor, first, () => cursor.stop(`${first} after ${word}:`));
  while (cursor.is(first)) reportAndSkip(cursor, first, () => lines.push(`        ${parse()}`));
}

/** Runs a declaration's parser; after its error, goes to the next declaration or section. */
function reportAndSkip(cursor: Cursor, first: string, parse: () => void): void {
  try {
    parse();
    if (!cursor.is(first) && !atSection(cursor) && !cursor.is("}"))
      cursor.stop(`${first} or the next section`);
  } catch (error) {
    if (!(error instanceof SyntaxStop)) throw error;
    const atDeclaration = () => cursor.is(first) && cursor.is("=", 1);
    while (!atDeclaration() && !atSection(cursor) && !atRuleEnd(cursor)) cursor.next();
  }
}

function atSection(cursor: Cursor): boolean {
  return (cursor.is("meta") || cursor.is("strings") || cursor.is("condition")) && cursor.is(":", 1);
}

function atRuleEnd(cursor: Cursor): boolean {
  if (cursor.is(kind.end) || cursor.atStatement()) return true;
  if (!cursor.is("}")) return false;
  cursor.at++;
  const last = cursor.is(kind.end) || cursor.atStatement();
  cursor.at--;
  return last;
}

function parseMeta(cursor: Cursor): string {
  const name = cursor.textOf(cursor.next());
  cursor.need("=");
  if (cursor.is("-")) {
    cursor.next();
    return `${name} = -${canonicalInteger(cursor.textOf(cursor.need(kind.integer)))}`;
  }
  const token = cursor.peek();
  if (token.kind === kind.text) return `${name} = ${canonicalText(cursor.textOf(cursor.next()))}`;
  if (token.kind === kind.integer) return `${name} = ${canonicalInteger(cursor.textOf(cursor.next()))}`;
  if (token.kind === "true" || token.kind === "false") {
    return `${name} = ${cursor.textOf(cursor.next())}`;
  }
  return cursor.stop("a text string, an integer, true or false");
}

function parseCondition(cursor: Cursor, scope: RuleScope): string[] {
  cursor.need("condition");
  cursor.need(":");
  const from = cursor.at;
  parseExpression({ cursor, scope });
  const to = cursor.at;
  cursor.need("}", "an operator or }");
  for (const { name, token, used } of scope.strings) {
    if (used) continue;
    if (name.startsWith("$_")) {
      cursor.findings.warning(
        token.start,
        "YARA_NEEDS_NEWER_ENGINE",
        `the unused string ${quote(name)} needs YARA 4.3`,
      );
      continue;
    }
    const hint = name === "$" ? "an anonymous string" : quote(name);
    cursor.error(token, "YARA_STRING_UNREFERENCED", `expected the condition to use ${hint}`);
  }
  if (scope.strings.length > engineLimits.stringsPerRuleMax) {
    const first = scope.strings[engineLimits.stringsPerRuleMax]?.token as Token;
    cursor.error(
      first,
      "YARA_STRINGS_TOO_MANY",
      `expected at most ${engineLimits.stringsPerRuleMax} strings in a rule`,
    );
  }
  return ["    condition:", ...layOutCondition(cursor, from, to)];
}
