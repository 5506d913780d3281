/** All of the owner's rules on trial, set aside or not: an export that no engine gets, and what its engine says of it. Changes nothing. */
import { PolicyError, UsageError } from "../../core/errors.js";
import type { ErrorCode } from "../../core/errors.js";
import { formatTime } from "../../core/trust/metadata.js";
import { findEngines } from "../engine-choices.js";
import { exportChoices } from "../export-choices.js";
import { exportDatabase } from "../export-database.js";
import { checkHealth } from "../health.js";
import { type OfflineInput, requireWhole, settledState } from "../offline.js";
import { readConfig } from "../state.js";
import { readLocalRules } from "./control-file.js";
import { LocalExport } from "./local-export.js";
import type { LocalConflict, LocalEffect } from "./model.js";
import { type LocalStatus, readLocalStatus } from "./status.js";

export interface LocalCheck {
  /** False where rules of the owner cannot be in force as they are. */
  readonly ok: boolean;
  readonly status: LocalStatus;
  /** Null where nothing local is chosen. */
  readonly effect: LocalEffect | null;
  /** What the engine said; null where it is content, or was not asked. */
  readonly refusal: { readonly code: ErrorCode; readonly message: string } | null;
  readonly isAsked: boolean;
}

class Enough extends Error {}

/** @throws UsageError USAGE before the first update; OperationError STATE_CORRUPT, ENGINE_UNAVAILABLE */
export async function checkLocalRules(input: OfflineInput): Promise<LocalCheck> {
  const { store, digest, engine, clock } = input;
  const state = await settledState(input);
  const { installed } = state.now;
  if (installed === null) {
    throw new UsageError("USAGE", "expected a database, got an endpoint before its first update");
  }
  await requireWhole(input, "database", installed);
  const config = await readConfig(store.files);
  const { health } = config;
  const { rules } = await readLocalRules(store.files);
  const engines = await findEngines(config.engines, undefined, state.now.engines);
  const local = await LocalExport.prepare(store.files, rules, digest);
  const isAsked = health !== undefined && engine !== undefined;
  const inspect = async (folder: string) => {
    if (isAsked) await checkHealth(engine, health, folder, installed.release);
    throw new Enough("asked");
  };
  let refusal: LocalCheck["refusal"] = null;
  try {
    const what = { feed: config.feed, release: installed, choices: exportChoices(config), engines };
    await exportDatabase({ store, digest, ...what, inspect, local });
  } catch (error) {
    if (error instanceof PolicyError) refusal = { code: error.code, message: error.message };
    else if (!(error instanceof Enough)) throw error;
  }
  const effect = local?.effect(installed.databaseSha256, formatTime(clock.now())) ?? null;
  const status = await readLocalStatus(store.files, state.now);
  const isWhole = status.problem === null && !(effect?.conflicts ?? []).some(isLeftOut);
  return { ok: refusal === null && isWhole, status, effect, refusal, isAsked };
}

const isLeftOut = ({ type }: LocalConflict): boolean => type === "own-damaged" || type === "own-refused";
