/**
 * The condition of a rule: the engine's expression grammar by recursive descent, with its precedence, its
 * division into values and truths, and the names and types that can be checked without the engine's
 * modules.
 *
 *   truth := truth or truth | truth and truth | not truth | defined truth | comparison
 *          | … of … | for … : ( truth )
 */
import { quote } from "../../errors.js";
import { type Cursor, SyntaxStop } from "./cursor.js";
import {
  arithmetic,
  arithmeticProblem,
  arithmeticType,
  comparisonProblem,
  type Expression,
  fits,
  isComparison,
  isNumeric,
  truth,
  value,
} from "./expression.js";
import { parseLoop } from "./loop.js";
import { parseName } from "./name.js";
import type { RuleScope } from "./scope.js";
import { parseOf, parseRange, quantifiers } from "./sets.js";
import { checkRegexp } from "./regexp.js";
import { kind, nestingMax, type Token } from "./tokens.js";

export interface Context {
  readonly cursor: Cursor;
  readonly scope: RuleScope;
}

/** Parses one expression. @throws SyntaxStop after recording why. */
export function parseExpression(context: Context): Expression {
  return nested(context.cursor, () => {
    let left = parseConjunction(context);
    while (context.cursor.take("or")) {
      parseConjunction(context);
      left = truth;
    }
    return left;
  });
}

function parseConjunction(context: Context): Expression {
  let left = parseNegation(context);
  while (context.cursor.take("and")) {
    parseNegation(context);
    left = truth;
  }
  return left;
}

function parseNegation(context: Context): Expression {
  const { cursor } = context;
  let negated = false;
  while (cursor.take("not") || cursor.take("defined")) negated = true;
  const operand = parseTerm(context);
  return negated ? truth : operand;
}

function parseTerm(context: Context): Expression {
  const { cursor } = context;
  const token = cursor.peek();
  if (cursor.take("true") || cursor.take("false")) return truth;
  if (token.kind === "for") return parseLoop(context);
  if (token.kind === kind.string) return parseStringTest(context);
  if (quantifiers.has(token.kind)) {
    cursor.next();
    return parseOf(context, token, undefined);
  }
  const left = parseValueOrGroup(context, 0);
  if (cursor.is("of") || (cursor.is("%") && cursor.is("of", 1))) {
    needValue(context, token, left);
    return parseOf(context, token, left);
  }
  return isComparison(cursor.peek().kind) ? parseComparison(context, token, left) : left;
}

function parseComparison(context: Context, start: Token, left: Expression): Expression {
  const { cursor } = context;
  needValue(context, start, left);
  const operator = cursor.next();
  if (operator.kind === "matches" && !cursor.is(kind.regexp)) cursor.stop(kind.regexp);
  const right = parseValue(context);
  const problem = comparisonProblem(operator.kind, left, right);
  if (problem !== undefined) cursor.error(operator, "YARA_TYPE", `expected ${problem}`);
  return truth;
}

/** `$a`, `$a at 0`, `$a in (0..10)` */
function parseStringTest(context: Context): Expression {
  const { cursor } = context;
  useString(context, cursor.next());
  if (cursor.take("at")) needInteger(context, "an integer after at");
  else if (cursor.take("in")) parseRange(context);
  return truth;
}

/** Marks the string that `$a`, `#a`, `@a` or `!a` names. */
export function useString({ cursor, scope }: Context, token: Token): void {
  const name = `$${cursor.textOf(token).slice(1)}`;
  if (name === "$") {
    if (!scope.insideStringLoop) {
      cursor.error(
        token,
        "YARA_STRING_ANONYMOUS",
        "expected the name of a string, got an anonymous one outside a loop",
      );
    }
  } else if (!scope.use(name)) {
    cursor.error(token, "YARA_STRING_UNDEFINED", `expected a string of this rule, got ${quote(name)}`);
  }
}

/** A value: what may stand on either side of a comparison. */
export function parseValue(context: Context): Expression {
  const token = context.cursor.peek();
  const found = parseValueOrGroup(context, 0);
  needValue(context, token, found);
  return found;
}

export function needInteger(context: Context, what: string): Expression {
  const token = context.cursor.peek();
  const found = parseValue(context);
  if (!fits(found, "integer"))
    context.cursor.error(token, "YARA_TYPE", `expected ${what}, got a ${found.type}`);
  return found;
}

function needValue({ cursor }: Context, token: Token, expression: Expression): void {
  if (expression.primary) return;
  cursor.error(token, "YARA_SYNTAX", "expected a value here, got a condition");
  throw new SyntaxStop();
}

