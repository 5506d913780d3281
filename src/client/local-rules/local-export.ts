/**
 * The step between a database and what engines read: published rules in, the rules that the owner wants out (SPEC §16.8). The database and
 * its digest stay what was signed; one of these is made for each export, and tells afterwards what it did.
 */
import type { Sha256Hex } from "../../core/brands.js";
import type { DigestFactory } from "../../core/encoding/stream.js";
import { type RuleKind, ruleKinds } from "../../core/rules/model.js";
import type { EndpointFiles } from "../../ports/endpoint-store.js";
import { localID } from "./control-file.js";
import { type FilterInput, filterSorted } from "./filter-sorted.js";
import { filterYARA } from "./filter-yara.js";
import type { LocalEffect, LocalRules } from "./model.js";
import type { OwnRules } from "./own-rules.js";
import { Selection } from "./selection.js";
import { Tally } from "./tally.js";

export class LocalExport {
  readonly id: Sha256Hex;
  readonly #rules: LocalRules;
  readonly #own: ReadonlyMap<RuleKind, OwnRules>;
  /** ClamAV's records for files that the owner vouches for. */
  readonly #allowed: readonly string[];
  readonly #digest: DigestFactory;
  /** Of the kinds whose records were drawn to their end. */
  readonly #tallies = new Map<RuleKind, Tally>();

  private constructor(
    id: Sha256Hex,
    rules: LocalRules,
    { own, allowed }: { readonly own: ReadonlyMap<RuleKind, OwnRules>; readonly allowed: readonly string[] },
    digest: DigestFactory,
  ) {
    this.id = id;
    this.#rules = rules;
    this.#own = own;
    this.#allowed = allowed;
    this.#digest = digest;
  }

  /** Undefined where nothing local is in force: then an export is what was published. @throws OperationError STORE_FAILED */
  static async prepare(
    files: EndpointFiles,
    rules: LocalRules,
    digest: DigestFactory,
  ): Promise<LocalExport | undefined> {
    const id = await localID(rules);
    if (id === null) return undefined;
    const { allowedFiles, readOwnRules } = await import("./own-rules.js");
    const own = new Map<RuleKind, OwnRules>();
    for (const kind of ruleKinds) own.set(kind, await readOwnRules(files, rules.own, kind));
    return new LocalExport(id, rules, { own, allowed: allowedFiles(rules.choices) }, digest);
  }

  /** Whether there is something to export where the publisher has nothing. */
  hasOwn(kind: RuleKind): boolean {
    return (this.#own.get(kind)?.records.length ?? 0) > 0;
  }

  /** `published` is one whole section, in order, or nothing; what comes out is one as well. Both may be drawn several times. */
  filter(kind: RuleKind, published: Iterable<string>): Iterable<string> {
    const selection = new Selection(kind, this.#rules.choices, this.#digest);
    const added = kind === "clamav" ? this.#allowed : [];
    const own = this.#own.get(kind)?.records ?? [];
    const draw = () => this.#draw({ kind, records: published, selection, added, own });
    return { [Symbol.iterator]: draw };
  }

  *#draw(input: Omit<FilterInput, "tally">): Generator<string> {
    const { kind } = input;
    const tally = new Tally(this.#rules.choices);
    const own = this.#own.get(kind);
    for (const conflict of own?.conflicts ?? []) tally.conflict(conflict);
    if (own !== undefined && own.rules > 0) tally.count(kind, "own", own.rules);
    yield* kind === "yara" ? filterYARA({ ...input, tally }) : filterSorted({ ...input, tally });
    this.#tallies.set(kind, tally);
  }

  /** After all records were drawn. */
  effect(databaseSha256: Sha256Hex, at: string): LocalEffect {
    const whole = new Tally(this.#rules.choices);
    for (const tally of this.#tallies.values()) whole.absorb(tally);
    const kinds = [...this.#tallies.keys()];
    return whole.finish(this.#rules.choices, kinds, { id: this.id, databaseSha256, at });
  }
}
