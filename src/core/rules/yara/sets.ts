/** Quantifiers, sets and ranges: `2 of ($a*)`, `50 % of them`, `any of (rule_a, rule_b*)`, `in (0..10)`. */
import { quote } from "../../errors.js";
import { type Context, needInteger, nested, parseValue } from "./condition.js";
import { type Expression, fits, truth } from "./expression.js";
import { kind, type Token } from "./tokens.js";

export const quantifiers: ReadonlySet<string> = new Set(["all", "any", "none"]);

/** From the quantifier on; `start` is its first token, `amount` its value unless it is a keyword. */
export function parseOf(context: Context, start: Token, amount: Expression | undefined): Expression {
  const { cursor } = context;
  const percent = amount !== undefined && cursor.take("%");
  if (amount !== undefined) checkAmount(context, start, amount, percent);
  cursor.need("of");
  const overStrings = parseSet(context);
  if (percent || !overStrings) return truth;
  if (cursor.take("in")) parseRange(context);
  else if (cursor.is("at")) {
    cursor.findings.warning(
      cursor.peek().start,
      "YARA_NEEDS_NEWER_ENGINE",
      "a set of strings at an offset needs YARA 4.3",
    );
    cursor.next();
    needInteger(context, "an integer after at");
  }
  return truth;
}

export function checkAmount({ cursor }: Context, start: Token, amount: Expression, percent: boolean): void {
  if (!fits(amount, "integer")) {
    cursor.error(start, "YARA_TYPE", `expected a number of things, got a ${amount.type}`);
  } else if (percent && amount.value !== undefined && (amount.value < 1 || amount.value > 100)) {
    cursor.error(start, "YARA_VALUE", `expected a percentage from 1 to 100, got ${amount.value}`);
  } else if (amount.value !== undefined && amount.value < 0) {
    cursor.error(start, "YARA_VALUE", `expected a number of 0 or more, got ${amount.value}`);
  }
}

/** True for a set of strings, false for one of rules. */
function parseSet(context: Context): boolean {
  const { cursor } = context;
  if (cursor.is("(") && cursor.is(kind.identifier, 1)) {
    cursor.next();
    do parseRuleItem(context);
    while (cursor.take(","));
    cursor.need(")");
    return false;
  }
  parseStringSet(context);
  return true;
}

export function parseStringSet(context: Context): void {
  const { cursor } = context;
  if (cursor.is("them")) {
    useSet(context, cursor.next(), "$*");
    return;
  }
  cursor.need("(", "them or a set in parentheses");
  do {
    if (!cursor.is(kind.string) && !cursor.is(kind.stringWildcard)) cursor.stop("a string of the set");
    const token = cursor.next();
    useSet(context, token, cursor.textOf(token));
  } while (cursor.take(","));
  cursor.need(")");
}

function useSet({ cursor, scope }: Context, token: Token, pattern: string): void {
  if (scope.useSet(pattern)) return;
  const expected = token.kind === "them" ? "strings in this rule" : "a string of this rule";
  cursor.error(
    token,
    "YARA_STRING_UNDEFINED",
    `expected ${expected}, got none for ${quote(cursor.textOf(token))}`,
  );
}

function parseRuleItem({ cursor, scope }: Context): void {
  const token = cursor.need(kind.identifier, "a rule of the set");
  const name = cursor.textOf(token);
  if (!cursor.is("*")) {
    if (scope.file.rules.has(name)) return;
    cursor.error(token, "YARA_IDENTIFIER_UNDEFINED", `expected a rule known here, got ${quote(name)}`);
    return;
  }
  cursor.tighten();
  cursor.next();
  if (scope.file.rulePrefixes.has(name)) return;
  scope.file.rulePrefixes.add(name);
  for (const rule of scope.file.rules) if (rule.startsWith(name)) return;
  cursor.error(
    token,
    "YARA_IDENTIFIER_UNDEFINED",
    `expected rules known here, got none for ${quote(`${name}*`)}`,
  );
}

/** `(low..high)` */
export function parseRange(context: Context): void {
  const { cursor } = context;
  cursor.need("(", "a range in parentheses");
  const start = cursor.peek();
  nested(cursor, () => parseRangeEnd(context, start, needInteger(context, "an integer as lower bound")));
}

/** From `..` on, when the lower bound has been read. */
function parseRangeEnd(context: Context, start: Token, low: Expression): void {
  const { cursor } = context;
  cursor.need("..");
  const high = needInteger(context, "an integer as upper bound");
  cursor.need(")");
  if (low.value === undefined || high.value === undefined) return;
  if (low.value > high.value || low.value < 0) {
    cursor.error(
      start,
      "YARA_VALUE",
      `expected a range that grows from 0 or more, got ${low.value}..${high.value}`,
    );
  }
}

/**
 * `(1, 2, 3)`, `("a", "b")` or a range: what a loop may run over besides a name. Gives the type of the
 * items.
 */
export function parseValueSet(context: Context): "integer" | "string" {
  const { cursor } = context;
  cursor.need("(", "a set in parentheses, a range or a name");
  const start = cursor.peek();
  const first = parseValue(context);
  if (cursor.is("..")) {
    if (!fits(first, "integer"))
      cursor.error(start, "YARA_TYPE", `expected an integer as lower bound, got a ${first.type}`);
    parseRangeEnd(context, start, first);
    return "integer";
  }
  const type = first.type === "string" ? "string" : "integer";
  if (type === "string") {
    cursor.findings.warning(
      start.start,
      "YARA_NEEDS_NEWER_ENGINE",
      "a loop over text strings needs YARA 4.3",
    );
  }
  if (!fits(first, type))
    cursor.error(start, "YARA_TYPE", `expected integers or strings in a set, got a ${first.type}`);
  while (cursor.take(",")) {
    const token = cursor.peek();
    const item = parseValue(context);
    if (!fits(item, type))
      cursor.error(token, "YARA_TYPE", `expected a ${type} like the first item, got a ${item.type}`);
  }
  cursor.need(")");
  return type;
}