/**
 * Arithmetic by precedence climbing. A parenthesis may turn out to hold a truth; then no operator can
 * follow it.
 */
function parseValueOrGroup(context: Context, powerMin: number): Expression {
  const { cursor } = context;
  const start = cursor.peek();
  let left = parseOperand(context);
  for (;;) {
    const operator = cursor.peek();
    const power = arithmetic.get(operator.kind);
    if (power === undefined || power < powerMin) return left;
    // `50 % of them`: here the sign is no operator.
    if (operator.kind === "%" && powerMin === 0 && cursor.is("of", 1)) return left;
    needValue(context, start, left);
    cursor.next();
    const rightStart = cursor.peek();
    const right = parseValueOrGroup(context, power + 1);
    needValue(context, rightStart, right);
    const problem = arithmeticProblem(operator.kind, left, right);
    if (problem !== undefined) cursor.error(operator, "YARA_TYPE", `expected ${problem}`);
    left = value(arithmeticType(operator.kind, left, right));
  }
}

function parseOperand(context: Context): Expression {
  const { cursor } = context;
  const signs: Token[] = [];
  while (cursor.is("-") || cursor.is("~")) {
    signs.push(cursor.next());
    cursor.tighten();
  }
  const start = cursor.peek();
  let operand = parseUnsigned(context);
  if (signs.length === 0) return operand;
  needValue(context, start, operand);
  for (const sign of signs.reverse()) {
    const good = sign.kind === "-" ? isNumeric(operand) : fits(operand, "integer");
    if (!good) cursor.error(sign, "YARA_TYPE", `expected a number after ${sign.kind}, got a ${operand.type}`);
    const negative = sign.kind === "-" && operand.value !== undefined ? { value: -operand.value } : {};
    operand = { ...value(operand.type), ...negative };
  }
  return operand;
}

function parseUnsigned(context: Context): Expression {
  const { cursor } = context;
  const token = cursor.peek();
  switch (token.kind) {
    case "(": {
      cursor.next();
      const inner = parseExpression(context);
      cursor.need(")");
      return inner;
    }
    case kind.identifier:
      return parseName(context);
    case kind.count:
      useString(context, cursor.next());
      if (cursor.take("in")) parseRange(context);
      return value("integer");
    case kind.offset:
    case kind.length:
      return parseOccurrence(context);
    case kind.integerFunction:
      return parseIntegerFunction(context);
    case kind.regexp:
      checkRegexp(cursor.textOf(token), false, (offset, code, message) =>
        cursor.findings.error(token.start + offset, code, message),
      );
      cursor.next();
      return value("regexp");
    case kind.integer:
      cursor.next();
      return { ...value("integer"), value: integerValue(cursor.textOf(token)) };
    default:
      return parseSimple(cursor);
  }
}

function parseSimple(cursor: Cursor): Expression {
  if (cursor.take("filesize") || cursor.take("entrypoint")) return value("integer");
  if (cursor.take(kind.float)) return value("float");
  if (cursor.take(kind.text)) return value("string");
  return cursor.stop("a condition");
}

/** `@a`, `@a[1]`, `!a`, `!a[1]` */
function parseOccurrence(context: Context): Expression {
  const { cursor } = context;
  useString(context, cursor.next());
  if (cursor.is("[")) {
    cursor.tighten();
    cursor.next();
    nested(cursor, () => needInteger(context, "the number of an occurrence"));
    cursor.need("]");
  }
  return value("integer");
}

function parseIntegerFunction(context: Context): Expression {
  const { cursor } = context;
  cursor.next();
  cursor.tighten();
  cursor.need("(");
  nested(cursor, () => needInteger(context, "an offset"));
  cursor.need(")");
  return value("integer");
}

/** Close enough for comparing with small bounds; the lexer has refused what the engine cannot hold. */
function integerValue(text: string): number {
  const factor = text.endsWith("KB") ? 1024 : text.endsWith("MB") ? 1048576 : 1;
  return factor === 1 ? Number(text) : Number(text.slice(0, -2)) * factor;
}

/** Runs one level deeper. @throws SyntaxStop past the limit. */
export function nested<T>(cursor: Cursor, parse: () => T): T {
  if (++cursor.depth > nestingMax) {
    cursor.error(cursor.peek(), "YARA_NESTING", `expected at most ${nestingMax} levels of nesting`);
    throw new SyntaxStop();
  }
  const result = parse();
  cursor.depth--;
  return result;
}
