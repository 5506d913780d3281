/** Which of the owner's rules go into an export of a database, and what is remembered of the export that was made. */
import type { Sha256Hex } from "../../core/brands.js";
import { type JSONObject, isJSONObject } from "../../core/encoding/json.js";
import type { EndpointFiles } from "../../ports/endpoint-store.js";
import { openSealed, seal } from "../sealed-json.js";
import { type StoredLocalRules, localID, readLocalRules } from "./control-file.js";
import type { LocalEffect, LocalRules, SetAside } from "./model.js";

export interface LocalInForce extends StoredLocalRules {
  /** Of all rules that the owner chose; null where there are none. */
  readonly id: Sha256Hex | null;
  /** What the export gets: without own files while these are set aside. */
  readonly exported: LocalRules;
  readonly exportedID: Sha256Hex | null;
  /** Whether own files are set aside. */
  readonly isAside: boolean;
}

/** @throws OperationError STORE_FAILED */
export async function localInForce(
  { files }: { readonly files: EndpointFiles },
  setAside: SetAside | null | undefined,
  databaseSha256: Sha256Hex | undefined,
): Promise<LocalInForce> {
  const stored = await readLocalRules(files);
  const id = await localID(stored.rules);
  const isAside = setAside != null && id === setAside.id && isAbout(setAside, databaseSha256);
  const exported = isAside ? { ...stored.rules, own: [] } : stored.rules;
  return { ...stored, id, exported, exportedID: isAside ? await localID(exported) : id, isAside };
}

function isAbout(setAside: SetAside, databaseSha256: Sha256Hex | undefined): boolean {
  return setAside.databaseSha256 === undefined || setAside.databaseSha256 === databaseSha256;
}

const effectName = "local-rules-effect.json";

/** Of the export that has just been made. */
export async function rememberEffect(files: EndpointFiles, effect: LocalEffect | undefined): Promise<void> {
  if (effect !== undefined) await files.write(effectName, await seal({ schema: 1, ...effect }));
  else if ((await files.read(effectName)) !== undefined) await files.remove(effectName);
}

/** Null where it is lost, or was never. */
export async function readEffect(files: EndpointFiles): Promise<LocalEffect | null> {
  const bytes = await files.read(effectName);
  const value: JSONObject | undefined = bytes && (await openSealed(bytes));
  if (value === undefined || value.schema !== 1 || !isJSONObject(value.counts)) return null;
  return value as unknown as LocalEffect;
}

/** One name for what an engine reads: the database, and what the owner made of it. */
export function sameFiles(
  a: { readonly databaseSha256: Sha256Hex | null; readonly local?: Sha256Hex | null },
  b: { readonly databaseSha256: Sha256Hex | null; readonly local?: Sha256Hex | null },
): boolean {
  return a.databaseSha256 === b.databaseSha256 && (a.local ?? null) === (b.local ?? null);
}
