/** `updater.rules`: the owner's word about single rules, as the command line and programs say it. Needs no network. */
import { formatTime } from "../../core/trust/metadata.js";
import type { OfflineInput } from "../offline.js";
import { readConfig, readState } from "../state.js";
import type { AddInput } from "./add-own.js";
import { type ChangeResult, changeLocalRules, resetLocalRules } from "./change-local-rules.js";
import { type LocalCheck, checkLocalRules } from "./check-local-rules.js";
import { type ChooseInput, withChoices, withoutNamed } from "./choose-rules.js";
import type { RuleKind } from "../../core/rules/model.js";
import { type LocalStatus, readLocalStatus } from "./status.js";

export type ChooseOptions = Pick<ChooseInput, "kind" | "pattern" | "untilChanged" | "reason">;
export type AddOptions = Pick<AddInput, "replace" | "reason">;

export interface EndpointRulesParts {
  /** As it is now: the network and the lock are the updater's. */
  readonly input: () => OfflineInput;
  readonly locked: <T>(work: () => Promise<T>) => Promise<T>;
}

/**
 * Every change is exported and told to the engine at once, and again by every update.
 * @throws UsageError USAGE; VerificationError RULES_INVALID, RULE_CONFLICT; PolicyError ENGINE_REFUSED, ENGINE_LATE, CANARY_FAILED, and then
 * nothing has changed; OperationError LOCAL_RULES_CORRUPT, ENGINE_RELOAD_FAILED, STORE_*, STATE_LOCKED
 */
export class EndpointRules {
  readonly #parts: EndpointRulesParts;

  constructor(parts: EndpointRulesParts) {
    this.#parts = parts;
  }

  /** What is chosen, what it did, and what somebody should look at. Takes no lock. */
  async status(): Promise<LocalStatus> {
    const { files } = this.#parts.input().store;
    await readConfig(files);
    return readLocalStatus(files, await readState(files));
  }

  /** By id, by pattern (with `*` and `?`), or by digest (`sha256:` of a rule, which another revision does not have). */
  disable(what: readonly string[], options: ChooseOptions = {}): Promise<ChangeResult> {
    return this.#choose("disable", what, options);
  }

  /** Takes back a `disable` of the same words, or says that these are on whatever patterns and the publisher say. */
  enable(what: readonly string[], options: ChooseOptions = {}): Promise<ChangeResult> {
    return this.#choose("enable", what, options);
  }

  /** Indicators, with what lies below them, and hashes of files. */
  allow(what: readonly string[], { reason }: Pick<ChooseOptions, "reason"> = {}): Promise<ChangeResult> {
    return this.#choose("allow", what, reason === undefined ? {} : { reason });
  }

  add(files: AddInput["files"], options: AddOptions = {}): Promise<ChangeResult> {
    return this.#parts.locked(async () => {
      const { withOwnFiles } = await import("./add-own.js");
      const input = this.#parts.input();
      const order = { ...options, files, since: formatTime(input.clock.now()) };
      return changeLocalRules(input, (now, published) =>
        withOwnFiles(now, order, published, input.store.files),
      );
    });
  }

  /** Choices by what they are about, own files by their names. */
  remove(what: readonly string[], kind?: RuleKind): Promise<ChangeResult> {
    return this.#parts.locked(() =>
      changeLocalRules(this.#parts.input(), async (now) => ({ rules: withoutNamed(now, what, kind) })),
    );
  }

  /** Nothing local any more; also the way out of damaged files. */
  reset(): Promise<ChangeResult> {
    return this.#parts.locked(() => resetLocalRules(this.#parts.input()));
  }

  /** Whether all of it would be in force; changes nothing. */
  check(): Promise<LocalCheck> {
    return this.#parts.locked(() => checkLocalRules(this.#parts.input()));
  }

  #choose(verb: ChooseInput["verb"], what: readonly string[], options: ChooseOptions): Promise<ChangeResult> {
    return this.#parts.locked(async () => {
      const input = this.#parts.input();
      const order = { ...options, verb, what, since: formatTime(input.clock.now()) };
      return changeLocalRules(input, async (now, published) => ({
        rules: await withChoices(now, order, published),
      }));
    });
  }
}
