/** What an endpoint does with what it holds, without a network: each under the lock, each over databases whose bytes were compared. */
import type { SignatureMemory } from "../core/pki/algorithms.js";
import { OperationError, UsageError } from "../core/errors.js";
import { clamavSigner } from "./clamav-signatures.js";
import { type ChangeExports, exportChoices, parseExportChoices } from "./export-choices.js";
import { findEngines, requireKnown } from "./engine-choices.js";
import { type ExportInput, type Exported, exportDatabase } from "./export-database.js";
import { adoptDatabase, databaseDigest, describeFound, settleSwap, swapDatabase } from "./holdings.js";
import { localInForce } from "./local-rules/in-force.js";
import { LocalExport } from "./local-rules/local-export.js";
import { type LocalRules, noLocalRules } from "./local-rules/model.js";
import type { EndpointConfig, InstalledRelease, UpdateEvent, UpdaterOptions } from "./model.js";
import { noteExport } from "./note-export.js";
import { requireNotBlocked } from "./recall.js";
import { reloadEngine } from "./reload-engine.js";
import { StateKeeper, readConfig, readState } from "./state.js";

export interface OfflineInput extends UpdaterOptions {
  readonly emit: (event: UpdateEvent) => void;
  readonly memory: SignatureMemory;
}

export type Written = Exported;

/** What the endpoint remembers, after whatever a crash left half done. */
export async function settledState({ store, digest }: OfflineInput): Promise<StateKeeper> {
  const state = new StateKeeper(store.files, await readState(store.files));
  await settleSwap(state, store.databases, digest);
  await adoptDatabase(state, store, digest);
  return state;
}

export interface ExportOptions {
  readonly change: ChangeExports;
  /** Without what the owner chose of single rules. */
  readonly asPublished?: boolean;
}

/** @throws UsageError USAGE; OperationError STATE_CORRUPT, STORE_* */
export async function exportInUse(
  input: OfflineInput,
  folder: string,
  { change, asPublished }: ExportOptions,
): Promise<Written & { readonly release: InstalledRelease }> {
  const config = await readConfig(input.store.files);
  const choices = parseExportChoices(change(exportChoices(config)));
  const { installed, engines: before, setAside } = (await settledState(input)).now;
  if (installed === null)
    throw new UsageError("USAGE", "expected a database, got an endpoint before its first update");
  await requireWhole(input, "database", installed);
  const engines = await findEngines(choices.engines, input.engine, before);
  requireKnown(engines, choices.kinds);
  const { exported } = await localInForce(input.store, setAside, installed.databaseSha256);
  const what = { feed: config.feed, release: installed, choices, engines, folder };
  const { written } = await exportTo(input, what, asPublished ? noLocalRules : exported);
  return { release: installed, ...written };
}

/** @throws UsageError USAGE when there is none; OperationError STATE_CORRUPT when it is damaged; PolicyError RELEASE_BLOCKED */
export async function goBack(input: OfflineInput): Promise<InstalledRelease> {
  const { store, emit, engine } = input;
  const config = await readConfig(store.files);
  const state = await settledState(input);
  const { installed, previous } = state.now;
  if (installed === null || previous === null) {
    throw new UsageError("USAGE", "expected a previous database to go back to, got none");
  }
  await requireNotBlocked(store.files, previous);
  await requireWhole(input, "previous", previous);
  const next = { installed: previous, previous: null, held: installed.release };
  await swapDatabase(state, next, () => store.databases.restore());
  emit({ type: "installed", release: previous.release });
  await exportAgain(input, state, config, previous);
  await reloadEngine({ state, exports: store.exports, engine, health: config.health });
  return previous;
}

/** To the endpoint's own folder, of a release that nobody asks the engine about, with what its owner chose of rules. */
export async function exportAgain(
  input: OfflineInput,
  state: StateKeeper,
  config: EndpointConfig,
  release: InstalledRelease,
): Promise<void> {
  const { exported } = await localInForce(input.store, state.now.setAside, release.databaseSha256);
  // Nobody is waited for: an engine that is another one since gets its files at the next update.
  const engines = await findEngines(config.engines, undefined, state.now.engines);
  const what = { feed: config.feed, release, choices: exportChoices(config), engines };
  const made = await exportTo(input, what, exported);
  const at = input.clock.now();
  await noteExport(input, { state, config, release, engines, ...made, loadedRules: null, at });
}

export async function exportTo(
  input: OfflineInput,
  what: Pick<ExportInput, "feed" | "release" | "choices" | "engines" | "folder" | "inspect" | "database">,
  rules: LocalRules,
): Promise<{ readonly written: Written; readonly local: LocalExport | undefined }> {
  const { store, clock, digest, emit, memory } = input;
  const signFile = await clamavSigner({ files: store.files, now: clock.now(), emit, memory });
  const local = await LocalExport.prepare(store.files, rules, digest);
  return { written: await exportDatabase({ ...input, ...what, signFile, local }), local };
}

export async function requireWhole(
  { store, digest }: OfflineInput,
  which: "database" | "previous",
  expected: InstalledRelease,
): Promise<void> {
  const found = await databaseDigest(store.databases, which, digest);
  if (found !== expected.databaseSha256) {
    throw new OperationError(
      "STATE_CORRUPT",
      `expected ${which} with SHA-256 ${expected.databaseSha256}, got ${describeFound(found)}: the next update repairs it`,
    );
  }
}
