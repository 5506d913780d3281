/**
 * A STIX 2.1 bundle of indicators, read as a stranger would by the specification: what every object and an indicator must have (§3.2,
 * §4.7), and the pattern by its grammar (§9). It shares no code with what writes one.
 */
import { type JSONObject, type JSONValue, isJSONObject } from "../../encoding/json.js";
import { VerificationError } from "../../errors.js";

export interface STIXIndicator {
  readonly name: string;
  readonly id: string;
  /** What its pattern compares, one after the other. */
  readonly literals: readonly string[];
}

const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";
const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const text = String.raw`'((?:[^'\\]|\\['\\])*)'`;
const objectPath = String.raw`[a-z0-9-]+:[a-z0-9_-]+(?:\.(?:[A-Za-z0-9_-]+|'[A-Za-z0-9_-]+'))*`;
const comparison = new RegExp(`^(${objectPath}) (=|ISSUBSET|MATCHES) (?:${text}|(\\d+))( AND |$)`);

/** Every indicator in its order. @throws VerificationError ENCODING_MALFORMED, which names the object */
export function readBundle(value: JSONValue): readonly STIXIndicator[] {
  must(isJSONObject(value) && value.type === "bundle" && isID(value.id, "bundle"), "a bundle with its id");
  const { objects } = value as JSONObject;
  must(Array.isArray(objects) && objects.length > 0 && objects.every(isJSONObject), "objects in the bundle");
  const all = objects as readonly JSONObject[];
  must(new Set(all.map(({ id }) => id)).size === all.length, "each id once");
  for (const one of all) requireCommon(one);
  const authors = new Set(all.filter(isIdentity).map(({ id }) => id));
  return all.filter(({ type }) => type === "indicator").map((one) => readIndicator(one, authors));
}

/** §3.2 */
function requireCommon(one: JSONObject): void {
  const { type, id, spec_version: version, created, modified } = one;
  must(typeof type === "string" && isID(id, type) && version === "2.1", `id and spec_version of ${id}`);
  must(isTime(created) && isTime(modified) && created <= modified, `created before modified in ${id}`);
  const empty = Object.values(one).some((member) => member === null || member === "" || isEmptyList(member));
  must(!empty, `no empty member in ${id}`);
}

const isEmptyList = (member: JSONValue | undefined) => Array.isArray(member) && member.length === 0;

/** §4.6 */
const isIdentity = (one: JSONObject) => one.type === "identity" && typeof one.name === "string";

/** §4.7 */
function readIndicator(one: JSONObject, authors: ReadonlySet<unknown>): STIXIndicator {
  const { id, name, pattern, pattern_type: language, valid_from: from, created_by_ref: author } = one;
  must(
    typeof id === "string" && typeof name === "string" && typeof pattern === "string",
    `name and pattern of ${id}`,
  );
  must(language === "stix" && isTime(from), `pattern_type or valid_from of ${id}`);
  must(author === undefined || authors.has(author), `the author of ${id} in the bundle`);
  return { id, name, literals: readPattern(pattern) };
}

/** One observation of comparisons that all hold: what our patterns are of §9. */
function readPattern(pattern: string): readonly string[] {
  must(pattern.startsWith("[") && pattern.endsWith("]"), `a pattern of one observation: ${pattern}`);
  const literals: string[] = [];
  for (let rest = pattern.slice(1, -1), more = true; more; ) {
    const [found, , operator, quoted, number = "", and] = comparison.exec(rest) ?? [];
    must(found !== undefined, `comparisons in ${pattern}`);
    const literal = quoted?.replace(/\\(['\\])/g, "$1") ?? number;
    if (operator === "MATCHES") must(isExpression(literal), `a regular expression in ${pattern}`);
    literals.push(literal);
    rest = rest.slice(found.length);
    more = and === " AND ";
    must(more || rest === "", `nothing behind the comparisons of ${pattern}`);
  }
  return literals;
}

function isExpression(literal: string): boolean {
  try {
    return new RegExp(literal).source !== "";
  } catch {
    return false;
  }
}

const isTime = (value: unknown): value is string => typeof value === "string" && timestamp.test(value);
const isID = (value: unknown, type: JSONValue | undefined) =>
  typeof value === "string" && new RegExp(`^${type}--${uuid}$`).test(value);

function must(holds: boolean, expected: string): asserts holds {
  if (!holds) throw new VerificationError("ENCODING_MALFORMED", `expected ${expected}, got something else`);
}
