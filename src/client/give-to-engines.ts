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
import { type LocalInForce, localInForce } from "./local-rules/in-force.js";
import { leaveLocalRules, tellDamage } from "./local-rules/leave-local-rules.js";
import { LocalExport } from "./local-rules/local-export.js";
import type { LocalRules } from "./local-rules/model.js";
import type { EndpointState, InstalledRelease } from "./model.js";
import { noteExport } from "./note-export.js";
import { exportAgain } from "./offline.js";
import { reloadEngine } from "./reload-engine.js";
import type { UpdateRun } from "./run-update.js";

/** @throws PolicyError ENGINE_REFUSED, ENGINE_LATE, CANARY_FAILED: the release before is in use again; OperationError ENGINE_UNAVAILABLE, ENGINE_RELOAD_FAILED, STORE_* */
export async function giveToEngines(
  run: UpdateRun & { readonly files: EndpointFiles },
  proof: ProvenRelease,
): Promise<void> {
  const { store, state, config, engine } = run;
  const { installed, exportedSha256, exportedAs, exportedLocal = null, engines = [], setAside } = state.now;
  if (installed === null || config.exportKinds.length === 0) return;
  const local = await localInForce(store, setAside, installed.databaseSha256);
  if (local.damage !== null) await tellDamage(run, local.damage);
  const isOld = installed.databaseSha256 === exportedSha256 && exportedAs === exportMark(config, engines);
  // The folder may have been deleted since.
  const isThere =
    isOld && local.exportedID === exportedLocal && (await store.exports.isThere(store.exports.folder));
  if (!isThere) requireKnown(engines, config.exportKinds);
  if (!isThere) await giveNew({ ...run, local }, proof, !isOld);
  await reloadEngine({ state, exports: store.exports, engine, health: config.health });
}

interface Giving extends UpdateRun {
  readonly files: EndpointFiles;
  readonly local: LocalInForce;
}

async function giveNew(run: Giving, proof: ProvenRelease, isNew: boolean): Promise<void> {
  const { store, state, config } = run;
  const installed = state.now.installed as InstalledRelease;
  if (isNew && config.exportKinds.includes("clamav")) {
    const chosen = await storedManifest(store.files, "chosen-manifest.json");
    const exported = chosen?.version === installed.release ? { ...proof, manifest: chosen } : proof;
    await fetchClamAVSignatures(run, exported);
  }
  try {
    await putInPlace(run, config.health, run.local.exported);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    if (await leaveLocalRules(run, error, putInPlace)) return;
    // The engine lives with this release: what it does not take is the form that its owner chose since.
    if (installed.databaseSha256 === state.now.exportedSha256) throw error;
    const back = await leaveRelease(run, error);
    if (back === undefined) throw error;
    run.emit({ type: "rolled-back", from: installed.release, to: back.release, code: error.code });
    // The engines mostly have its files still; where a crash or its owner took them away, they are made again.
    const isKept = await store.exports.isThere(store.exports.folder);
    if (!isKept || state.now.exportedSha256 !== back.databaseSha256) {
      await exportAgain(run, state, config, back);
    }
    throw error;
  }
}

/** `news` is recorded together with the export. */
async function putInPlace(
  run: Giving,
  health: UpdateRun["config"]["health"],
  rules: LocalRules,
  news: Partial<EndpointState> = {},
): Promise<void> {
  const { store, state, config, engine } = run;
  const { engines = [] } = state.now;
  const installed = state.now.installed as InstalledRelease;
  const { databaseSha256, release } = installed;
  const local = await LocalExport.prepare(store.files, rules, run.digest);
  const localID = local?.id ?? null;
  let loaded: number | null = null;
  // SPEC §16.6.1: before the link is moved.
  const inspect = async (folder: string) => {
    if (health !== undefined) {
      if (engine === undefined) {
        throw new OperationError("ENGINE_UNAVAILABLE", "expected a way to run the engine, got none");
      }
      loaded = await checkHealth(engine, health, folder, release);
    }
    // SPEC §16.7.1: from here on an engine may read it.
    await state.set({ exporting: databaseSha256, exportingLocal: localID });
  };
  const signFile = await clamavSigner(run);
  const what = { feed: config.feed, release: installed, choices: exportChoices(config), engines, local };
  const written = await exportDatabase({ store, digest: run.digest, ...what, signFile, inspect });
  const made = { written, local, loadedRules: loaded, at: run.now };
  await noteExport(run, { state, config, release: installed, engines, ...made }, news);
}
