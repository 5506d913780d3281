/**
 * The endpoint. One object, one state folder, no global state; every method may be interrupted at any instant, and the next
 * call goes on from there. A failure changes nothing but the record of the failure.
 */
import { RememberedSignatures } from "../core/trust/signature-memory.js";
import type { ReleaseNumber } from "../core/brands.js";
import { RulemintError } from "../core/errors.js";
import type { JSONObject } from "../core/encoding/json.js";
import { type RuleKind, ruleKinds } from "../core/rules/model.js";
import { formatTime } from "../core/trust/metadata.js";
import type { RebuilderPolicy } from "../core/trust/rebuild-quorum.js";
import { abortable } from "./abortable.js";
import { forgetBoots, noteReady } from "./boot-counter.js";
import { type EngineChoice, type EngineStart, engineStarting, leaveBootLoop } from "./boot-loop.js";
import { Budget } from "./budget.js";
import { chooseReports } from "./choose-reports.js";
import { PublicTreeReader } from "./fetch-file.js";
import type {
  EndpointState,
  EndpointStatus,
  InstalledRelease,
  UpdateEvent,
  UpdateOptions,
  UpdateResult,
  UpdaterOptions,
} from "./model.js";
import {
  type ChangeExports,
  type ExportChoices,
  exportChoices,
  parseExportChoices,
  requireReadableSamples,
} from "./export-choices.js";
import { type HealthChoices, parseHealth } from "./health.js";
import { adoptDatabase, settleSwap } from "./holdings.js";
import { EndpointRules } from "./local-rules/endpoint-rules.js";
import { Mirrors } from "./mirrors.js";
import { isDownload } from "./pack-segments.js";
import { type NetworkSettings, parseNetwork, withoutPassword } from "./network.js";
import { type OfflineInput, type Written, exportInUse, goBack, settledState } from "./offline.js";
import type { ReportChoices } from "./report-choices.js";
import { type RingChoices, parseRingChoices } from "./ring-choices.js";
import { type InitInput, formatRebuilders, prepareSetUp } from "./set-up.js";
import { readStatus } from "./status.js";
import { StateKeeper, readConfig, readState, requireSetUp, writeConfig } from "./state.js";
import { type UpdateRun, runUpdate } from "./run-update.js";
import { type FetchOrder, type FetchedKinds, fetchKinds } from "./fetch-kinds.js";

export class Updater {
  /** Disabled, enabled, allowed and own rules. */
  readonly rules: EndpointRules;
  readonly #options: UpdaterOptions;
  /** For the program's life: an endpoint that stays up judges the same certificates and lists at every release. */
  readonly #memory = new RememberedSignatures();

