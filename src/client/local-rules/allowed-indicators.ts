/**
 * Indicators that the owner vouches for. One of them stands for itself and for what lies below it, as a listed one would if it were asked
 * about (`candidatesOf`): a domain for the names below it and for URLs there, a network for its addresses. Never for what lies above.
 */
import { byteString, utf8Bytes } from "../../core/encoding/bytes.js";
import { candidatesOf } from "../../core/rules/ioc/candidates.js";
import { IndicatorReader } from "../../core/rules/ioc/indicator.js";
import { indicatorType } from "../../core/rules/ioc/types.js";
import { AllowedPlaces } from "./allowed-places.js";

export class AllowedIndicators {
  readonly #choices = new Map<string, number>();
  /** Of those that are more than a hash: most indicators are hashes, and a hash is nothing but itself. */
  #places: AllowedPlaces | undefined;

  constructor(allowed: readonly { readonly indicator: string; readonly choice: number }[]) {
    for (const { indicator, choice } of allowed) {
      const record = recordOf(indicator);
      if (record === undefined) continue;
      this.#choices.set(record, choice);
      if (isHash(record)) continue;
      this.#places ??= new AllowedPlaces();
      this.#places.add(record);
    }
  }

  get isEmpty(): boolean {
    return this.#choices.size === 0;
  }

  /** The choice that allows it. */
  of(record: string): number | undefined {
    if (this.isEmpty) return undefined;
    if (this.#places === undefined || isHash(record)) return this.#choices.get(record);
    if (!this.#places.mayHold(record)) return undefined;
    for (const { record: above, relation, anyPort } of candidatesOf(record)) {
      // One port of a host that is vouched for says nothing of the host.
      if (anyPort || relation === "port") continue;
      const found = this.#choices.get(above);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** Undefined for what is no indicator. */
export function recordOf(indicator: string): string | undefined {
  return new IndicatorReader().read(byteString(utf8Bytes(indicator.trim())));
}

function isHash(record: string): boolean {
  return record.charCodeAt(0) <= indicatorType.sha512;
}

/** The digits of a hash that is allowed, for engines that know files by them; undefined for other indicators. */
export function hashOf(indicator: string): string | undefined {
  const record = recordOf(indicator);
  return record !== undefined && isHash(record) ? indicator.trim().toLowerCase() : undefined;
}
