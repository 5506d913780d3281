/** An engine asked as the lint asks it: with what our parser made of each source. */
import type { Finding, RuleKind, SourceFile } from "../../src/core/rules/model.js";
import { ruleLanguage } from "../../src/core/rules/registry.js";
import type { RuleEngine } from "../../src/ports/rule-engine.js";

export function askEngine(
  engine: RuleEngine,
  kind: RuleKind,
  files: readonly SourceFile[],
): Promise<Finding[]> {
  const { parse } = ruleLanguage(kind);
  return engine.check(
    kind,
    files.map((file) => ({ ...file, parsed: parse(file) })),
  );
}
