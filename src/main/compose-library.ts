/**
 * `rulemint/client`: the endpoint as a library. `Updater.open` puts together what the command line uses; `new Updater` takes parts of one's
 * own. There is no global state: updaters of one process share nothing, and two on one folder exclude each other like two processes.
 */
import { systemClock } from "../adapters/clock/system.js";
import { openPackCodec } from "../adapters/codec/pack-codec.js";
import { shellEngine } from "../adapters/endpoint-engine/shell.js";
import { openFilesystemEndpointStore } from "../adapters/endpoint-store/filesystem.js";
import { nodeDigest } from "../adapters/node-digest.js";
import { nobleVerifier } from "../adapters/post-quantum/noble.js";
import {
  Lookup,
  type UpdateEvent,
  Updater as PortableUpdater,
  type UpdaterOptions,
} from "../client/index.js";
import type { Fetcher } from "../ports/fetcher.js";
import { Connection } from "./compose-network.js";

export type * from "../client/index.js";
export { clientVersion, Lookup, RulemintError } from "../client/index.js";

/** What a program may put in the place of what the command line uses. */
export interface OpenOptions extends Partial<Omit<UpdaterOptions, "store" | "codec" | "digest">> {
  /**
   * Told of every step as it happens, before the step after it. An error that it throws ends the call that it was told from, as if the
   * program had ended there: nothing is lost by it.
   */
  readonly onEvent?: (event: UpdateEvent) => void;
  /** Instead of the network as `configure` says it is reached. Its owner closes it. */
  readonly fetcher?: Fetcher;
}

/** One endpoint: one state folder, one feed of one publisher. Its calls may be interrupted at any instant; the next one goes on from there. */
export class Updater extends PortableUpdater {
  readonly #close: () => Promise<void>;
  readonly #parts: UpdaterOptions;

  /** Of parts of one's own; `Updater.open` is what most programs want. `close` is called by this object's `close`. */
  constructor(parts: UpdaterOptions, close: () => Promise<void> = async () => undefined) {
    super(parts);
    this.#parts = parts;
    this.#close = close;
  }

  /**
   * An endpoint whose state is this folder of the local disk, which is made when it is missing. Touches no network. What it opens is closed
   * by `close`.
   *
   * @throws OperationError STORE_FULL, STORE_FAILED
   */
  static async open(folder: string, options: OpenOptions = {}): Promise<Updater> {
    const store = await openFilesystemEndpointStore(folder);
    const codec = await openPackCodec({ workers: 0 });
    const connection = new Connection(store.files);
    // Opened anew after `configure` has chosen another way; that takes the lock, so no transfer is under way then.
    const network: Fetcher = {
      get: async (url, wanted) => (await connection.open()).get(url, wanted),
    };
    const parts: UpdaterOptions = {
      ...{ fetcher: network, clock: systemClock, postQuantum: nobleVerifier, engine: shellEngine },
      ...options,
      ...{ store, codec, digest: nodeDigest },
    };
    return new Updater(parts, async () => {
      await connection.close();
      await codec.close();
    });
  }

  /**
   * The database in use, opened for questions about single indicators. It stays the one it is; whoever wants the next release's opens anew
   * after `installed`, and closes both.
   *
   * @throws UsageError USAGE before the first update; OperationError STATE_CORRUPT
   */
  openLookup(): Promise<Lookup> {
    return Lookup.open(this.#parts.store, this.#parts.digest);
  }

  /** Lets go of connections and memory. Not while a call is under way: abort it first and wait for it. */
  close(): Promise<void> {
    return this.#close();
  }
}
