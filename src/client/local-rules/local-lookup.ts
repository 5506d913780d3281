/** What the owner's rules say of indicators that somebody asks about: vouched for, switched off, or of one's own. */
import type { DigestFactory } from "../../core/encoding/stream.js";
import type { Candidate } from "../../core/rules/ioc/candidates.js";
import { type IndicatorType, typeOf } from "../../core/rules/ioc/types.js";
import type { EndpointFiles } from "../../ports/endpoint-store.js";
import { readState } from "../state.js";
import { AllowedIndicators } from "./allowed-indicators.js";
import { localInForce } from "./in-force.js";
import type { OwnFile, RuleChoice } from "./model.js";
import { Selection } from "./selection.js";

/** Where a listed indicator is on this endpoint. */
export type Here = "exported" | "disabled" | "allowed";

export class LocalLookup {
  readonly #choices: readonly RuleChoice[];
  readonly #selection: Selection;
  readonly #allowed: AllowedIndicators;
  readonly #own: ReadonlySet<string>;
  readonly #ownTypes: ReadonlySet<IndicatorType>;

  private constructor(choices: readonly RuleChoice[], own: ReadonlySet<string>, digest: DigestFactory) {
    this.#choices = choices;
    this.#selection = new Selection("ioc", choices, digest);
    const allowed = choices.flatMap(({ verb, by, what }, choice) =>
      verb === "allow" && by === "id" ? [{ indicator: what, choice }] : [],
    );
    this.#allowed = new AllowedIndicators(allowed);
    this.#own = own;
    this.#ownTypes = new Set([...own].map(typeOf));
  }

  /** What is damaged says nothing. @throws OperationError STORE_FAILED */
  static async open(files: EndpointFiles, digest: DigestFactory): Promise<LocalLookup> {
    const { setAside, installed } = await readState(files);
    const { exported } = await localInForce({ files }, setAside, installed?.databaseSha256);
    return new LocalLookup(exported.choices, new Set(await ownIndicators(files, exported.own)), digest);
  }

  /** The owner's word for what was asked itself, listed or not. */
  allowing(record: string): RuleChoice | undefined {
    const decision = this.#selection.of(record);
    const choice = decision?.verb === "allow" ? decision.choice : this.#allowed.of(record);
    return choice === undefined ? undefined : this.#choices[choice];
  }

  /** Of a listed one. */
  here(record: string): Here {
    const verb = this.#selection.of(record)?.verb;
    return verb === "disable" ? "disabled" : verb === "allow" ? "allowed" : "exported";
  }

  /** Whether some own indicator is of this type. */
  hasOwn(type: IndicatorType): boolean {
    return this.#ownTypes.has(type);
  }

  isOwn({ record, anyPort }: Candidate): boolean {
    return anyPort !== true && this.#own.has(record);
  }
}

/** Few have any, and only those wait until what reads rules is loaded. */
async function ownIndicators(files: EndpointFiles, own: readonly OwnFile[]): Promise<readonly string[]> {
  if (!own.some(({ kind }) => kind === "ioc")) return [];
  const { readOwnRules } = await import("./own-rules.js");
  return (await readOwnRules(files, own, "ioc")).records;
}
