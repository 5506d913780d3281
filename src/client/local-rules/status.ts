/** What an endpoint says of its owner's rules, from the disk alone. */
import type { Sha256Hex } from "../../core/brands.js";
import type { ErrorCode } from "../../core/errors.js";
import type { EndpointFiles } from "../../ports/endpoint-store.js";
import type { EndpointState } from "../model.js";
import { localInForce, readEffect } from "./in-force.js";
import type { LocalEffect, LocalRules, SetAside } from "./model.js";

export interface LocalStatus extends LocalRules {
  /** Null where there are none. */
  readonly id: Sha256Hex | null;
  /** Whether the engines' files are made of them; false while they wait for an export. */
  readonly inForce: boolean;
  /** `LOCAL_RULES_CORRUPT`, and whether a copy took its place. */
  readonly problem: { readonly code: ErrorCode; readonly damage: "copy" | "lost" } | null;
  readonly setAside: SetAside | null;
  /** Of the export that is in place; null where nothing local is in it, or its record is lost. */
  readonly effect: LocalEffect | null;
}

export async function readLocalStatus(
  files: EndpointFiles,
  { setAside, exportedLocal = null, exportedSha256, installed }: EndpointState,
): Promise<LocalStatus> {
  const local = await localInForce({ files }, setAside, installed?.databaseSha256);
  const { rules, id, damage, exportedID, isAside } = local;
  const effect = await readEffect(files);
  const isOfThis = effect !== null && effect.id === exportedLocal && effect.databaseSha256 === exportedSha256;
  return {
    ...rules,
    id,
    inForce: exportedSha256 !== null && exportedLocal === exportedID,
    problem: damage === null ? null : { code: "LOCAL_RULES_CORRUPT", damage },
    setAside: isAside ? (setAside ?? null) : null,
    effect: isOfThis ? effect : null,
  };
}
