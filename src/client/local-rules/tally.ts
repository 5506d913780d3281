/** What local rules did to one export, counted while its records are drawn. */
import type { Sha256Hex } from "../../core/brands.js";
import type { RuleKind } from "../../core/rules/model.js";
import {
  type LocalConflict,
  type LocalCounts,
  type LocalEffect,
  type RuleChoice,
  localLimits,
} from "./model.js";

type Counter = keyof LocalCounts;

export class Tally {
  readonly #counts = new Map<RuleKind, Record<Counter, number>>();
  readonly #matches: number[];
  readonly #conflicts: LocalConflict[] = [];
  #leftOut = 0;

  constructor(choices: readonly RuleChoice[]) {
    this.#matches = choices.map(() => 0);
  }

  count(kind: RuleKind, counter: Counter, more = 1): void {
    const none = { published: 0, disabled: 0, allowed: 0, enabled: 0, replaced: 0, own: 0 };
    const counts = this.#counts.get(kind) ?? none;
    counts[counter] += more;
    this.#counts.set(kind, counts);
  }

  matched(choice: number): void {
    this.#matches[choice] = (this.#matches[choice] ?? 0) + 1;
  }

  conflict(conflict: LocalConflict): void {
    if (this.#conflicts.length < localLimits.conflictsShownMax) this.#conflicts.push(conflict);
    else this.#leftOut++;
  }

  /** What another has counted, of other kinds. */
  absorb(other: Tally): void {
    for (const [kind, counts] of other.#counts) this.#counts.set(kind, counts);
    for (const [choice, matches] of other.#matches.entries()) {
      this.#matches[choice] = (this.#matches[choice] ?? 0) + matches;
    }
    for (const conflict of other.#conflicts) this.conflict(conflict);
    this.#leftOut += other.#leftOut;
  }

  /** Choices that decided nothing are conflicts too: of those kinds that were exported, because of others nothing is known. */
  finish(
    choices: readonly RuleChoice[],
    kinds: readonly RuleKind[],
    about: { readonly id: Sha256Hex; readonly databaseSha256: Sha256Hex; readonly at: string },
  ): LocalEffect {
    for (const [i, choice] of choices.entries()) {
      if (this.#matches[i] === 0 && kinds.includes(choice.kind)) this.#unmatched(choice);
    }
    return {
      ...about,
      counts: Object.fromEntries(this.#counts),
      matches: this.#matches,
      conflicts: this.#conflicts,
      conflictsLeftOut: this.#leftOut,
    };
  }

  #unmatched({ verb, kind, by, what }: RuleChoice): void {
    // Vouching for what nobody lists is foresight, and needs no mending.
    if (verb === "allow") return;
    const about = { kind, what } as const;
    if (by === "pattern") {
      this.conflict({
        ...about,
        type: "matches-nothing",
        message: "this pattern decides about no published rule",
      });
    } else if (by === "digest") {
      const message = "the publisher has changed this rule or withdrawn it; what is published now counts";
      this.conflict({ ...about, type: "not-published", message });
    } else this.conflict({ ...about, type: "not-published", message: "no published rule has this id now" });
  }
}
