/**
 * The endpoint. One object, one state folder, no global state; every method may be interrupted at any instant, and the next
 * call goes on from there. A failure changes nothing but the record of the failure.
 */
import { RememberedSignatures } from "../core/trust/signature-memory.js";
import { feedName } from "../core/brands.js";
import { utf8Bytes } from "../core/encoding/bytes.js";
import { OperationError, RulemintError, UsageError } from "../core/errors.js";
import type { JSONObject } from "../core/encoding/json.js";
import { type RuleKind, ruleKinds } from "../core/rules/model.js";
import { formatTime } from "../core/trust/metadata.js";
import { parsePolicy, policyOfRoot } from "../core/trust/policy.js";
import { type RebuilderPolicy, readRebuilderPolicy } from "../core/trust/rebuild-quorum.js";
import { TrustedMetadata } from "../core/trust/trusted-metadata.js";
import { abortable } from "./abortable.js";
import { Budget } from "./budget.js";
import { clamavSigner } from "./clamav-signatures.js";
import { isDownload } from "./download.js";
import { exportDatabase } from "./export-database.js";
import { PublicTreeReader } from "./fetch-file.js";
import { adoptDatabase, databaseDigest, settleSwap, swapDatabase } from "./holdings.js";
import type {
  EndpointConfig,
  EndpointState,
  EndpointStatus,
  InstalledRelease,
  UpdateEvent,
  UpdateOptions,
  UpdateResult,
  UpdaterOptions,
} from "./model.js";
import { type HealthChoices, parseHealth } from "./health.js";
import { Mirrors } from "./mirrors.js";
import {
  type NetworkSettings,
  noSettings,
  parseNetwork,
  requireTreeURL,
  withoutPassword,
} from "./network.js";
import { type RingChoices, noChoices, parseRingChoices } from "./ring-choices.js";
import { requireNotBlocked } from "./recall.js";
import { readStatus } from "./status.js";
import { StateKeeper, readConfig, readState, writeConfig } from "./state.js";
import { runUpdate } from "./run-update.js";

export interface InitInput {
  readonly url: string;
  /** Bytes of the TUF root that the customer pins. */
  readonly root: Uint8Array;
  /** Bytes of a policy.json; without it, the policy in the root counts. */
  readonly policy?: Uint8Array;
  /** Takes the place of the policy's `rebuilders`. */
  readonly rebuilders?: RebuilderPolicy;
  /** "endpoint" when absent. */
  readonly feed?: string;
  /** What every update exports; all kinds when absent. */
  readonly exportKinds?: readonly RuleKind[];
}

export class Updater {
  readonly #options: UpdaterOptions;
  /** For the program's life: an endpoint that stays up judges the same certificates and lists at every release. */
  readonly #memory = new RememberedSignatures();

  constructor(options: UpdaterOptions) {
    this.#options = options;
  }

