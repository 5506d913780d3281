/**
 * A second opinion on Sigma rules by JSON Schema: the types and words of every field, with the place of
 * each fault. It reads the YAML as core does, so a place in the data is a place in the file.
 */
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import ajvFormats from "ajv-formats";
import { quote } from "../../core/errors.js";
import type { Finding, RuleKind, SourceFile } from "../../core/rules/model.js";
import { expandActions } from "../../core/rules/sigma/actions.js";
import { scalarType } from "../../core/rules/sigma/scalar.js";
import { childOf, type MapNode, type Node } from "../../core/rules/sigma/tree.js";
import { parseDocuments } from "../../core/rules/sigma/yaml-source.js";
import { decodeSource, FindingList } from "../../core/rules/source-text.js";
import type { RuleEngine } from "../../ports/rule-engine.js";
import { correlationSchema, detectionSchema, filterSchema } from "./sigma-schemas.js";

/** The schemas are compiled for the first rule, not at start: a service without Sigma rules never pays for them. */
export function openSigmaSchemaEngine(): RuleEngine {
  let schemas: ReturnType<typeof compileSchemas> | undefined;
  const validate = (rule: MapNode): ErrorObject[] => {
    schemas ??= compileSchemas();
    const { correlation, filter, detection } = schemas;
    const check = childOf(rule, "correlation") ? correlation : childOf(rule, "filter") ? filter : detection;
    return check(toData(rule)) ? [] : [...(check.errors ?? [])];
  };
  return {
    name: "sigma schema 2.1.0",
    kinds: ["sigma"],
    check: async (kind: RuleKind, files: readonly SourceFile[]) =>
      kind === "sigma" ? files.flatMap((file) => checkFile(file, validate)) : [],
  };
}

function compileSchemas() {
  const ajv = new Ajv2020({ strict: false, allErrors: true, logger: false });
  ajvFormats.default(ajv, ["uuid"]);
  return {
    correlation: ajv.compile(correlationSchema),
    filter: ajv.compile(filterSchema),
    detection: ajv.compile(detectionSchema),
  };
}

/** Files that are no YAML have their findings from core; here they have none. */
function checkFile(file: SourceFile, validate: (rule: MapNode) => ErrorObject[]): Finding[] {
  const text = decodeSource(file);
  if (typeof text !== "string") return [];
  const unused = new FindingList(file.path, text);
  const findings = new FindingList(file.path, text);
  for (const rule of expandActions(parseDocuments(text, unused), unused)) {
    for (const error of validate(rule)) report(rule, error, findings);
  }
  return findings.sorted();
}

function report(rule: MapNode, error: ErrorObject, findings: FindingList): void {
  // "unless" in the schemas: of "another type, or this must hold" only what must hold is news to the author.
  if (error.keyword === "anyOf" || error.keyword === "not") return;
  const steps = error.instancePath
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const where = error.instancePath === "" ? "the rule" : quote(error.instancePath);
  const allowed = error.keyword === "enum" ? `: ${(error.params.allowedValues as unknown[]).join(", ")}` : "";
  const must = (error.message ?? "be valid").replace(/^must /, "").replace("NOT", "not");
  findings.error(offsetOf(rule, steps), "SIGMA_SCHEMA", `expected ${where} to ${must}${allowed}`);
}

function offsetOf(rule: MapNode, steps: readonly string[]): number {
  let node: Node | undefined = rule;
  let offset = rule.offset;
  for (const step of steps) {
    if (node?.kind === "map") node = childOf(node, step);
    else if (node?.kind === "list") node = node.items[Number(step)];
    offset = node?.offset ?? offset;
  }
  return offset;
}

/**
 * Objects have no prototype: a key may be any text. What YAML versions disagree on stays text, as a date
 * must.
 */
function toData(node: Node): unknown {
  if (node.kind === "list") return node.items.map(toData);
  if (node.kind === "map") {
    const data = Object.create(null) as Record<string, unknown>;
    for (const { key, value } of node.entries) data[key.text] = toData(value);
    return data;
  }
  const type = scalarType(node);
  if (type === "null") return null;
  if (type === "boolean") return node.text.toLowerCase() === "true";
  return type === "integer" || type === "float" ? Number(node.text) : node.text;
}
