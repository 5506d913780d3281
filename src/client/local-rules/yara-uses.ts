/** The rules that a YARA rule may use: every identifier of its condition, and `name*` where a star follows. More than it does use, never less. */
import { byteStringText } from "../../core/rules/source-lines.js";
import { FindingList } from "../../core/rules/source-text.js";
import { tokenize } from "../../core/rules/yara/lexer.js";
import { kind } from "../../core/rules/yara/tokens.js";

export function namesUsed(record: string): string[] {
  const text = byteStringText(record.slice(1));
  const tokens = tokenize(text, new FindingList("", text));
  const condition = tokens.findLastIndex((token) => token.kind === "condition");
  return tokens.flatMap((token, i) => {
    if (i < condition || token.kind !== kind.identifier) return [];
    const name = text.slice(token.start, token.end);
    return tokens[i + 1]?.kind === "*" ? [name, `${name}*`] : [name];
  });
}
