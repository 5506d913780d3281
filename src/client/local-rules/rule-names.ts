/** By what an owner calls a rule: a key for its id that costs nothing to compare, and the name that people know it by. */
import type { RuleKind } from "../../core/rules/model.js";
import { kindFacts } from "../../core/rules/kind-facts.js";
import { byteStringText } from "../../core/rules/source-lines.js";

const sigmaIDBytes = 16;
const suricataKeyBytes = 8;

/** Equal for all records of one id; undefined for records that are not rules. */
export function keyOfRecord(kind: RuleKind, record: string): string | undefined {
  switch (kind) {
    case "clamav":
      return record.slice(1, record.indexOf("\0", 1));
    case "ioc":
      return record;
    case "sigma":
      return record.slice(0, sigmaIDBytes);
    case "suricata":
      return record.slice(0, suricataKeyBytes);
    case "yara":
      return kindFacts(kind).ruleID(record);
  }
}

/** Undefined for what is no id of this kind. */
export function keyOfID(kind: RuleKind, id: string): string | undefined {
  if (kind === "clamav") return /^[^\s:]+$/.test(id) ? id : undefined;
  if (kind === "yara") return /^[A-Za-z_][A-Za-z0-9_]*$/.test(id) ? id : undefined;
  return kindFacts(kind).idPrefixes(id)[0];
}

/** The id as the language writes it. */
export function idOfRecord(kind: RuleKind, record: string): string {
  return kindFacts(kind).ruleID(record) ?? "";
}

/** What else a rule is called: Sigma's title, Suricata's message. */
export function nameOfRecord(kind: RuleKind, record: string): string | undefined {
  if (kind === "sigma") {
    const title = /^title: (.*)$/m.exec(record.slice(sigmaIDBytes, 2048))?.[1];
    return title === undefined ? undefined : byteStringText(title.replace(/^(['"])(.*)\1$/, "$2"));
  }
  if (kind !== "suricata") return undefined;
  const message = /[(;] ?msg:"((?:[^"\\]|\\.)*)"/.exec(record)?.[1];
  return message === undefined ? undefined : byteStringText(message);
}
