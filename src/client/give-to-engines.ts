/** The last step of an update: the engines' files, checked with the engine before they are put in place. SPEC §8.7, §16.6. */
import { OperationError, PolicyError } from "../core/errors.js";
import type { ProvenRelease } from "../core/trust/model.js";
import type { EndpointFiles } from "../ports/endpoint-store.js";
import { clamavSigner, fetchClamAVSignatures } from "./clamav-signatures.js";
import { requireKnown } from "./engine-choices.js";
import { exportChoices, exportMark } from "./export-choices.js";
import { exportDatabase } from "./export-database.js";
import { checkHealth } from "./health.js";
import { leaveRelease } from "./health-rollback.js";
import { storedManifest } from "./holdings.js";
import type { InstalledRelease } from "./model.js";
import { reloadEngine } from "./reload-engine.js";
import type { UpdateRun } from "./run-update.js";

/** @throws PolicyError ENGINE_REFUSED, ENGINE_LATE, CANARY_FAILED: the release before is in use again; OperationError ENGINE_UNAVAILABLE, ENGINE_RELOAD_FAILED, STORE_* */
export async function giveToEngines(
  run: UpdateRun & { readonly files: EndpointFiles },
  proof: ProvenRelease,
): Promise<void> {
  const { store, state, config, engine } = run;
  const { installed, exportedSha256, exportedAs, engines = [] } = state.now;
  if (installed === null || config.exportKinds.length === 0) return;
  const isThere = installed.databaseSha256 === exportedSha256 && exportedAs === exportMark(config, engines);
  if (!isThere) requireKnown(engines, config.exportKinds);
  if (!isThere) await giveNew(run, proof, installed);
  await reloadEngine({ state, exports: store.exports, engine, health: config.health });
}

async function giveNew(
  run: UpdateRun & { readonly files: EndpointFiles },
  proof: ProvenRelease,
  installed: InstalledRelease,
): Promise<void> {
  const { store, state, config } = run;
  if (config.exportKinds.includes("clamav")) {
    const chosen = await storedManifest(store.files, "chosen-manifest.json");
    const exported = chosen?.version === installed.release ? { ...proof, manifest: chosen } : proof;
    await fetchClamAVSignatures(run, exported);
  }
  try {
    await putInPlace(run, config.health);
  } catch (error) {
    // The engine lives with this release: what it does not take is the form that its owner chose since.
    const isOldNews = installed.databaseSha256 === state.now.exportedSha256;
    if (!(error instanceof PolicyError) || isOldNews) throw error;
    const back = await leaveRelease(run, error);
    if (back === undefined) throw error;
    run.emit({ type: "rolled-back", from: installed.release, to: back.release, code: error.code });
    // The engines mostly have its files still; where a crash or its owner took them away, they are made again.
    if (state.now.exportedSha256 !== back.databaseSha256) await putInPlace(run, undefined);
    throw error;
  }
}

async function putInPlace(
  run: UpdateRun & { readonly files: EndpointFiles },
  health: UpdateRun["config"]["health"],
): Promise<void> {
  const { store, state, config, engine } = run;
  const { installed, engines = [] } = state.now;
  if (installed === null) return;
  let loaded: number | null = null;
  // SPEC §16.6.1: before the link is moved.
  const inspect = async (folder: string) => {
    if (health !== undefined) {
      if (engine === undefined) {
        throw new OperationError("ENGINE_UNAVAILABLE", "expected a way to run the engine, got none");
      }
      loaded = await checkHealth(engine, health, folder, installed.release);
    }
    // SPEC §16.7.1: from here on an engine may read it.
    await state.set({ exporting: installed.databaseSha256 });
  };
  const signFile = await clamavSigner(run);
  const what = { feed: config.feed, release: installed, choices: exportChoices(config), engines };
  const written = await exportDatabase({ store, digest: run.digest, ...what, signFile, inspect });
  await state.set({
    exportedSha256: installed.databaseSha256,
    exportedAs: exportMark(config, engines),
    leftOut: written.leftOut,
    exporting: null,
    loadedRules: loaded,
    reloadDue: true,
  });
  run.emit({ type: "exported", ...written });
}
