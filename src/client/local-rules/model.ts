/** What the owner of an endpoint says about single rules, beside what the publisher signed. SPEC §16.8. */
import type { Sha256Hex } from "../../core/brands.js";
import type { ErrorCode } from "../../core/errors.js";
import type { RuleKind } from "../../core/rules/model.js";

export const verbs = ["disable", "enable", "allow"] as const;
export type Verb = (typeof verbs)[number];

/**
 * `id`: the rule of this id, or with `allow` an indicator and what lies below it; `pattern`: a glob over ids and names; `digest`: the rule
 * whose record has this SHA-256, and no other revision of it.
 */
export const choiceForms = ["id", "pattern", "digest"] as const;
export type ChoiceForm = (typeof choiceForms)[number];

export interface RuleChoice {
  readonly verb: Verb;
  readonly kind: RuleKind;
  readonly by: ChoiceForm;
  readonly what: string;
  readonly reason?: string;
  /** When it was said. */
  readonly since: string;
}

/** A file of rules that the owner wrote; its bytes are in the state folder as `own-<sha256>`. */
export interface OwnFile {
  readonly kind: RuleKind;
  readonly name: string;
  readonly sha256: Sha256Hex;
  readonly bytes: number;
  readonly reason?: string;
  readonly since: string;
}

export interface LocalRules {
  /** In the order in which they were said: of several patterns the last that matches counts. */
  readonly choices: readonly RuleChoice[];
  readonly own: readonly OwnFile[];
}

export const noLocalRules: LocalRules = { choices: [], own: [] };

export const localLimits = {
  choicesMax: 20_000,
  patternsMax: 256,
  whatCharactersMax: 2048,
  patternCharactersMax: 256,
  reasonCharactersMax: 500,
  ownFilesMax: 256,
  ownBytesMax: 16 * 1024 * 1024,
  conflictsShownMax: 100,
} as const;

/** What somebody should look at. None of it keeps the published rules from the engines. */
export interface LocalConflict {
  readonly type:
    | "replaces-published"
    | "also-published"
    | "not-published"
    | "matches-nothing"
    | "still-needed"
    | "names-disabled"
    | "own-damaged"
    | "own-refused";
  readonly kind: RuleKind;
  /** The rule, pattern, indicator or own file that it is about. */
  readonly what: string;
  readonly message: string;
}

/** What the owner's word did to one kind in one export. Counts are of rules. */
export interface LocalCounts {
  readonly published: number;
  readonly disabled: number;
  readonly allowed: number;
  /** Shipped switched off, and on here. */
  readonly enabled: number;
  /** Published rules that gave way to own ones of the same id. */
  readonly replaced: number;
  readonly own: number;
}

/** Of the export that was made last with local rules; losing it loses nothing. */
export interface LocalEffect {
  /** `localID` of the rules that it is of. */
  readonly id: Sha256Hex;
  readonly databaseSha256: Sha256Hex;
  readonly at: string;
  readonly counts: Readonly<Partial<Record<RuleKind, LocalCounts>>>;
  /** For each choice, in order, how many published rules it decided. */
  readonly matches: readonly number[];
  readonly conflicts: readonly LocalConflict[];
  /** Beyond `localLimits.conflictsShownMax`. */
  readonly conflictsLeftOut: number;
}

/** Own rules that an engine could not live with: not exported until they, or what `until` names, are others. */
export interface SetAside {
  readonly id: Sha256Hex;
  /** Undefined where nothing but a change of the rules ends it. */
  readonly databaseSha256?: Sha256Hex;
  readonly code: ErrorCode;
  readonly message: string;
  readonly at: string;
}
