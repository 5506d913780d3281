/** An engine refuses an export with local rules in it: whose fault is it? The owner's own rules go first, and a release only for its own. */
import { PolicyError } from "../../core/errors.js";
import { formatTime } from "../../core/trust/metadata.js";
import { exportChoices } from "../export-choices.js";
import { exportDatabase } from "../export-database.js";
import { type HealthChoices, checkHealth } from "../health.js";
import type { EndpointState, InstalledRelease } from "../model.js";
import type { UpdateRun } from "../run-update.js";
import { repairLocalRules } from "./control-file.js";
import type { LocalInForce } from "./in-force.js";
import type { LocalRules } from "./model.js";

type PutInPlace<Run> = (
  run: Run,
  health: HealthChoices | undefined,
  rules: LocalRules,
  news?: Partial<EndpointState>,
) => Promise<void>;

/**
 * SPEC §16.8.8. True when the engines have the published rules, without own ones; false when the release itself is refused.
 * @throws PolicyError LOCAL_RULES_REFUSED when what the owner switched off is what the engine misses: the engines keep what they have
 */
export async function leaveLocalRules<Run extends UpdateRun & { readonly local: LocalInForce }>(
  run: Run,
  { code, message }: PolicyError,
  putInPlace: PutInPlace<Run>,
): Promise<boolean> {
  const { exported, id } = run.local;
  const { databaseSha256, release } = run.state.now.installed as InstalledRelease;
  if (id !== null && exported.own.length > 0) {
    const setAside = { id, databaseSha256, code, message, at: formatTime(run.now) };
    const isTaken = await unlessRefused(
      putInPlace(run, run.config.health, { ...exported, own: [] }, { setAside }),
    );
    if (isTaken) {
      run.emit({ type: "own-rules-set-aside", code, message });
      return true;
    }
  }
  if (exported.choices.length === 0 || !(await unlessRefused(tryPublished(run)))) return false;
  throw new PolicyError(
    "LOCAL_RULES_REFUSED",
    `expected the engine to load release ${release} with the rules that are switched off here, got ${code}: ${message}`,
  );
}

class Enough extends Error {}

/** Asks the engine about the release as it was published; no engine is given it. */
async function tryPublished({ store, state, config, engine, digest }: UpdateRun): Promise<void> {
  const { health } = config;
  const { engines = [] } = state.now;
  const release = state.now.installed as InstalledRelease;
  const inspect = async (folder: string) => {
    if (engine !== undefined && health !== undefined)
      await checkHealth(engine, health, folder, release.release);
    throw new Enough("asked");
  };
  try {
    const choices = exportChoices(config);
    await exportDatabase({ store, digest, feed: config.feed, release, choices, engines, inspect });
  } catch (error) {
    if (!(error instanceof Enough)) throw error;
  }
}

async function unlessRefused(attempt: Promise<void>): Promise<boolean> {
  try {
    await attempt;
    return true;
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return false;
  }
}

/** What is lost stays lost, and says so at every update until its owner has looked. */
export async function tellDamage(
  { emit, store }: Pick<UpdateRun, "emit" | "store">,
  damage: "copy" | "lost",
): Promise<void> {
  if (damage === "copy") await repairLocalRules(store.files);
  emit({ type: "local-rules-damaged", damage });
}
