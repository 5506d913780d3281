/**
 * What the condition parser knows of an expression, and the type rules of the engine's operators.
 * The members of modules have types that only the engine knows: they are `unknown` and fit everywhere.
 */

export type ValueType = "integer" | "float" | "string" | "boolean" | "regexp" | "unknown";

export interface Expression {
  readonly type: ValueType;
  /**
   * The engine's grammar tells values (`primary_expression`) from truths (`expression`): only values may be
   * compared.
   */
  readonly primary: boolean;
  /** Known while compiling: a literal, with signs and parentheses. */
  readonly value?: number;
}

export const truth: Expression = { type: "boolean", primary: false };

export function value(type: ValueType): Expression {
  return { type, primary: true };
}

/** Binding power of the operators between values; all associate to the left. */
export const arithmetic: ReadonlyMap<string, number> = new Map([
  ["|", 1],
  ["^", 2],
  ["&", 3],
  ["<<", 4],
  [">>", 4],
  ["+", 5],
  ["-", 5],
  ["*", 6],
  ["\\", 6],
  ["%", 6],
]);

const orderings = new Set(["<", "<=", ">", ">=", "==", "!="]);
const textTests = new Set(
  "contains icontains startswith istartswith endswith iendswith iequals matches".split(" "),
);

export function isComparison(kind: string): boolean {
  return orderings.has(kind) || textTests.has(kind);
}

/** Why the operands do not fit the comparison, or undefined. */
export function comparisonProblem(operator: string, left: Expression, right: Expression): string | undefined {
  if (textTests.has(operator)) {
    const wanted = operator === "matches" ? "regexp" : "string";
    if (!fits(left, "string")) return `a string before ${operator}, got a ${left.type}`;
    return right.type === wanted || (wanted === "string" && fits(right, wanted))
      ? undefined
      : `a ${wanted} after ${operator}, got a ${right.type}`;
  }
  const numbers = isNumeric(left) && isNumeric(right);
  const strings = fits(left, "string") && fits(right, "string");
  return numbers || strings
    ? undefined
    : `two numbers or two strings around ${operator}, got a ${left.type} and a ${right.type}`;
}

const integersOnly = new Set(["|", "^", "&", "<<", ">>", "%"]);

/** Why the operands do not fit the operator, or undefined. */
export function arithmeticProblem(operator: string, left: Expression, right: Expression): string | undefined {
  const good = integersOnly.has(operator)
    ? fits(left, "integer") && fits(right, "integer")
    : isNumeric(left) && isNumeric(right);
  if (!good) {
    const wanted = integersOnly.has(operator) ? "integers" : "numbers";
    return `${wanted} around ${operator}, got a ${left.type} and a ${right.type}`;
  }
  if ((operator === "\\" || operator === "%") && right.type === "integer" && right.value === 0) {
    return `a divisor other than 0 after ${operator}`;
  }
  if ((operator === "<<" || operator === ">>") && right.value !== undefined && right.value < 0) {
    return `a shift of 0 or more after ${operator}`;
  }
  return undefined;
}

export function arithmeticType(operator: string, left: Expression, right: Expression): ValueType {
  if (integersOnly.has(operator)) return "integer";
  if (left.type === "float" || right.type === "float") return "float";
  return left.type === "integer" && right.type === "integer" ? "integer" : "unknown";
}

export function fits(expression: Expression, type: ValueType): boolean {
  return expression.type === type || expression.type === "unknown";
}

export function isNumeric(expression: Expression): boolean {
  return fits(expression, "integer") || expression.type === "float";
}
