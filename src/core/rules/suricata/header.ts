/** The part of a rule before its options: action, protocol, and two ends with a direction between them. */
import { quoteBytes } from "../source-lines.js";
import { readAddress, readPort } from "./endpoints.js";
import { actions, protocols } from "./keywords.js";
import type { Report } from "./rule-text.js";

export interface Token {
  readonly text: string;
  readonly offset: number;
}

/** @returns the canonical header: one space between the parts, none inside. */
export function readHeader(text: string, report: Report): string {
  const tokens = splitHeader(text);
  const [action, protocol, ...ends] = tokens;
  if (action !== undefined && !actions.has(action.text.toLowerCase())) {
    report(
      action.offset,
      "SURICATA_ACTION",
      `expected an action such as alert or drop, got ${quoteBytes(action.text)}`,
    );
    return text;
  }
  if (action === undefined || protocol === undefined || ends.length !== 5) {
    const parts = "action, protocol, address, port, direction, address, port";
    const offset = tokens[7]?.offset ?? text.trimEnd().length;
    report(offset, "SURICATA_HEADER", `expected ${parts} before the options, got ${tokens.length} of them`);
    return text;
  }
  checkProtocol(protocol, report);
  const [source, sourcePort, direction, target, targetPort] = ends as [Token, Token, Token, Token, Token];
  checkDirection(direction, report);
  return [
    action.text.toLowerCase(),
    protocol.text.toLowerCase(),
    readAddress(source, report),
    readPort(sourcePort, report),
    direction.text,
    readAddress(target, report),
    readPort(targetPort, report),
  ].join(" ");
}

function checkProtocol(token: Token, report: Report): void {
  const name = token.text.toLowerCase();
  if (protocols.has(name)) return;
  const got = quoteBytes(token.text);
  if (/^[a-z][a-z0-9_-]*$/.test(name)) {
    report(token.offset, "SURICATA_PROTOCOL", `expected a known protocol, got ${got}`, "warning");
  } else report(token.offset, "SURICATA_PROTOCOL", `expected a protocol, got ${got}`);
}

function checkDirection(token: Token, report: Report): void {
  if (token.text === "->" || token.text === "<>") return;
  const hint = token.text === "<-" ? "; write the two ends the other way round" : "";
  report(token.offset, "SURICATA_DIRECTION", `expected -> or <>, got ${quoteBytes(token.text)}${hint}`);
}

/** White space parts tokens, except inside brackets. */
function splitHeader(text: string): Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  let start = -1;
  for (let i = 0; i <= text.length; i++) {
    const c = text[i] ?? " ";
    if (c === "[") depth++;
    if (c === "]" && depth > 0) depth--;
    const blank = (c === " " || c === "\t") && (depth === 0 || i === text.length);
    if (blank && start >= 0) {
      tokens.push({ text: text.slice(start, i), offset: start });
      start = -1;
    } else if (!blank && start < 0) start = i;
  }
  return tokens;
}
