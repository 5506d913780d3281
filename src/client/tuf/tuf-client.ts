/**
 * A client for any TUF repository (TUF 1.0.34 §5), not only ours: for checking our verification against the field's own suites,
 * and theirs against ours. One fixed time; files exactly as served; every file replaced whole, and only once it is trusted.
 *
 * It proves authority alone. Whoever installs what it fetched has no time-stamp, no certificate and no overseer.
 */
import { hexText } from "../../core/encoding/bytes.js";
import { sha256 } from "../../core/encoding/sha256.js";
import { OperationError, VerificationError, quote } from "../../core/errors.js";
import { limits } from "../../core/limits.js";
import {
  type DelegatedRole,
  type GeneralTargets,
  type TargetFile,
  encodedRoleName,
  parseGeneralTargets,
} from "../../core/trust/delegations.js";
import type { RoleKeys } from "../../core/trust/metadata.js";
import { TrustedMetadata } from "../../core/trust/trusted-metadata.js";
import type { EndpointFiles } from "../../ports/endpoint-store.js";
import type { PublicTreeReader } from "../fetch-file.js";

export interface TUFClientOptions {
  /** Names are those of roles, encoded, with `.json`. */
  readonly files: EndpointFiles;
  /** Where the metadata is. */
  readonly metadata: PublicTreeReader;
  readonly now: Date;
}

export class TUFClient {
  readonly #in: TUFClientOptions;
  readonly #trusted: TrustedMetadata;
  #targets: GeneralTargets | undefined;

  private constructor(options: TUFClientOptions, trusted: TrustedMetadata) {
    this.#in = options;
    this.#trusted = trusted;
  }

  /** TUF §5.2: from the stored root; asks nobody. @throws OperationError STATE_CORRUPT without one; VerificationError */
  static async open(options: TUFClientOptions): Promise<TUFClient> {
    const root = await options.files.read("root.json");
    if (root === undefined) throw new OperationError("STATE_CORRUPT", "expected a root.json, got none");
    return new TUFClient(options, await TrustedMetadata.start(root, options.now));
  }

  get consistentSnapshot(): boolean {
    return this.#trusted.root.consistentSnapshot;
  }

