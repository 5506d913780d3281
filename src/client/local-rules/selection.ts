/**
 * What the owner's choices say of single published rules of one kind. SPEC §16.8.3: what names the rule by its id goes before what names it
 * by its digest, and that before patterns; of several patterns the last that matches counts.
 */
import { byteStringBytes, hexText } from "../../core/encoding/bytes.js";
import type { DigestFactory } from "../../core/encoding/stream.js";
import type { RuleKind } from "../../core/rules/model.js";
import { AllowedIndicators } from "./allowed-indicators.js";
import { type Matcher, globMatcher } from "./glob.js";
import type { RuleChoice } from "./model.js";
import { idOfRecord, keyOfID, keyOfRecord, nameOfRecord } from "./rule-names.js";

/** Of a choice, its place in the list, so that its matches can be counted. */
export interface Decision {
  readonly verb: "disable" | "enable" | "allow";
  readonly choice: number;
}

export class Selection {
  readonly kind: RuleKind;
  readonly #digest: DigestFactory;
  readonly #byKey = new Map<string, Decision>();
  readonly #byDigest = new Map<string, Decision>();
  readonly #patterns: { readonly matches: Matcher; readonly decision: Decision }[] = [];
  readonly #allowed: AllowedIndicators;

  constructor(kind: RuleKind, choices: readonly RuleChoice[], digest: DigestFactory) {
    this.kind = kind;
    this.#digest = digest;
    const allowed: { readonly indicator: string; readonly choice: number }[] = [];
    for (const [choice, one] of choices.entries()) {
      if (one.kind !== kind) continue;
      const decision = { verb: one.verb, choice };
      if (one.by === "pattern") this.#patterns.unshift({ matches: globMatcher(one.what), decision });
      else if (one.by === "digest") this.#byDigest.set(one.what, decision);
      else if (one.verb === "allow") allowed.push({ indicator: one.what, choice });
      else {
        const key = keyOfID(kind, one.what);
        if (key !== undefined) this.#byKey.set(key, decision);
      }
    }
    this.#allowed = new AllowedIndicators(allowed);
  }

  get isEmpty(): boolean {
    const { size } = this.#byKey;
    return size + this.#byDigest.size + this.#patterns.length === 0 && this.#allowed.isEmpty;
  }

  /** Undefined where the owner said nothing, and for records that are not rules. */
  of(record: string): Decision | undefined {
    const { kind } = this;
    const key = keyOfRecord(kind, record);
    if (key === undefined) return undefined;
    const named = this.#byKey.size === 0 ? undefined : this.#byKey.get(key);
    return named ?? this.#ofContent(record) ?? this.#allowedOf(record);
  }

  #ofContent(record: string): Decision | undefined {
    if (this.#byDigest.size > 0) {
      const found = this.#byDigest.get(ruleDigest(record, this.#digest));
      if (found !== undefined) return found;
    }
    if (this.#patterns.length === 0) return undefined;
    const id = idOfRecord(this.kind, record);
    const name = nameOfRecord(this.kind, record);
    return this.#patterns.find(({ matches }) => matches(id) || (name !== undefined && matches(name)))
      ?.decision;
  }

  #allowedOf(record: string): Decision | undefined {
    const choice = this.#allowed.of(record);
    return choice === undefined ? undefined : { verb: "allow", choice };
  }
}

/** SHA-256 of the record: another for every revision of a rule. */
export function ruleDigest(record: string, factory: DigestFactory): string {
  const digest = factory();
  digest.update(byteStringBytes(record));
  return hexText(digest.finish());
}
