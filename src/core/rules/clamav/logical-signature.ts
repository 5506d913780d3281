/**
 * Lines of logical signatures: `name;description;expression;subsignature;…`, up to 64 subsignatures. Behind the name a record
 * holds the other fields in canonical form.
 */
import { checkName, type Field, type Report } from "./fields.js";
import { readExpression, subsignaturesMax } from "./logical-expression.js";
import { readSubsignature } from "./subsignature.js";
import { readTargetDescription } from "./target-description.js";

export function readLogicalLine(line: string, report: Report): string | undefined {
  const fields = splitLogical(line);
  const [name, block, logic, ...bodies] = fields;
  if (name === undefined || block === undefined || logic === undefined || bodies.length === 0) {
    const layout = "name;description;expression;subsignature;…";
    report(
      line.length,
      "CLAMAV_FIELDS",
      `expected ${layout}, got ${fields.length} field${fields.length === 1 ? "" : "s"}`,
    );
    return undefined;
  }
  checkName(name, report);
  const description = readTargetDescription(block, report);
  const expression = readExpression(logic, report);
  if (expression.greatest >= 0 && expression.greatest + 1 !== bodies.length) {
    const expected = `expected ${expression.greatest + 1} subsignatures, as many as the expression names`;
    report(logic.offset, "CLAMAV_SUBSIGNATURE_COUNT", `${expected}, got ${bodies.length}`);
  }
  const canonical: string[] = [];
  for (const [index, body] of bodies.slice(0, subsignaturesMax).entries()) {
    const around = { target: description.target, index, count: bodies.length };
    canonical.push(readSubsignature(body, around, report));
  }
  return `${name.text}\0${[description.canonical, expression.canonical, ...canonical].join(";")}`;
}

/** From the fourth field on, a semicolon between two slashes belongs to a regular expression. */
function splitLogical(line: string): Field[] {
  const fields: Field[] = [];
  let start = 0;
  let inRegex = false;
  for (let i = 0; i <= line.length; i++) {
    const c = line[i];
    if (c === "/" && fields.length >= 3 && line[i - 1] !== "\\") inRegex = !inRegex;
    if (i === line.length || (c === ";" && !inRegex)) {
      fields.push({ text: line.slice(start, i), offset: start });
      start = i + 1;
    }
  }
  return fields;
}

export function logicalLine(name: string, rest: string): string {
  return `${name};${rest}`;
}
