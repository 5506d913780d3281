/**
 * A change of the owner's word about rules: under the lock, without a network. The engine is asked about the new export first; when it
 * agrees, the word is written down, and then the engines get the files. Killed in between, the next update or change makes the export.
 */
import type { Sha256Hex } from "../../core/brands.js";
import { OperationError, PolicyError } from "../../core/errors.js";
import type { EndpointFiles } from "../../ports/endpoint-store.js";
import { findEngines } from "../engine-choices.js";
import { exportChoices } from "../export-choices.js";
import { checkHealth } from "../health.js";
import { databaseDigest } from "../holdings.js";
import type { InstalledRelease } from "../model.js";
import { noteExport } from "../note-export.js";
import { type OfflineInput, exportTo, settledState } from "../offline.js";
import { reloadEngine } from "../reload-engine.js";
import { type StateKeeper, readConfig } from "../state.js";
import { forgetOwnFiles, localID, ownFileName, readLocalRules, writeLocalRules } from "./control-file.js";
import { type LocalRules, noLocalRules } from "./model.js";
import { PublishedRules } from "./published-rules.js";
import { type LocalStatus, readLocalStatus } from "./status.js";

export interface LocalChange {
  readonly rules: LocalRules;
  readonly contents?: ReadonlyMap<Sha256Hex, Uint8Array>;
}

export interface ChangeResult {
  readonly status: LocalStatus;
  /** False where there is no sound database to export yet: the next update exports. */
  readonly isExported: boolean;
}

/** @throws OperationError LOCAL_RULES_CORRUPT; PolicyError ENGINE_REFUSED, ENGINE_LATE, CANARY_FAILED; what `change` throws: then nothing has changed */
export async function changeLocalRules(
  input: OfflineInput,
  change: (now: LocalRules, published: PublishedRules) => Promise<LocalChange>,
): Promise<ChangeResult> {
  const { store, digest } = input;
  await readConfig(store.files);
  const state = await settledState(input);
  const { rules: now, damage } = await readLocalRules(store.files);
  if (damage === "lost") {
    const message =
      "expected a readable local-rules.json or its copy, got damaged files: begin anew (rules reset)";
    throw new OperationError("LOCAL_RULES_CORRUPT", message);
  }
  const inUse = await soundDatabase(input, state);
  const { rules, contents } = await PublishedRules.with(store.databases, digest, inUse !== undefined, (all) =>
    change(now, all),
  );
  // Before anything names them.
  for (const [sha256, bytes] of contents ?? []) await store.files.write(ownFileName(sha256), bytes);
  return putInForce(input, state, inUse, now, rules);
}

/** Nothing local any more, whatever state the files are in. */
export async function resetLocalRules(input: OfflineInput): Promise<ChangeResult> {
  const state = await settledState(input);
  const { rules: now } = await readLocalRules(input.store.files);
  return putInForce(input, state, await soundDatabase(input, state), now, noLocalRules);
}

async function soundDatabase(
  { store, digest }: OfflineInput,
  state: StateKeeper,
): Promise<InstalledRelease | undefined> {
  const { installed } = state.now;
  if (installed === null) return undefined;
  const found = await databaseDigest(store.databases, "database", digest);
  return found === installed.databaseSha256 ? installed : undefined;
}

async function putInForce(
  input: OfflineInput,
  state: StateKeeper,
  inUse: InstalledRelease | undefined,
  was: LocalRules,
  rules: LocalRules,
): Promise<ChangeResult> {
  const { files } = input.store;
  const { exportKinds, health } = await readConfig(files);
  const isExported = inUse !== undefined && exportKinds.length > 0;
  try {
    if (isExported) await exportWith(input, state, inUse, rules);
    else await writeLocalRules(files, rules);
  } catch (error) {
    await forgetUnused(files, rules);
    throw error;
  }
  await forgetOwnFiles(files, was, rules);
  await reloadEngine({ state, exports: input.store.exports, engine: input.engine, health });
  return { status: await readLocalStatus(files, state.now), isExported };
}

/** After a failure. A disk that takes nothing is no news then: the first error is the one to tell. */
async function forgetUnused(files: EndpointFiles, rules: LocalRules): Promise<void> {
  try {
    await forgetOwnFiles(files, rules, (await readLocalRules(files)).rules);
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
  }
}

async function exportWith(
  input: OfflineInput,
  state: StateKeeper,
  release: InstalledRelease,
  rules: LocalRules,
): Promise<void> {
  const { store, engine } = input;
  const { databaseSha256 } = release;
  const config = await readConfig(store.files);
  const { health } = config;
  const id = await localID(rules);
  let loadedRules: number | null = null;
  const inspect = async (folder: string) => {
    // SPEC §16.8.7: the owner hears of it now, and not at the next update.
    if (engine !== undefined && health !== undefined)
      loadedRules = await checkedHere(() => checkHealth(engine, health, folder, release.release));
    await writeLocalRules(store.files, rules);
    await state.set({ exporting: databaseSha256, exportingLocal: id, setAside: null });
  };
  const engines = await findEngines(config.engines, undefined, state.now.engines);
  const what = { feed: config.feed, release, choices: exportChoices(config), engines, inspect };
  const made = await exportTo(input, what, rules);
  await noteExport(input, { state, config, release, engines, ...made, loadedRules, at: input.clock.now() });
}

/** The same codes; what is to be done about them is another thing. */
async function checkedHere<T>(check: () => Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const hint = "nothing was changed; choose other rules, or tell the check of it (client configure)";
    throw new PolicyError(error.code, error.message, { details: { ...error.details, hint } });
  }
}
