/** Names in a condition: loop variables, modules with their members, earlier rules. */
import { quote } from "../../errors.js";
import { type Context, nested, parseExpression, parseValue } from "./condition.js";
import { type Expression, type ValueType, value } from "./expression.js";
import { engineLimits, kind, modules, type Token } from "./tokens.js";

/** `i`, `rule_a`, `pe.sections[0].name`, `math.entropy(0, filesize)` */
export function parseName(context: Context): Expression {
  const { cursor } = context;
  const first = cursor.next();
  const type = resolve(context, first);
  let steps = 0;
  for (; cursor.is(".") || cursor.is("[") || cursor.is("("); steps++) parseStep(context);
  if (type === "module" && steps === 0) {
    cursor.error(first, "YARA_TYPE", `expected a member of the module ${quote(cursor.textOf(first))}`);
  } else if (steps > 0 && type !== "module" && type !== "unknown") {
    cursor.error(first, "YARA_TYPE", `expected a module or one of its objects, got a ${type}`);
  }
  return value(steps > 0 || type === "module" ? "unknown" : type);
}

function parseStep(context: Context): void {
  const { cursor } = context;
  cursor.tighten();
  const sign = cursor.next();
  if (sign.kind === ".") {
    cursor.need(kind.identifier);
  } else if (sign.kind === "[") {
    nested(cursor, () => parseValue(context));
    cursor.need("]");
  } else if (!cursor.take(")")) {
    let count = 1;
    parseExpression(context);
    for (; cursor.take(","); count++) parseExpression(context);
    cursor.need(")");
    if (count > engineLimits.functionArgumentsMax) {
      cursor.error(
        sign,
        "YARA_ARGUMENTS",
        `expected at most ${engineLimits.functionArgumentsMax} arguments, got ${count}`,
      );
    }
  }
}

/** The engine looks for loop variables first, then modules, then rules; a rule may even name itself. */
function resolve({ cursor, scope }: Context, token: Token): ValueType | "module" {
  const name = cursor.textOf(token);
  const variable = scope.loopVariables.get(name);
  if (variable !== undefined) return variable;
  if (scope.file.imports.has(name)) return "module";
  if (scope.file.rules.has(name)) return "boolean";
  const hint = modules.has(name) ? `; import "${name}" is missing` : "";
  cursor.error(
    token,
    "YARA_IDENTIFIER_UNDEFINED",
    `expected a rule or module known here, got ${quote(name)}${hint}`,
  );
  return "unknown";
}
