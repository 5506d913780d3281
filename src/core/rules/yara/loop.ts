/**
 * Loops: `for any i in (1..3) : ( … )`, `for all key, value in pe.version_info : ( … )`, `for 2 of them : (
 * $ at 0 )`.
 */
import { quote } from "../../errors.js";
import { type Context, nested, parseExpression, parseValue } from "./condition.js";
import { type Expression, truth, type ValueType } from "./expression.js";
import { parseName } from "./name.js";
import { checkAmount, parseStringSet, parseValueSet, quantifiers } from "./sets.js";
import { engineLimits, kind, type Token } from "./tokens.js";

export function parseLoop(context: Context): Expression {
  const { cursor, scope } = context;
  const start = cursor.next();
  if (quantifiers.has(cursor.peek().kind)) cursor.next();
  else {
    const token = cursor.peek();
    checkAmount(context, token, parseValue(context), false);
  }
  if (++scope.loopDepth > engineLimits.loopDepthMax) {
    cursor.error(
      start,
      "YARA_LOOPS",
      `expected at most ${engineLimits.loopDepthMax} loops inside each other`,
    );
  }
  if (cursor.is("of")) parseStringLoop(context, start);
  else parseValueLoop(context);
  scope.loopDepth--;
  return truth;
}

function parseStringLoop(context: Context, start: Token): void {
  const { cursor, scope } = context;
  cursor.need("of");
  const outer = scope.insideStringLoop;
  if (outer) cursor.error(start, "YARA_LOOPS", "expected no loop over strings inside another one");
  parseStringSet(context);
  scope.insideStringLoop = true;
  parseBody(context);
  scope.insideStringLoop = outer;
}

function parseValueLoop(context: Context): void {
  const { cursor, scope } = context;
  const names = parseVariables(context);
  cursor.need("in");
  const types = parseIterator(context, names);
  names.forEach((name, i) => {
    scope.loopVariables.set(name, types[i] ?? "unknown");
  });
  parseBody(context);
  for (const name of names) scope.loopVariables.delete(name);
}

function parseVariables({ cursor, scope }: Context): string[] {
  const names: string[] = [];
  do {
    const token = cursor.need(kind.identifier, "a loop variable or of");
    const name = cursor.textOf(token);
    if (scope.loopVariables.has(name)) {
      cursor.error(
        token,
        "YARA_LOOP_VARIABLE",
        `expected a new name for a loop variable, got ${quote(name)} again`,
      );
    } else if (names.length === engineLimits.loopVariablesMax) {
      cursor.error(
        token,
        "YARA_LOOP_VARIABLE",
        `expected at most ${engineLimits.loopVariablesMax} loop variables`,
      );
    } else {
      names.push(name);
      scope.loopVariables.set(name, "unknown");
    }
  } while (cursor.take(","));
  return names;
}

/** The types of the loop's variables. An array gives one item a turn, a dictionary a key and a value. */
function parseIterator(context: Context, names: readonly string[]): ValueType[] {
  const { cursor } = context;
  const start = cursor.peek();
  if (cursor.is(kind.identifier)) {
    const over = parseName(context);
    if (over.type !== "unknown")
      cursor.error(start, "YARA_TYPE", `expected an array or dictionary, got a ${over.type}`);
    return names.length === 2 ? ["string", "unknown"] : ["unknown"];
  }
  const type = parseValueSet(context);
  if (names.length > 1) {
    cursor.error(start, "YARA_LOOP_VARIABLE", "expected one loop variable for a set or a range, got two");
  }
  return [type];
}

function parseBody(context: Context): void {
  const { cursor } = context;
  cursor.need(":");
  cursor.need("(");
  nested(cursor, () => parseExpression(context));
  cursor.need(")");
}