  constructor(options: UpdaterOptions) {
    this.#options = options;
    this.rules = new EndpointRules({ input: () => this.#offline, locked: (work) => this.#locked(work) });
  }

  /** Sets the endpoint up; touches no network. @throws VerificationError when root or policy are not sound; UsageError USAGE when it is set up already */
  async init(input: InitInput): Promise<void> {
    const write = await prepareSetUp(input, this.#options.clock.now());
    await this.#locked(() => write(this.#options.store.files));
  }

  /** How the network is reached from now on: `change` gets what holds now. Touches no network. @throws UsageError USAGE; OperationError */
  async configure(change: (now: NetworkSettings) => NetworkSettings): Promise<NetworkSettings> {
    const { files } = this.#options.store;
    return this.#locked(async () => {
      const config = await readConfig(files);
      const network = parseNetwork({ ...change(config.network) } as JSONObject);
      await writeConfig(files, { ...config, network });
      return withoutPassword(network);
    });
  }

  /** When this endpoint takes a release, from now on. Touches no network. @throws UsageError USAGE; OperationError */
  async chooseRings(change: (now: RingChoices) => RingChoices): Promise<RingChoices> {
    const { files } = this.#options.store;
    return this.#locked(async () => {
      const config = await readConfig(files);
      const rings = parseRingChoices({ ...change(config.rings) } as JSONObject);
      await writeConfig(files, { ...config, rings });
      return rings;
    });
  }

  /** What the engine is asked before it gets a release, from now on. Touches no network. @throws UsageError USAGE; OperationError */
  async chooseHealth(
    change: (now: HealthChoices | undefined) => HealthChoices | undefined,
  ): Promise<HealthChoices | undefined> {
    const { files } = this.#options.store;
    return this.#locked(async () => {
      const { health: now, ...config } = await readConfig(files);
      const health = parseHealth(change(now) as JSONObject | undefined);
      requireReadableSamples(exportChoices(config), health);
      await writeConfig(files, { ...config, ...(health && { health }) });
      return health;
    });
  }

  /** Whether this endpoint tells how releases do here, and whom. Touches no network. @throws UsageError USAGE; OperationError */
  async chooseReports(
    change: (now: ReportChoices | undefined) => ReportChoices | undefined,
  ): Promise<ReportChoices | undefined> {
    return this.#locked(() => chooseReports(this.#options.store.files, change));
  }

  /** SPEC §5.5.8: in force from the next update on; undefined leaves it to the policy. @throws VerificationError METADATA_MALFORMED; UsageError USAGE */
  async setRebuilders(rebuilders: RebuilderPolicy | undefined): Promise<void> {
    const bytes = rebuilders && formatRebuilders(rebuilders);
    await this.#locked(async () => {
      const { files } = this.#options.store;
      await readConfig(files);
      if (bytes === undefined) await files.remove("rebuilders.json");
      else await files.write("rebuilders.json", bytes);
    });
  }

  /**
   * Rules of some kinds, from a part of the newest release's full pack, into `folder`; no database is kept. Where the folder has been made of
   * the same sections in the same way, nothing is written. SPEC §8.9.
   *
   * @throws UsageError USAGE where there is a database; RulemintError with the code that is then also in `status()`; the signal's reason
   */
  async fetch(order: FetchOrder, options: Pick<UpdateOptions, "signal"> = {}): Promise<FetchedKinds> {
    return this.#online(options, (run) => fetchKinds(run, order));
  }

  /**
   * To the newest release, or nothing happens.
   * @throws RulemintError with the code that is then also in `status()`; the signal's reason when it was aborted
   */
  async update(options: UpdateOptions = {}): Promise<UpdateResult> {
    return this.#online(options, runUpdate);
  }

  /** What `work` does, under the lock, with what was left half done settled before and what was learned kept after. */
  async #online<T extends { readonly release: ReleaseNumber }>(
    options: UpdateOptions,
    work: (run: UpdateRun) => Promise<T>,
  ): Promise<T> {
    const now = this.#options.clock.now();
    const parts = abortable(this.#options, options.signal);
    return this.#locked(async () => {
      const { store, fetcher, digest } = parts;
      const stored = await readConfig(store.files);
      const asked = options.health?.(stored.health);
      const health = asked === undefined ? stored.health : parseHealth(asked as unknown as JSONObject);
      const config = { ...stored, ...(health && { health }) };
      const state = new StateKeeper(store.files, await readState(store.files));
      const { mirrors: others, bytesPerDayMax } = config.network;
      const mirrors = new Mirrors([config.url, ...others], state.now.passedOver ?? [], now);
      const budget = new Budget(bytesPerDayMax, state.now.spent, now);
      const tree = new PublicTreeReader(fetcher, mirrors, options.signal, budget.count);
      const learned = () => ({ passedOver: mirrors.remembered, spent: budget.spent });
      try {
        await settleSwap(state, store.databases, digest);
        await adoptDatabase(state, store, digest);
        if (options.again) {
          await forgetBoots(store.boots);
          await state.set({ held: null, bad: null, setAside: null });
        } else await leaveBootLoop(this.#offline, state);
        const result = await work({
          ...{ ...parts, config, state, tree, budget, now },
          emit: this.#emit,
          memory: this.#memory,
        });
        await store.scratch.prune(() => false);
        const lastSuccess = { at: formatTime(now), release: result.release };
        await state.set({ ...learned(), lastSuccess, lastFailure: null });
        return result;
      } catch (error) {
        if (error instanceof RulemintError) await this.#recordFailure(state, error, now, learned());
        throw error;
      }
    });
  }

  /** Where the endpoint stands, from the disk alone. @throws UsageError USAGE before `init`; OperationError STATE_CORRUPT */
  async status(): Promise<EndpointStatus> {
    return readStatus({ ...this.#options, now: this.#options.clock.now() });
  }

  /** What engines are given and in which forms, from the next update on. Touches no network. @throws UsageError USAGE; OperationError */
  async chooseExports(change: ChangeExports): Promise<ExportChoices> {
    const { files } = this.#options.store;
    return this.#locked(async () => {
      const config = await readConfig(files);
      const choices = parseExportChoices(change(exportChoices(config)));
      requireReadableSamples(choices, config.health);
      const { kinds: exportKinds, forms: exportForms, engines } = choices;
      await writeConfig(files, { ...config, exportKinds, exportForms, engines });
      return choices;
    });
  }

  /** Writes engine files made from the database in use to `folder`: of all kinds in the chosen forms, unless `choice` says otherwise. @throws UsageError USAGE; OperationError STATE_CORRUPT, STORE_* */
  async export(
    folder: string,
    choice: readonly RuleKind[] | ChangeExports = ruleKinds,
    options: { readonly asPublished?: boolean } = {},
  ): Promise<Written & { readonly release: InstalledRelease }> {
    const change = typeof choice === "function" ? choice : (now: object) => ({ ...now, kinds: choice });
    return this.#locked(() => exportInUse(this.#offline, folder, { change, ...options }));
  }

  /**
   * Back to the database before, without network. The release that was in use is held: no update applies it again; the next
   * higher one ends the hold. @throws UsageError USAGE when there is none; OperationError STATE_CORRUPT when it is damaged
   */
  async rollback(): Promise<InstalledRelease> {
    return this.#locked(() => goBack(this.#offline));
  }

  /**
   * An engine is about to start on what was exported. Needs no network, and no lock unless it has to leave a release.
   * @throws UsageError USAGE; OperationError STORE_*, STATE_LOCKED when counting itself is not possible
   */
  engineStarting(choice: EngineChoice = {}): Promise<EngineStart> {
    const recover = async () => leaveBootLoop(this.#offline, await settledState(this.#offline));
    return engineStarting(this.#offline, choice, () => this.#locked(recover));
  }

  /** It is up. False when no start of it was counted. @throws UsageError USAGE; OperationError STORE_* */
  async engineReady(engine = "engine"): Promise<boolean> {
    await requireSetUp(this.#options.store.files);
    return noteReady(this.#options.store.boots, engine);
  }

  get #offline(): OfflineInput {
    return { ...this.#options, emit: this.#emit, memory: this.#memory };
  }

  async #recordFailure(
    state: StateKeeper,
    error: RulemintError,
    now: Date,
    learned: Partial<EndpointState>,
  ): Promise<void> {
    const { code } = error;
    // Half a character would make the file unreadable.
    const message = error.message.replace(/\p{Surrogate}/gu, "?");
    const { installed, lastSuccess } = state.now;
    const staleSeconds =
      lastSuccess === null ? null : Math.floor((now.getTime() - Date.parse(lastSuccess.at)) / 1000);
    try {
      // Downloads are kept to be taken up again, unless it was they that filled the disk.
      await this.#options.store.scratch.prune((name) => code !== "STORE_FULL" && isDownload(name));
      await state.set({ ...learned, lastFailure: { at: formatTime(now), code, message } });
    } catch (second) {
      // The first error is the one to report; a disk that takes no record of it is reported by the next status.
      if (!(second instanceof RulemintError)) throw second;
    }
    this.#emit({ type: "failed", code, message, installed: installed?.release ?? null, staleSeconds });
  }

  readonly #emit = (event: UpdateEvent): void => this.#options.onEvent?.(event);

  async #locked<T>(work: () => Promise<T>): Promise<T> {
    const unlock = await this.#options.store.lock();
    try {
      return await work();
    } finally {
      await unlock();
    }
  }
}
