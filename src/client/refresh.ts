/**
 * One TUF refresh at one fixed time (TUF 1.0.34 §5): asks, hands the bytes to the state machine, stores what it trusts.
 *
 * SPEC §8.2: a poll asks for the timestamp first. As long as the server has nothing but the stored one, the rest is read from
 * the disk and verified again, and the next root is asked for once a day: an endpoint that is current makes one request.
 */
import type { FeedName } from "../core/brands.js";
import { OperationError, VerificationError } from "../core/errors.js";
import { limits } from "../core/limits.js";
import { metadataPath, timestampPath } from "../core/release/tree-paths.js";
import { formatTime } from "../core/trust/metadata.js";
import { type ProvenFeed, TrustedMetadata } from "../core/trust/trusted-metadata.js";
import type { EndpointFiles } from "../ports/endpoint-store.js";
import { type PublicTreeReader, ifThere, metadataFrom } from "./fetch-file.js";
import type { UpdateEvent } from "./model.js";
import { pollTimestamp } from "./poll-timestamp.js";
import { type StateKeeper, setUpHint, sha256Text } from "./state.js";

export interface RefreshInput {
  readonly files: EndpointFiles;
  readonly tree: PublicTreeReader;
  readonly state: StateKeeper;
  readonly feed: FeedName;
  readonly now: Date;
  readonly emit: (event: UpdateEvent) => void;
  /** Which release it is about, as soon as signed metadata says so. */
  readonly onOffer?: (release: number) => void;
}

export interface Refreshed {
  readonly trusted: TrustedMetadata;
  readonly proven: ProvenFeed;
}

/** SPEC §8.2.3 */
const rootCheckSeconds = 86_400;

/** @throws VerificationError METADATA_*, ROOT_CHAIN_BROKEN, …; OperationError FETCH_*, STORE_*, STATE_CORRUPT */
export async function refresh(input: RefreshInput): Promise<Refreshed> {
  return new Refresh(input, await startFromStoredRoot(input.files, input.now)).run();
}

/** The newest trusted root, or the pinned one when the disk has spoiled it: the chain leads from there to the same place. */
export async function startFromStoredRoot(files: EndpointFiles, now: Date): Promise<TrustedMetadata> {
  for (const name of ["root.json", "pinned-root.json"]) {
    const bytes = await files.read(name);
    if (bytes === undefined) continue;
    try {
      return await TrustedMetadata.start(bytes, now);
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error;
    }
  }
  throw new OperationError("STATE_CORRUPT", "expected a readable root.json, got damaged ones", {
    details: { hint: `${setUpHint}; database and choices stay` },
  });
}

class Refresh {
  readonly #in: RefreshInput;
  readonly #trusted: TrustedMetadata;

  constructor(input: RefreshInput, trusted: TrustedMetadata) {
    this.#in = input;
    this.#trusted = trusted;
  }

  async run(): Promise<Refreshed> {
    const stored = await this.#restore("timestamp.json", (bytes) => this.#trusted.restoreTimestamp(bytes));
    await this.#restore("snapshot.json", (bytes) => this.#trusted.restoreSnapshot(bytes));
    await this.#in.tree.eachMirror(timestampPath, async (url) => {
      const { tree, state } = this.#in;
      const { bytes, etag, isStored } = await pollTimestamp(tree, url, stored, state.now.poll);
      if (!isStored || this.#rootIsDue()) await this.#followRoots();
      this.#trusted.finishRoot();
      const tag = etag && { url, etag };
      await metadataFrom(url, timestampPath, bytes, (offered) => this.#acceptTimestamp(offered, tag));
    });
    await this.#snapshot();
    await this.#targets();
    return { trusted: this.#trusted, proven: await this.#manifest() };
  }

  /** Undefined when there is nothing, or nothing that the current keys vouch for. */
  async #restore(
    name: string,
    restore: (bytes: Uint8Array) => Promise<void>,
  ): Promise<Uint8Array | undefined> {
    const bytes = await this.#in.files.read(name);
    if (bytes === undefined) return undefined;
    return (await unlessRefused(restore(bytes))) === undefined ? undefined : bytes;
  }

