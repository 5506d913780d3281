/**
 * The words and signs of YARA. A token is a kind and a span of the source; its text is cut out when needed.
 * Kinds that stand for themselves (keywords, punctuation) carry their spelling, so errors read well.
 */

export interface Token {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
}

/** Kinds of tokens that have a spelling of their own. */
export const kind = {
  end: "the end of the file",
  identifier: "an identifier",
  /** `$a`; `$` alone is anonymous. */
  string: "a string identifier",
  /** `$a*` */
  stringWildcard: "a string wildcard",
  /** `#a` */
  count: "a string count",
  /** `@a` */
  offset: "a string offset",
  /** `!a` */
  length: "a string length",
  integer: "an integer",
  float: "a floating point number",
  /** `uint16be` and its kin. */
  integerFunction: "an integer function",
  text: "a text string",
  hex: "a hex string",
  regexp: "a regular expression",
} as const;

export const keywords: ReadonlySet<string> = new Set(
  (
    "private global rule meta strings ascii wide xor base64 base64wide fullword nocase condition true " +
    "false not and or at in of them for all any none entrypoint filesize matches contains startswith endswith " +
    "icontains istartswith iendswith iequals import defined"
  ).split(" "),
);

/** Longest first, as a lexer must try them. */
export const signs: readonly string[] = [
  "..",
  "<=",
  ">=",
  "==",
  "!=",
  "<<",
  ">>",
  ..."<>{}()[]:=,.+-*\\%&^|~",
];

/**
 * Modules that an engine of the 4.x line may have been built with. What their members are is the engine's
 * to say.
 */
export const modules: ReadonlySet<string> = new Set(
  "pe elf cuckoo magic hash math dotnet time console string dex macho tests".split(" "),
);

/** Engines of our range that know less than the newest: what needs a newer one is a warning, not an error. */
export const newerModules: ReadonlySet<string> = new Set(["string"]);

/** Limits of the engine (its limits.h), which it enforces while it compiles. */
export const engineLimits = {
  identifierCharactersMax: 128,
  /** Bytes of a text string or a regular expression. */
  literalBytesMax: 8190,
  stringsPerRuleMax: 10_000,
  loopDepthMax: 4,
  loopVariablesMax: 2,
  functionArgumentsMax: 128,
  repeatMax: 32_767,
  /** Jumps longer than this may not stand inside an alternative. */
  alternativeJumpMax: 200,
} as const;

/** Ours: deeper expressions are refused before they can exhaust a stack, here or in the engine. */
export const nestingMax = 200;
