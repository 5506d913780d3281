/** What is over-broad or slow in a Sigma rule: a value that everything holds, and regular expressions without an end. */
import { type Problem, regexpProblems } from "./rules.js";

/** Canonical YAML: a key or an item a line. */
export function sigmaProblems(record: string): Problem[] {
  const problems: Problem[] = [];
  const detection = record.slice(Math.max(0, record.indexOf("\ndetection:")));
  let modifiers = "";
  for (const line of detection.split("\n")) {
    const key = /^\s*(?:- )?["']?[\w.-]*((?:\|[a-z0-9]+)+)["']?:/.exec(line);
    if (key !== null) modifiers = key[1] ?? "";
    else if (/^\s*(?:- )?["']?[\w.|-]+["']?:/.test(line)) modifiers = "";
    const value = scalarOf(line);
    if (value === undefined) continue;
    if (/\|re(\||$)/.test(modifiers))
      problems.push(...regexpProblems(value).filter(({ code }) => code.endsWith("CATASTROPHIC")));
    else if (/^\*+$/.test(value) && !/\bexists\b/.test(modifiers)) problems.push(everything(value));
    else if (/\|contains(\||$)/.test(modifiers) && value.length < 3) problems.push(everything(value));
  }
  return problems;
}

function everything(value: string): Problem {
  return { code: "RULE_TOO_BROAD", message: `the value ${JSON.stringify(value)} is found nearly everywhere` };
}

/** Of `key: value` and of `- value`; undefined where a list or a mapping follows. */
function scalarOf(line: string): string | undefined {
  const match = /^\s*(?:- )?(?:["']?[\w.|-]+["']?:\s*|- )(.+)$/.exec(line) ?? /^\s*- (.+)$/.exec(line);
  const text = match?.[1]?.trim();
  if (text === undefined || /^[[{|>]/.test(text)) return undefined;
  const quoted = /^(["'])(.*)\1$/.exec(text);
  return quoted?.[2] ?? text;
}
