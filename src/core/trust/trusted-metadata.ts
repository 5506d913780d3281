/**
 * The state machine that guards trust in TUF metadata (TUF 1.0.34 §5). It takes bytes and either trusts them or throws
 * one code and stays as it was. It fetches nothing; the reference time is fixed when it is made.
 *
 * Order: `start`, `updateRoot`…, `finishRoot`, (`restore…`), `updateTimestamp`, `updateSnapshot`, `updateTargets`, `updateFeed`.
 */
import type { FeedName } from "../brands.js";
import { hexText } from "../encoding/bytes.js";
import { sha256 } from "../encoding/sha256.js";
import { VerificationError, quote } from "../errors.js";
import { limits } from "../limits.js";
import {
  type Delegation,
  type Envelope,
  type MetaFile,
  type RoleKeys,
  type Root,
  type Snapshot,
  type Targets,
  type Timestamp,
  common,
  formatTime,
  parseEnvelope,
  parseRoot,
  parseSnapshot,
  parseTargets,
  parseTimestamp,
} from "./metadata.js";
import { parseParties, requireParties } from "./parties.js";
import { matchesPathPattern } from "./path-pattern.js";
import { type ProvenSigner, requireThreshold } from "./threshold.js";

/** Metadata of a feed's role that TUF has proven: who signed it, and the exact bytes that they signed. */
export interface ProvenFeed {
  readonly feed: FeedName;
  readonly envelope: Envelope;
  readonly metadata: Targets;
  readonly signers: readonly ProvenSigner[];
}

export class TrustedMetadata {
  readonly #now: Date;
  #root: Root;
  #rotations = 0;
  #timestamp: Timestamp | undefined;
  #snapshot: Snapshot | undefined;
  #targets: Targets | undefined;

  private constructor(root: Root, now: Date) {
    this.#root = root;
    this.#now = now;
  }

  /** TUF §5.2: a root that is trusted already. Its own expiry does not matter yet. */
  static async start(rootBytes: Uint8Array, now: Date): Promise<TrustedMetadata> {
    const envelope = parseEnvelope(rootBytes, "root");
    const root = parseRoot(envelope.signed);
    await requireThreshold(envelope, root.roles.root, "root");
    return new TrustedMetadata(root, now);
  }