  /** Sets the endpoint up; touches no network. @throws VerificationError when root or policy are not sound; UsageError USAGE when it is set up already */
  async init(input: InitInput): Promise<void> {
    const { files } = this.#options.store;
    const config: EndpointConfig = {
      schema: 1,
      url: requireTreeURL(input.url),
      feed: feedName(input.feed ?? "endpoint"),
      exportKinds: input.exportKinds ?? ruleKinds,
      network: noSettings,
      rings: noChoices,
    };
    const trusted = await TrustedMetadata.start(input.root, this.#options.clock.now());
    if (input.policy !== undefined) parsePolicy(input.policy);
    else if (policyOfRoot(trusted.root) === undefined) {
      throw new UsageError("USAGE", "expected a policy file, because the root carries none");
    }
    const rebuilders = input.rebuilders && formatRebuilders(input.rebuilders);
    await this.#locked(async () => {
      if ((await files.read("config.json")) !== undefined) {
        throw new UsageError("USAGE", "expected an empty state, got an endpoint that is set up already");
      }
      await files.write("pinned-root.json", input.root);
      await files.write("root.json", input.root);
      if (input.policy !== undefined) await files.write("policy.json", input.policy);
      if (rebuilders !== undefined) await files.write("rebuilders.json", rebuilders);
      // Last: with it, the endpoint is set up.
      await writeConfig(files, config);
    });
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
      await writeConfig(files, { ...config, ...(health && { health }) });
      return health;
    });
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
   * To the newest release, or nothing happens.
   * @throws RulemintError with the code that is then also in `status()`; the signal's reason when it was aborted
   */
  async update(options: UpdateOptions = {}): Promise<UpdateResult> {
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
        if (options.again) await state.set({ held: null, bad: null });
        const result = await runUpdate({
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
    return readStatus(this.#options.store.files, this.#options.clock.now());
  }

  /** Writes engine files made from the database in use to `folder`. @throws UsageError USAGE; OperationError STATE_CORRUPT, STORE_* */
  async export(
    folder: string,
    kinds: readonly RuleKind[] = ruleKinds,
  ): Promise<{ readonly release: InstalledRelease; readonly files: number; readonly bytes: number }> {
    return this.#locked(async () => {
      const state = await this.#settled();
      const { installed } = state.now;
      if (installed === null)
        throw new UsageError("USAGE", "expected a database, got an endpoint before its first update");
      await this.#requireWhole("database", installed);
      return { release: installed, ...(await this.#export(folder, kinds)) };
    });
  }

  /**
   * Back to the database before, without network. The release that was in use is held: no update applies it again; the next
   * higher one ends the hold. @throws UsageError USAGE when there is none; OperationError STATE_CORRUPT when it is damaged
   */
  async rollback(): Promise<InstalledRelease> {
    return this.#locked(async () => {
      const { store } = this.#options;
      const { exportKinds } = await readConfig(store.files);
      const state = await this.#settled();
      const { installed, previous } = state.now;
      if (installed === null || previous === null) {
        throw new UsageError("USAGE", "expected a previous database to go back to, got none");
      }
      await requireNotBlocked(store.files, previous);
      await this.#requireWhole("previous", previous);
      const next = { installed: previous, previous: null, held: installed.release };
      await swapDatabase(state, next, () => store.databases.restore());
      this.#emit({ type: "installed", release: previous.release });
      const written = await this.#export(undefined, exportKinds);
      // Nobody asked the engine about these files.
      await state.set({ exportedSha256: previous.databaseSha256, loadedRules: null });
      this.#emit({ type: "exported", ...written });
      return previous;
    });
  }

  async #export(folder: string | undefined, kinds: readonly RuleKind[]) {
    const { store, clock, digest } = this.#options;
    const signFile = await clamavSigner({
      ...{ files: store.files, now: clock.now() },
      emit: this.#emit,
      memory: this.#memory,
    });
    return exportDatabase(store, folder, kinds, digest, signFile);
  }

  async #settled(): Promise<StateKeeper> {
    const { store, digest } = this.#options;
    const state = new StateKeeper(store.files, await readState(store.files));
    await settleSwap(state, store.databases, digest);
    await adoptDatabase(state, store, digest);
    return state;
  }

  async #requireWhole(which: "database" | "previous", expected: InstalledRelease): Promise<void> {
    const found = await databaseDigest(this.#options.store.databases, which, this.#options.digest);
    if (found !== expected.databaseSha256) {
      throw new OperationError(
        "STATE_CORRUPT",
        `expected ${which} with SHA-256 ${expected.databaseSha256}, got ${found ?? "none"}: the next update repairs it`,
      );
    }
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

/** @throws VerificationError METADATA_MALFORMED for a demand that nobody can meet */
function formatRebuilders({ threshold, keys }: RebuilderPolicy): Uint8Array {
  const file = { threshold, keys: [...keys] };
  readRebuilderPolicy(file);
  return utf8Bytes(`${JSON.stringify(file, null, 2)}\n`);
}
