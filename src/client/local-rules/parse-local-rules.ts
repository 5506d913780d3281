/** The owner's file as it may be. Whatever else stands in it: not a word of it is believed. */
import type { Sha256Hex } from "../../core/brands.js";
import { type JSONObject, type JSONValue, isJSONObject } from "../../core/encoding/json.js";
import { UsageError, quote } from "../../core/errors.js";
import { isRuleKind } from "../../core/rules/model.js";
import { recordOf } from "./allowed-indicators.js";
import {
  type ChoiceForm,
  type LocalRules,
  type OwnFile,
  type RuleChoice,
  type Verb,
  choiceForms,
  localLimits,
  verbs,
} from "./model.js";
import { keyOfID } from "./rule-names.js";

/** @throws UsageError USAGE */
export function parseLocalRules({ schema, choices, own }: JSONObject): LocalRules {
  if (schema !== 1 || !Array.isArray(choices) || !Array.isArray(own)) throw wrong("local rules", schema);
  return requireLocalLimits({ choices: choices.map(parseChoice), own: own.map(parseOwnFile) });
}

/** @throws UsageError USAGE */
export function requireLocalLimits(rules: LocalRules): LocalRules {
  const { choicesMax, patternsMax, ownFilesMax, ownBytesMax } = localLimits;
  const patterns = rules.choices.filter(({ by }) => by === "pattern").length;
  const bytes = rules.own.reduce((sum, one) => sum + one.bytes, 0);
  const named = new Set(rules.own.map(({ kind, name }) => `${kind}/${name.toLowerCase()}`));
  if (rules.choices.length > choicesMax)
    throw wrong(`at most ${choicesMax} choices of rules`, rules.choices.length);
  if (patterns > patternsMax) throw wrong(`at most ${patternsMax} patterns`, patterns);
  if (rules.own.length > ownFilesMax) throw wrong(`at most ${ownFilesMax} own files`, rules.own.length);
  if (bytes > ownBytesMax) throw wrong(`at most ${ownBytesMax} bytes of own rules`, bytes);
  if (named.size < rules.own.length) throw wrong("own files of different names", rules.own.length);
  return rules;
}

function parseChoice(value: JSONValue): RuleChoice {
  if (!isJSONObject(value)) throw wrong("a choice of rules", value);
  const { verb, kind, by, what, reason, since } = value;
  if (!isRuleKind(kind) || !isOneOf(verbs, verb) || !isOneOf(choiceForms, by)) throw wrong("a choice", value);
  if (typeof since !== "string" || Number.isNaN(Date.parse(since))) throw wrong("a time", since);
  const choice: RuleChoice = {
    ...{ verb: verb as Verb, kind, by: by as ChoiceForm, what: textOf(what, localLimits.whatCharactersMax) },
    ...(reason !== undefined && { reason: textOf(reason, localLimits.reasonCharactersMax) }),
    since,
  };
  requireSense(choice);
  return choice;
}

/** One that was made here. @throws UsageError USAGE */
export const requireChoice = (choice: RuleChoice): RuleChoice => parseChoice({ ...choice } as JSONObject);

/** A choice that could never mean a rule was not made by its owner. */
function requireSense({ verb, kind, by, what }: RuleChoice): void {
  const { patternCharactersMax } = localLimits;
  if (verb === "allow" && (kind !== "ioc" || by === "digest")) throw wrong("an indicator to allow", what);
  if (by === "pattern") {
    if (what.length > patternCharactersMax)
      throw wrong(`a pattern of at most ${patternCharactersMax} characters`, what);
  } else if (by === "digest") {
    if (!/^[0-9a-f]{64}$/.test(what)) throw wrong("a SHA-256", what);
  } else if ((kind === "ioc" ? recordOf(what) : keyOfID(kind, what)) === undefined) {
    throw wrong(`an id of ${kind}`, what);
  }
}

function parseOwnFile(value: JSONValue): OwnFile {
  if (!isJSONObject(value) || !isRuleKind(value.kind)) throw wrong("an own file", value);
  const { kind, name, sha256, bytes, reason, since } = value;
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256)) throw wrong("a SHA-256", sha256);
  if (typeof bytes !== "number" || !Number.isSafeInteger(bytes) || bytes < 0) throw wrong("a length", bytes);
  if (typeof since !== "string" || Number.isNaN(Date.parse(since))) throw wrong("a time", since);
  const said = reason === undefined ? {} : { reason: textOf(reason, localLimits.reasonCharactersMax) };
  return { kind, name: requireOwnName(name), sha256: sha256 as Sha256Hex, bytes, ...said, since };
}

/** It becomes a file name, and for YARA a namespace. @throws UsageError USAGE */
export function requireOwnName(name: JSONValue | undefined): string {
  if (typeof name === "string" && /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) return name;
  throw wrong("a plain file name of at most 100 letters, digits, dots, hyphens and underscores", name);
}

function textOf(value: JSONValue | undefined, charactersMax: number): string {
  if (typeof value === "string" && value !== "" && value.length <= charactersMax) return value;
  throw wrong(`at most ${charactersMax} characters`, value);
}

const isOneOf = (words: readonly string[], value: JSONValue | undefined): boolean =>
  words.some((one) => one === value);

function wrong(expected: string, got: JSONValue | undefined): UsageError {
  return new UsageError("USAGE", `expected ${expected}, got ${quote(JSON.stringify(got) ?? "nothing")}`);
}
