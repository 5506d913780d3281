/** SPEC §3.12.6: a YARA file as tokens. What is no token is an error of the rule in which it stands. */
import { NotARule } from "./model.js";

export interface YARAToken {
  readonly kind:
    | "word"
    | "text"
    | "hex"
    | "regexp"
    | "integer"
    | "float"
    | "string"
    | "wildcard"
    | "use"
    | "sign"
    | "bad";
  readonly text: string;
  readonly line: number;
}

const literalBytesMax = 8190;
/** White space and comments. */
const gap = /(?:[ \t\r\n]+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y;
const forms: readonly (readonly [YARAToken["kind"], RegExp])[] = [
  ["bad", /\/\*[\s\S]*/y],
  ["word", /[A-Za-z_][A-Za-z0-9_]*/y],
  ["integer", /0x[0-9A-Fa-f]+|0o[0-7]+/y],
  ["float", /[0-9]+\.[0-9]+/y],
  ["integer", /[0-9]+(?:KB|MB)?/y],
  ["text", /"(?:[^"\\\n\0]|\\(?:[tnr"\\]|x[0-9A-Fa-f]{2}))*"/y],
  ["regexp", /\/(?![/*])(?:[^/\\\n\0]|\\[^\n\0])*\/i?s?/y],
  ["wildcard", /\$[A-Za-z0-9_]*\*/y],
  ["string", /\$[A-Za-z0-9_]*/y],
  ["use", /[#@][A-Za-z0-9_]*|!(?!=)[A-Za-z0-9_]*/y],
  ["sign", /\.\.|[<>=!]=|<<|>>|[<>{}()[\]:=,.+\-*\\%&^|~]/y],
  ["bad", /[\s\S]/y],
];
const hex = /\{(?:[^}/"$:=]|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*\}/y;

export function yaraTokens(text: string): YARAToken[] {
  const tokens: YARAToken[] = [];
  let line = 1;
  const lineBreaks = (part: string) => part.split("\n").length - 1;
  for (let at = 0; ; ) {
    gap.lastIndex = at;
    const blank = gap.exec(text)?.[0] ?? "";
    at += blank.length;
    line += lineBreaks(blank);
    if (at >= text.length) return tokens;
    const isHex = text[at] === "{" && tokens.at(-1)?.text === "=";
    const [kind, found] = isHex ? ["hex" as const, matchAt(hex, text, at)] : formAt(text, at);
    const token = {
      kind: found === "" ? ("bad" as const) : kind,
      text: found === "" ? (text[at] as string) : found,
      line,
    };
    tokens.push(isTooLong(token) ? { ...token, kind: "bad" } : token);
    at += token.text.length;
    line += lineBreaks(token.text);
  }
}

function formAt(text: string, at: number): [YARAToken["kind"], string] {
  for (const [kind, form] of forms) {
    const found = matchAt(form, text, at);
    if (found !== "") return [kind, found];
  }
  throw new NotARule("no token");
}

function matchAt(form: RegExp, text: string, at: number): string {
  form.lastIndex = at;
  return form.exec(text)?.[0] ?? "";
}

function isTooLong({ kind, text }: YARAToken): boolean {
  if (kind === "word") return text.length > 128;
  if (kind === "integer") return integerValue(text) > 2n ** 63n - 1n;
  const body = text.replace(/\\(x..|.)/g, "_");
  return (
    (kind === "text" || kind === "regexp") && new TextEncoder().encode(body).length - 2 > literalBytesMax
  );
}

export function integerValue(text: string): bigint {
  if (text.length > 100) return 2n ** 64n;
  const unit = text.endsWith("KB") ? 1024n : text.endsWith("MB") ? 1048576n : 1n;
  return BigInt(unit === 1n ? text : text.slice(0, -2)) * unit;
}