  /** TUF §5.3 to §5.6: the four top-level roles. @throws VerificationError METADATA_*, ROOT_CHAIN_BROKEN; OperationError */
  async refresh(): Promise<void> {
    await this.#followRoots();
    this.#trusted.finishRoot();
    await this.#restore("timestamp.json", (bytes) => this.#trusted.restoreTimestamp(bytes));
    await this.#restore("snapshot.json", (bytes) => this.#trusted.restoreSnapshot(bytes));
    const timestamp = await this.#in.metadata.read("timestamp.json", limits.timestampBytesMax);
    if (await this.#trusted.updateTimestamp(timestamp))
      await this.#in.files.write("timestamp.json", timestamp);
    const { version, length } = (this.#trusted.timestamp as NonNullable<TrustedMetadata["timestamp"]>)
      .snapshot;
    const most = Math.min(length ?? limits.snapshotBytesMax, limits.snapshotBytesMax);
    await this.#storedOrFetched("snapshot", version, most, (bytes) => this.#trusted.updateSnapshot(bytes));
    this.#targets = await this.#load("targets", this.#trusted.root.roles.targets);
  }

  /**
   * TUF §5.6.7: asks `targets`, then the roles that it delegates the path to, in their order, each before its neighbours and
   * after its delegator. A role is verified against the delegator through which it was reached, every time.
   *
   * @throws VerificationError TARGET_UNKNOWN, LIMIT_EXCEEDED, METADATA_*; OperationError
   */
  async findTarget(path: string): Promise<TargetFile> {
    if (this.#targets === undefined) await this.refresh();
    const top = this.#targets as GeneralTargets;
    const own = top.target(path);
    if (own !== undefined) return own;
    const visited = new Set<string>();
    let waiting: readonly DelegatedRole[] = await top.delegatesFor(path);
    for (let role = waiting[0]; role !== undefined; role = waiting[0]) {
      waiting = waiting.slice(1);
      if (visited.has(role.name)) continue;
      if (visited.size === limits.delegatedRolesMax) {
        throw new VerificationError(
          "LIMIT_EXCEEDED",
          `expected an answer from at most ${limits.delegatedRolesMax} delegated roles, got none`,
        );
      }
      visited.add(role.name);
      const targets = await this.#load(role.name, role);
      const found = targets.target(path);
      if (found !== undefined) return found;
      const below = await targets.delegatesFor(path);
      // TUF §5.6.7.2.1: what a terminating role does not know, nobody after it is asked.
      waiting = role.terminating ? below : [...below, ...waiting];
    }
    throw new VerificationError("TARGET_UNKNOWN", `expected a target ${quote(path)}, got none`);
  }

  async #followRoots(): Promise<void> {
    const { files, metadata } = this.#in;
    for (;;) {
      const version = this.#trusted.root.version + 1;
      const bytes = await metadata.find(`${version}.root.json`, limits.rootBytesMax);
      if (bytes === undefined) return;
      if (await this.#trusted.updateRoot(bytes)) {
        await files.remove("snapshot.json");
        await files.remove("timestamp.json");
      }
      await files.write("root.json", bytes);
    }
  }

  async #restore(name: string, restore: (bytes: Uint8Array) => Promise<void>): Promise<void> {
    const bytes = await this.#in.files.read(name);
    if (bytes !== undefined) await accepted(restore(bytes));
  }

  async #load(name: string, role: RoleKeys): Promise<GeneralTargets> {
    const { version, length } = this.#trusted.expected(name);
    const most = Math.min(length ?? limits.targetsBytesMax, limits.targetsBytesMax);
    return this.#storedOrFetched(name, version, most, async (bytes) => {
      const { envelope } = await this.#trusted.verifyTargets(bytes, name, role);
      return parseGeneralTargets(envelope.signed);
    });
  }

  async #storedOrFetched<T>(
    role: string,
    version: number,
    bytesMax: number,
    accept: (bytes: Uint8Array) => Promise<T>,
  ): Promise<T> {
    const { files, metadata } = this.#in;
    const name = `${encodedRoleName(role)}.json`;
    const stored = await files.read(name);
    const known = stored === undefined ? undefined : await accepted(accept(stored));
    if (known !== undefined) return known.value;
    // TUF §5.5.1: the number stands before the name only in consistent snapshots.
    const path = this.consistentSnapshot ? `${version}.${name}` : name;
    const bytes = await metadata.read(path, bytesMax);
    const value = await accept(bytes);
    await files.write(name, bytes);
    return value;
  }
}

/** TUF §5.6.7: the length and the hashes of the signed metadata. @throws VerificationError METADATA_MISMATCH */
export async function requireTarget(bytes: Uint8Array, target: TargetFile, path: string): Promise<void> {
  if (bytes.length !== target.length) {
    const got = `got ${bytes.length}`;
    throw new VerificationError(
      "METADATA_MISMATCH",
      `expected ${quote(path)} of ${target.length} bytes, ${got}`,
    );
  }
  for (const [name, wanted] of target.hashes) {
    const digest = name === "sha256" ? await sha256(bytes) : await sha512(bytes);
    const got = hexText(digest);
    if (got !== wanted) {
      throw new VerificationError(
        "METADATA_MISMATCH",
        `expected ${quote(path)} with ${name} ${wanted}, got ${got}`,
      );
    }
  }
}

/**
 * The address of a target below the publisher's folder of targets.
 * @throws VerificationError PATH_UNSAFE for a path with a way out of that folder
 */
export function targetAddress(path: string, target: TargetFile, consistentSnapshot: boolean): string {
  const segments = path.split("/");
  if (segments.some((segment) => segment === "" || segment === "." || segment === "..")) {
    throw new VerificationError("PATH_UNSAFE", `expected a plain target path, got ${quote(path)}`);
  }
  const base = segments.pop() as string;
  const [hash] = target.hashes.values();
  // TUF §5.7.3: dirname, then HASH.basename.
  const name = consistentSnapshot ? `${hash}.${base}` : base;
  return [...segments, name].map(encodedRoleName).join("/");
}

async function sha512(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-512", bytes as Uint8Array<ArrayBuffer>));
}

/** Undefined when verification refused; what the world did wrong passes through. */
async function accepted<T>(attempt: Promise<T>): Promise<{ value: T } | undefined> {
  try {
    return { value: await attempt };
  } catch (error) {
    if (error instanceof VerificationError) return undefined;
    throw error;
  }
}
