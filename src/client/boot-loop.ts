/**
 * An engine, or the whole machine, that does not come up on a release: it is left without a network, before the engine is started once
 * more (SPEC §16.7). Counting takes no lock, for an engine starts when it wants.
 */
import type { Sha256Hex } from "../core/brands.js";
import { PolicyError, RulemintError } from "../core/errors.js";
import { formatTime } from "../core/trust/metadata.js";
import { countStart, loopOn, readBoots } from "./boot-counter.js";
import { leaveRelease } from "./health-rollback.js";
import type { EndpointState, InstalledRelease } from "./model.js";
import { type OfflineInput, exportAgain } from "./offline.js";
import { type StateKeeper, readConfig, readState } from "./state.js";

/**
 * `rolled-back`: the engine finds the files of the release before. `deferred`: another process is at work; it or the next start sees to it.
 * `nowhere`: no sound release to go back to.
 */
export interface EngineStart {
  readonly outcome: "counted" | "rolled-back" | "deferred" | "nowhere";
  readonly engine: string;
  /** Without coming up, this one included; 0 where nothing was exported yet, or it came up before. */
  readonly starts: number;
  readonly triesMax: number;
  readonly installed: InstalledRelease | null;
}

export interface EngineChoice {
  /** "engine" when absent. */
  readonly engine?: string;
  /** Starts that may fail; 3 when absent. */
  readonly triesMax?: number;
}

type Counted = Pick<EndpointState, "exporting" | "exportedSha256">;

/** What engines read was made from this database: the link may have been moved before the record of it. */
const engineDatabase = ({ exporting, exportedSha256 }: Counted): Sha256Hex | null =>
  exporting ?? exportedSha256;

/** `recover` gets the lock and the settled state. @throws OperationError STORE_* */
export async function engineStarting(
  input: OfflineInput,
  { engine = "engine", triesMax = 3 }: EngineChoice,
  recover: () => Promise<InstalledRelease | undefined>,
): Promise<EngineStart> {
  const { files, boots } = input.store;
  const lastStartAt = formatTime(input.clock.now());
  const answer = async (outcome: EngineStart["outcome"], starts: number) => {
    const { installed } = await readState(files);
    return { outcome, engine, starts, triesMax, installed };
  };
  const databaseSha256 = engineDatabase(await readState(files));
  if (databaseSha256 === null) return answer("counted", 0);
  const count = await countStart(boots, engine, { databaseSha256, triesMax, lastStartAt });
  if (loopOn({ [engine]: count }, databaseSha256) === undefined)
    return answer("counted", count.isReady ? 0 : count.starts);
  try {
    const back = await recover();
    if (back === undefined) return await answer("nowhere", count.starts);
    // This start is on other files than those it was counted for.
    const next = { databaseSha256: back.databaseSha256, triesMax, lastStartAt };
    return await answer("rolled-back", (await countStart(boots, engine, next)).starts);
  } catch (error) {
    if (error instanceof RulemintError && error.code === "STATE_LOCKED")
      return answer("deferred", count.starts);
    throw error;
  }
}

/**
 * Under the lock, over a settled state; also what an update begins with. Each step is durable before the next, and whatever a crash leaves
 * half done is done by the next call. Undefined when no engine is in a loop or there is nowhere to go.
 */
export async function leaveBootLoop(
  input: OfflineInput,
  state: StateKeeper,
): Promise<InstalledRelease | undefined> {
  const { store, clock, emit } = input;
  const looping = engineDatabase(state.now);
  const loop = loopOn(await readBoots(store.boots), looping);
  const { installed, previous } = state.now;
  if (loop === undefined || installed === null) return undefined;
  // SPEC §16.7.2
  let target: InstalledRelease | undefined = installed;
  if (installed.databaseSha256 === looping) {
    const message = `expected ${loop.engine} to come up on release ${installed.release}, got ${loop.count.starts} starts without`;
    const error = new PolicyError("BOOT_LOOP", message);
    target = await leaveRelease({ ...input, state }, error);
    if (target === undefined) return undefined;
    const lastFailure = { at: formatTime(clock.now()), code: error.code, message };
    await state.set({ lastFailure });
    emit({ type: "rolled-back", from: installed.release, to: target.release, code: error.code });
  } else if (previous?.databaseSha256 === looping) {
    // A newer release waits for its check (SPEC §16.6.1), and the one before it is what fails.
    return undefined;
  }
  const written = await exportAgain(input, state, await readConfig(store.files), target);
  emit({ type: "exported", ...written });
  return target;
}