  #rootIsDue(): boolean {
    const { rootCheckedAt } = this.#in.state.now;
    if (rootCheckedAt === null) return true;
    const ageSeconds = (this.#in.now.getTime() - Date.parse(rootCheckedAt)) / 1000;
    // A clock that was set back makes the last check lie in the future: then it is due as well.
    return !(ageSeconds >= 0 && ageSeconds < rootCheckSeconds) || this.#trusted.root.expires <= this.#in.now;
  }

  /** TUF §5.3: N+1 and on until there is none, or too many (SPEC §8.2.8). */
  async #followRoots(): Promise<void> {
    const { files, tree, state, emit } = this.#in;
    for (;;) {
      const version = this.#trusted.root.version + 1;
      const path = metadataPath("root", version);
      const found = await ifThere(
        tree.accepted(path, limits.rootBytesMax, async (offered) => ({
          bytes: offered,
          rotated: await this.#trusted.updateRoot(offered),
        })),
      );
      if (found === undefined) break;
      const { bytes, rotated } = found;
      if (rotated) {
        // SPEC §8.2.4: before the root is stored; a crash in between forgets a floor too early rather than never.
        await files.remove("snapshot.json");
        await files.remove("timestamp.json");
      }
      await files.write("root.json", bytes);
      emit({ type: "metadata", role: "root", version });
    }
    await state.set({ rootCheckedAt: formatTime(this.#in.now) });
  }

  async #acceptTimestamp(
    bytes: Uint8Array,
    tag: { readonly url: string; readonly etag: string } | "" | undefined,
  ): Promise<void> {
    const { files, state, emit } = this.#in;
    if (await this.#trusted.updateTimestamp(bytes)) {
      await files.write("timestamp.json", bytes);
      emit({ type: "metadata", role: "timestamp", version: this.#trusted.timestamp?.version ?? 0 });
    }
    const poll = tag ? { ...tag, timestampSha256: await sha256Text(bytes) } : null;
    await state.set({ poll });
  }

  async #snapshot(): Promise<void> {
    const { version, length } = this.#trusted.timestamp?.snapshot ?? { version: 0, length: undefined };
    const file = {
      name: "snapshot.json",
      role: "snapshot",
      version,
      bytesMax: length ?? limits.snapshotBytesMax,
    };
    await this.#storedOrFetched(file, (bytes) => this.#trusted.updateSnapshot(bytes));
  }

  async #targets(): Promise<void> {
    const { version, length } = this.#trusted.expected("targets");
    const file = {
      name: "targets.json",
      role: "targets",
      version,
      bytesMax: length ?? limits.targetsBytesMax,
    };
    await this.#storedOrFetched(file, (bytes) => this.#trusted.updateTargets(bytes));
  }

  async #manifest(): Promise<ProvenFeed> {
    const { feed } = this.#in;
    const { version, length } = this.#trusted.expected(feed);
    this.#in.onOffer?.(version);
    const file = { name: "manifest.json", role: feed, version, bytesMax: length ?? limits.targetsBytesMax };
    return this.#storedOrFetched(file, (bytes) => this.#trusted.updateFeed(bytes, feed));
  }

  /** SPEC §8.2.5: what is on the disk if it is still right, else what the server has; stored once it is trusted. */
  async #storedOrFetched<T>(
    { name, role, version, bytesMax }: { name: string; role: string; version: number; bytesMax: number },
    accept: (bytes: Uint8Array) => Promise<T>,
  ): Promise<T> {
    const { files, tree, emit } = this.#in;
    const stored = await files.read(name);
    const known = stored === undefined ? undefined : await unlessRefused(accept(stored));
    if (known !== undefined) return known.value;
    // An index that promises megabytes does not get them.
    const most = Math.min(bytesMax, limits.targetsBytesMax);
    const path = metadataPath(role, version);
    const { bytes, value } = await tree.accepted(path, most, async (offered) => ({
      bytes: offered,
      value: await accept(offered),
    }));
    await files.write(name, bytes);
    emit({ type: "metadata", role, version });
    return value;
  }
}

/** Undefined when verification refused; what the world did wrong passes through. */
async function unlessRefused<T>(attempt: Promise<T>): Promise<{ value: T } | undefined> {
  try {
    return { value: await attempt };
  } catch (error) {
    if (error instanceof VerificationError) return undefined;
    throw error;
  }
}
