/** `disable`, `enable`, `allow`, `remove`: from what the owner typed to the list that is kept. A word that means nothing is refused at once. */
import { UsageError, quote } from "../../core/errors.js";
import { type RuleKind, ruleKinds } from "../../core/rules/model.js";
import { indicatorType } from "../../core/rules/ioc/types.js";
import { isDisabled } from "../../core/rules/suricata/record.js";
import { hashOf, recordOf } from "./allowed-indicators.js";
import { isGlob } from "./glob.js";
import { type LocalRules, type RuleChoice, type Verb, localLimits } from "./model.js";
import { requireChoice } from "./parse-local-rules.js";
import type { PublishedRules } from "./published-rules.js";
import { keyOfID } from "./rule-names.js";
import { Selection, ruleDigest } from "./selection.js";

export interface ChooseInput {
  readonly verb: Verb;
  readonly what: readonly string[];
  /** Needed where it cannot be told. A rule of this id need not be published yet. */
  readonly kind?: RuleKind;
  /** Takes what holds no `*` or `?` for a pattern too. */
  readonly pattern?: boolean;
  /** The rule as it is now, and no later revision of it. */
  readonly untilChanged?: boolean;
  readonly reason?: string;
  readonly since: string;
}

type Target = Pick<RuleChoice, "kind" | "by" | "what">;

const patternType = String.fromCharCode(indicatorType.pattern);

/** @throws UsageError USAGE */
export async function withChoices(
  now: LocalRules,
  input: ChooseInput,
  published: PublishedRules,
): Promise<LocalRules> {
  let choices = [...now.choices];
  for (const text of input.what) {
    const targets = input.verb === "allow" ? [allowTarget(text)] : await ruleTargets(text, input, published);
    for (const target of targets) choices = await withOne(choices, target, input, published);
  }
  return { ...now, choices };
}

async function withOne(
  choices: readonly RuleChoice[],
  target: Target,
  { verb, reason, since }: ChooseInput,
  published: PublishedRules,
): Promise<RuleChoice[]> {
  const rest = choices.filter((one) => !isSame(one, target) || (one.verb === "allow") !== (verb === "allow"));
  const wasOff = choices.some((one) => isSame(one, target) && one.verb === "disable");
  // To enable what was disabled by the same words takes these words back; more is needed where something else keeps it off.
  if (verb === "enable" && wasOff && !(await isOffStill(rest, target, published))) return rest;
  const said = reason === undefined ? {} : { reason };
  return [...rest, requireChoice({ verb, ...target, ...said, since })];
}

const isSame = (one: Target, other: Target): boolean =>
  one.kind === other.kind && one.by === other.by && one.what === other.what;

async function isOffStill(
  choices: readonly RuleChoice[],
  { kind, by, what }: Target,
  published: PublishedRules,
): Promise<boolean> {
  if (by !== "id") return false;
  const selection = new Selection(kind, choices, published.digest);
  const records = await published.recordsOf(kind, what);
  return records.some(
    (record) => selection.of(record)?.verb === "disable" || (kind === "suricata" && isDisabled(record)),
  );
}

/** An indicator, a hash with its name in front, or a pattern. @throws UsageError USAGE */
function allowTarget(text: string): Target {
  const indicator = text.replace(/^(?:md5|sha1|sha256|sha512):/i, "");
  const record = recordOf(indicator);
  if (record !== undefined && !record.startsWith(patternType)) {
    return { kind: "ioc", by: "id", what: hashOf(indicator) ?? indicator.trim() };
  }
  if (isGlob(text)) return { kind: "ioc", by: "pattern", what: text };
  throw new UsageError(
    "USAGE",
    `expected an indicator or a file's hash to allow, got ${quote(text)}; rules are disabled`,
  );
}

async function ruleTargets(
  text: string,
  input: ChooseInput,
  published: PublishedRules,
): Promise<readonly Target[]> {
  const digest = /^sha256:([0-9a-f]{64})$/i.exec(text)?.[1]?.toLowerCase();
  if (digest !== undefined) {
    return [{ kind: await kindOfDigest(digest, input.kind, published), by: "digest", what: digest }];
  }
  if (input.pattern || isPattern(text, input.kind)) {
    if (text.length > localLimits.patternCharactersMax) {
      const most = localLimits.patternCharactersMax;
      throw new UsageError("USAGE", `expected a pattern of at most ${most} characters, got ${text.length}`);
    }
    return [{ kind: onlyKind(text, input.kind, published), by: "pattern", what: text }];
  }
  const { kind, what, records } = await publishedID(text, input.kind, published);
  if (!input.untilChanged) return [{ kind, by: "id", what }];
  if (records.length === 0) throw notPublished(text, "its digest is not known");
  return records.map((record) => ({ kind, by: "digest", what: ruleDigest(record, published.digest) }));
}