  get root(): Root {
    return this.#root;
  }
  get timestamp(): Timestamp | undefined {
    return this.#timestamp;
  }
  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }
  get targets(): Targets | undefined {
    return this.#targets;
  }

  /**
   * TUF §5.3.4 to §5.3.8: the next root. True when the keys of timestamp or snapshot changed: what was stored of both must
   * then be forgotten, so that a stolen key cannot leave version numbers behind that nobody can ever pass (fast-forward).
   *
   * @throws VerificationError ROOT_CHAIN_BROKEN, METADATA_THRESHOLD, METADATA_MALFORMED
   */
  async updateRoot(bytes: Uint8Array): Promise<boolean> {
    // SPEC §8.2.8: going on under a root that is not the newest would trust keys that a later one has taken back.
    const most = limits.rootRotationsMax;
    if (this.#rotations === most) throw brokenChain(`at most ${most} new roots at once`, "more");
    const envelope = parseEnvelope(bytes, "root");
    const next = parseRoot(envelope.signed);
    await requireThreshold(envelope, this.#root.roles.root, "root, as the root before it says");
    await requireThreshold(envelope, next.roles.root, "root, as it says itself");
    const following = this.#root.version + 1;
    if (next.version !== following) throw brokenChain(`root version ${following}`, `${next.version}`);
    const { timestamp, snapshot } = this.#root.roles;
    this.#root = next;
    this.#rotations++;
    const rotated = !sameKeys(timestamp, next.roles.timestamp) || !sameKeys(snapshot, next.roles.snapshot);
    if (rotated) {
      this.#timestamp = undefined;
      this.#snapshot = undefined;
    }
    return rotated;
  }

  /** TUF §5.3.10: the last root of the chain, and only it, must not have expired. @throws VerificationError METADATA_EXPIRED */
  finishRoot(): void {
    this.#requireFresh(this.#root, "root");
  }

  /**
   * What an earlier run stored, as the floor below which nothing may fall. It is signed by the current keys or it is
   * nothing; it may have expired. @throws VerificationError when it is not to be used: forget it.
   */
  async restoreTimestamp(bytes: Uint8Array): Promise<void> {
    const envelope = parseEnvelope(bytes, "timestamp");
    await requireThreshold(envelope, this.#root.roles.timestamp, "timestamp");
    this.#timestamp = parseTimestamp(envelope.signed);
  }

  /** See `restoreTimestamp`. */
  async restoreSnapshot(bytes: Uint8Array): Promise<void> {
    const envelope = parseEnvelope(bytes, "snapshot");
    await requireThreshold(envelope, this.#root.roles.snapshot, "snapshot");
    this.#snapshot = parseSnapshot(envelope.signed);
  }

  /**
   * TUF §5.4. False when the version is the one that is trusted: there is nothing new, the stored file stays.
   * @throws VerificationError METADATA_ROLLBACK, METADATA_EXPIRED, METADATA_THRESHOLD, METADATA_MALFORMED
   */
  async updateTimestamp(bytes: Uint8Array): Promise<boolean> {
    const envelope = parseEnvelope(bytes, "timestamp");
    await requireThreshold(envelope, this.#root.roles.timestamp, "timestamp");
    const next = parseTimestamp(envelope.signed);
    const trusted = this.#timestamp;
    if (trusted !== undefined) {
      requireNotLower(next.version, trusted.version, "timestamp");
      if (next.version === trusted.version) {
        this.#requireFresh(trusted, "timestamp");
        return false;
      }
      // TUF §5.4.3.2: the snapshot it names must not be older either.
      requireNotLower(next.snapshot.version, trusted.snapshot.version, "snapshot, in timestamp");
    }
    this.#requireFresh(next, "timestamp");
    this.#timestamp = next;
    return true;
  }

  /** TUF §5.5. @throws VerificationError METADATA_MISMATCH, _THRESHOLD, _ROLLBACK, _MISSING, _EXPIRED, _MALFORMED */
  async updateSnapshot(bytes: Uint8Array): Promise<void> {
    const wanted = required(this.#timestamp, "timestamp").snapshot;
    // TUF §5.5.2: the hash comes before the signature, so that nobody feeds the parser.
    await requireFile(bytes, wanted, "snapshot");
    const envelope = parseEnvelope(bytes, "snapshot");
    await requireThreshold(envelope, this.#root.roles.snapshot, "snapshot");
    const next = parseSnapshot(envelope.signed);
    requireVersion(next, wanted, "snapshot");
    for (const [name, before] of this.#snapshot?.files ?? []) {
      const now = next.files.get(name);
      // TUF §5.5.5: what was listed stays listed, and never gets older.
      if (now === undefined) {
        throw new VerificationError("METADATA_MISSING", `expected ${quote(name)} in snapshot, got none`);
      }
      requireNotLower(now.version, before.version, `${quote(name)}, in snapshot`);
    }
    this.#requireFresh(next, "snapshot");
    this.#snapshot = next;
  }

  /** TUF §5.6. @throws VerificationError METADATA_MISMATCH, _THRESHOLD, _EXPIRED, _MISSING, _MALFORMED */
  async updateTargets(bytes: Uint8Array): Promise<void> {
    const { envelope } = await this.verifyTargets(bytes, "targets", this.#root.roles.targets);
    this.#targets = parseTargets(envelope.signed);
  }

  /**
   * SPEC §5.3.4, TUF §5.6.7 for a role that `targets` delegates to. It is verified against the delegation as it stands now, even when the
   * bytes are an old acquaintance: a delegator that takes a key away must be obeyed.
   *
   * @throws VerificationError METADATA_MISSING, METADATA_MISMATCH, METADATA_THRESHOLD, METADATA_EXPIRED, TARGET_UNKNOWN
   */
  async updateFeed(bytes: Uint8Array, feed: FeedName): Promise<ProvenFeed> {
    const delegation = this.delegation(feed);
    const { envelope, signers } = await this.verifyTargets(bytes, feed, delegation);
    const next = parseTargets(envelope.signed);
    requireParties(signers, parseParties(required(this.#targets, "targets").signed, delegation), feed);
    // SPEC §5.3.8, TUF §5.6.7.2: a role speaks for the paths that were delegated to it and for no other.
    const stray = next.targetPaths.find((path) => !delegation.paths.some((p) => matchesPathPattern(p, path)));
    if (stray !== undefined) {
      throw new VerificationError(
        "TARGET_UNKNOWN",
        `expected paths that are delegated to ${feed}, got ${quote(stray)}`,
      );
    }
    this.#requireRing(feed, next.version);
    return { feed, envelope, metadata: next, signers };
  }

  /** SPEC §16.1.5: rings are about the newest release, or they are about nothing. */
  #requireRing(feed: FeedName, version: number): void {
    const ring = this.#timestamp?.rings.get(feed);
    if (ring === undefined || ring.candidate === version) return;
    throw new VerificationError(
      "METADATA_MISMATCH",
      `expected rings of release ${version} of ${feed} in the timestamp, got some of ${ring.candidate}`,
    );
  }

  /** What the snapshot says about a metadata file. @throws VerificationError METADATA_MISSING */
  expected(role: string): MetaFile {
    return required(required(this.#snapshot, "snapshot").files.get(`${role}.json`), role);
  }

  /** @throws VerificationError METADATA_MISSING when `targets` delegates to no such feed */
  delegation(feed: FeedName): Delegation {
    const { delegations } = required(this.#targets, "targets");
    return required(
      delegations.find(({ name }) => name === feed),
      `a delegation to ${feed}`,
    );
  }

  /**
   * TUF §5.6 for any role below the snapshot, against the keys that its delegator gives it now. What it delegates further is
   * not read here: trees of other publishers may delegate in ways that SPEC §5.3 does not allow ours.
   *
   * @throws VerificationError METADATA_MISSING, METADATA_MISMATCH, METADATA_THRESHOLD, METADATA_EXPIRED, METADATA_MALFORMED
   */
  async verifyTargets(
    bytes: Uint8Array,
    name: string,
    role: RoleKeys,
  ): Promise<{ readonly envelope: Envelope; readonly signers: readonly ProvenSigner[] }> {
    const wanted = this.expected(name);
    await requireFile(bytes, wanted, name);
    const envelope = parseEnvelope(bytes, "targets");
    const signers = await requireThreshold(envelope, role, name);
    const next = common(envelope.signed);
    requireVersion(next, wanted, name);
    this.#requireFresh(next, name);
    return { envelope, signers };
  }

  /** TUF §5.1: every expiry is judged at the one reference time. At the instant of expiry it has expired. */
  #requireFresh(file: { readonly expires: Date }, name: string): void {
    if (file.expires.getTime() <= this.#now.getTime()) {
      throw new VerificationError(
        "METADATA_EXPIRED",
        `expected ${name} to be valid at ${formatTime(this.#now)}, got expiry at ${formatTime(file.expires)}`,
      );
    }
  }
}

/** Length and hash that the signed index gave. @throws VerificationError METADATA_MISMATCH */
async function requireFile(bytes: Uint8Array, wanted: MetaFile, name: string): Promise<void> {
  if (wanted.length !== undefined && bytes.length > wanted.length) {
    throw mismatch(`${name} of at most ${wanted.length} bytes`, `${bytes.length}`);
  }
  if (wanted.sha256 === undefined) return;
  const digest = hexText(await sha256(bytes));
  if (digest !== wanted.sha256) throw mismatch(`${name} with SHA-256 ${wanted.sha256}`, digest);
}

function requireVersion(next: { readonly version: number }, wanted: MetaFile, name: string): void {
  if (next.version !== wanted.version) {
    throw mismatch(`${name} version ${wanted.version}`, `${next.version}`);
  }
}

function requireNotLower(offered: number, trusted: number, name: string): void {
  if (offered < trusted) {
    throw new VerificationError(
      "METADATA_ROLLBACK",
      `expected ${name} of version ${trusted} or above, got ${offered}`,
    );
  }
}

function required<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new VerificationError("METADATA_MISSING", `expected ${what}, got none`);
  return value;
}

function mismatch(expected: string, got: string): VerificationError {
  return new VerificationError("METADATA_MISMATCH", `expected ${expected}, got ${got}`);
}

function sameKeys(a: RoleKeys, b: RoleKeys): boolean {
  return (
    a.threshold === b.threshold &&
    a.keys.size === b.keys.size &&
    [...a.keys.keys()].every((id) => b.keys.has(id))
  );
}

function brokenChain(expected: string, got: string): VerificationError {
  return new VerificationError("ROOT_CHAIN_BROKEN", `expected ${expected}, got ${got}`);
}
