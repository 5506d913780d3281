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
import { localInForce } from "./local-rules/in-force.js";
import { type OfflineInput, exportAgain } from "./offline.js";
import { type StateKeeper, readConfig, readState, requireSetUp } from "./state.js";

/**
 * `own-rules-set-aside`: the engine finds the files of this release without the owner's own rules. `rolled-back`: it finds those of the
 * release before. `deferred`: another process is at work; it or the next start sees to it.
 * `nowhere`: no sound release to go back to.
 */
export interface EngineStart {
  readonly outcome: "counted" | "own-rules-set-aside" | "rolled-back" | "deferred" | "nowhere";
  readonly engine: string;
  /** Without coming up, this one included; 0 where nothing was exported yet, or it came up before. */
  readonly starts: number;
  readonly triesMax: number;
  readonly installed: InstalledRelease | null;
  /** With `rolled-back`: the release that it never came up on. */
  readonly left: number | null;
}

export interface EngineChoice {
  /** "engine" when absent. */
  readonly engine?: string;
  /** Starts that may fail; 3 when absent. */
  readonly triesMax?: number;
}

type Counted = Pick<EndpointState, "exporting" | "exportingLocal" | "exportedSha256" | "exportedLocal">;

/** What engines read was made from this: the link may have been moved before the record of it. */
function engineFiles(state: Counted): { databaseSha256: Sha256Hex | null; local: Sha256Hex | null } {
  const { exporting, exportingLocal, exportedSha256, exportedLocal } = state;
  return exporting == null
    ? { databaseSha256: exportedSha256, local: exportedLocal ?? null }
    : { databaseSha256: exporting, local: exportingLocal ?? null };
}

/** `recover` gets the lock and the settled state. @throws UsageError USAGE before `init`; OperationError STORE_* */
export async function engineStarting(
  input: OfflineInput,
  { engine = "engine", triesMax = 3 }: EngineChoice,
  recover: () => Promise<InstalledRelease | undefined>,
): Promise<EngineStart> {
  const { files, boots } = input.store;
  await requireSetUp(files);
  const lastStartAt = formatTime(input.clock.now());
  const answer = async (outcome: EngineStart["outcome"], starts: number) => {
    const { installed, bad } = await readState(files);
    const left = outcome === "rolled-back" ? (bad?.release ?? null) : null;
    return { outcome, engine, starts, triesMax, installed, left };
  };
  const about = engineFiles(await readState(files));
  const { databaseSha256, local } = about;
  if (databaseSha256 === null) return answer("counted", 0);
  const count = await countStart(boots, engine, { databaseSha256, local, triesMax, lastStartAt });
  if (loopOn({ [engine]: count }, about) === undefined)
    return answer("counted", count.isReady ? 0 : count.starts);
  try {
    const back = await recover();
    if (back === undefined) return await answer("nowhere", count.starts);
    // This start is on other files than those it was counted for.
    const now = engineFiles(await readState(files));
    const next = { databaseSha256: back.databaseSha256, local: now.local, triesMax, lastStartAt };
    const isSame = back.databaseSha256 === databaseSha256;
    const { starts } = await countStart(boots, engine, next);
    return await answer(isSame ? "own-rules-set-aside" : "rolled-back", starts);
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
  const about = engineFiles(state.now);
  const looping = about.databaseSha256;
  const loop = loopOn(await readBoots(store.boots), about);
  const { installed, previous } = state.now;
  if (loop === undefined || installed === null) return undefined;
  const message = `expected ${loop.engine} to come up on release ${installed.release}, got ${loop.count.triesMax} failed starts`;
  // SPEC §16.8.9: what the publisher signed is left only after the owner's own rules were.
  if (installed.databaseSha256 === looping && (await hasOwn(input, state, about.local))) {
    const id = about.local as Sha256Hex;
    const setAside = { id, code: "BOOT_LOOP", message, at: formatTime(clock.now()) } as const;
    await state.set({ setAside });
    emit({ type: "own-rules-set-aside", code: "BOOT_LOOP", message });
    await exportAgain(input, state, await readConfig(store.files), installed);
    return installed;
  }
  // SPEC §16.7.2
  let target: InstalledRelease | undefined = installed;
  if (installed.databaseSha256 === looping) {
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
  await exportAgain(input, state, await readConfig(store.files), target);
  return target;
}

/** Whether the files that the engine does not come up on have own rules in them that are in force still. */
async function hasOwn(
  { store }: OfflineInput,
  state: StateKeeper,
  local: Sha256Hex | null,
): Promise<boolean> {
  const { id, exported } = await localInForce(store, state.now.setAside, state.now.installed?.databaseSha256);
  return id !== null && id === local && exported.own.length > 0;
}