/** A wildcard of host names is an indicator like others. */
function isPattern(text: string, kind: RuleKind | undefined): boolean {
  if (!isGlob(text)) return false;
  if (kind !== undefined && kind !== "ioc") return true;
  const record = recordOf(text);
  return record === undefined || record.startsWith(patternType);
}

/** @throws UsageError USAGE */
function onlyKind(text: string, kind: RuleKind | undefined, { kinds }: PublishedRules): RuleKind {
  const [first, ...more] = kinds;
  if (kind !== undefined) return kind;
  if (first !== undefined && more.length === 0) return first;
  throw new UsageError("USAGE", `expected the kind of rules that ${quote(text)} is about (--kind), got none`);
}

async function kindOfDigest(
  digest: string,
  kind: RuleKind | undefined,
  published: PublishedRules,
): Promise<RuleKind> {
  if (kind !== undefined) return kind;
  for (const one of published.kinds) {
    for (const record of await published.all(one)) {
      if (ruleDigest(record, published.digest) === digest) return one;
    }
  }
  throw notPublished(`sha256:${digest}`, "say of which kind (--kind) to disable it all the same");
}

interface Found {
  readonly kind: RuleKind;
  readonly what: string;
  readonly records: readonly string[];
}

/** A kind that was named is believed; otherwise exactly one kind has to know the id. @throws UsageError USAGE */
async function publishedID(
  text: string,
  kind: RuleKind | undefined,
  published: PublishedRules,
): Promise<Found> {
  const found: Found[] = [];
  for (const one of kind === undefined ? ruleKinds : [kind]) {
    for (const what of spellings(text, one)) {
      const records = await published.recordsOf(one, what);
      if (records.length > 0) found.push({ kind: one, what, records });
    }
  }
  const [first, ...more] = found;
  if (first !== undefined && more.length === 0) return first;
  if (first !== undefined) {
    const kinds = found.map((one) => one.kind).join(" and ");
    throw new UsageError(
      "USAGE",
      `expected a rule of one kind, got ${quote(text)} of ${kinds}: say which (--kind)`,
    );
  }
  const [what] = kind === undefined ? [] : spellings(text, kind);
  if (kind !== undefined && what !== undefined) return { kind, what, records: [] };
  throw notPublished(text, "say of which kind (--kind) to disable it all the same");
}

/** One that means an id of the kind; ClamAV's engine puts a word behind names of databases that it did not sign. */
function spellings(text: string, kind: RuleKind): string[] {
  const id = kind === "clamav" ? text.replace(/\.UNOFFICIAL$/, "") : text;
  const plain = kind === "suricata" && /^\d+$/.test(id) ? `1:${id}` : id;
  const isID = (kind === "ioc" ? recordOf(plain) : keyOfID(kind, plain)) !== undefined;
  return isID ? [plain] : [];
}

function notPublished(text: string, hint: string): UsageError {
  return new UsageError("USAGE", `expected the id of a published rule, got ${quote(text)}: ${hint}`);
}

/** Choices by what they are about, and own files by their names. @throws UsageError USAGE for what the list does not have */
export function withoutNamed(now: LocalRules, what: readonly string[], kind?: RuleKind): LocalRules {
  let rules = now;
  for (const text of what) {
    const names = namesOf(text);
    const isNamed = (one: { readonly kind: RuleKind }, name: string) =>
      names.includes(name) && (kind === undefined || one.kind === kind);
    const choices = rules.choices.filter((one) => !isNamed(one, one.what));
    const own = rules.own.filter((one) => !isNamed(one, one.name));
    if (choices.length + own.length === rules.choices.length + rules.own.length) {
      throw new UsageError("USAGE", `expected something that the list names, got ${quote(text)}`);
    }
    rules = { choices, own };
  }
  return rules;
}

/** As it may have been typed when it was chosen. */
function namesOf(text: string): string[] {
  const hash = text.replace(/^(?:md5|sha1|sha256|sha512):/i, "").toLowerCase();
  return [text, hash, `1:${text}`, text.replace(/\.UNOFFICIAL$/, "")];
}
