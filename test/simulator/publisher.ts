/**
 * A publisher of our own for tests: TUF keys and the development PKI in memory, a public tree in a map, releases of lists of
 * indicators. Every lie is a choice: who signs, what stands in the files, how the bytes are changed after all was signed.
 */
import { type FeedName, feedName, releaseNumber, sha256Hex } from "../../src/core/brands.js";
import type { JSONObject } from "../../src/core/encoding/json.js";
import { type PackMethod, methodCodecs } from "../../src/core/format/codec.js";
import { deltaCodec } from "../../src/core/format/pack-header.js";
import type { PackFacts } from "../../src/core/format/model.js";
import { formatManifest } from "../../src/core/release/manifest.js";
import {
  manifestSignaturePath,
  metadataPath,
  packPath,
  timestampPath,
} from "../../src/core/release/tree-paths.js";
import type { Manifest, SignaturePolicy } from "../../src/core/trust/model.js";
import type { RingTable } from "../../src/core/trust/rings.js";
import { rootSigned, snapshotSigned, targetsSigned, timestampSigned } from "../../src/issuing/tuf.js";
import { signMetadata } from "../../src/issuing/tuf-signatures.js";
import { type Publisher, type StatusAddresses, createPublisher } from "../core/pki/publisher.js";
import { digestOf } from "./digest-of.js";
import type { SimulatedLog } from "./log.js";
import type { RuleKind, SourceFile } from "../../src/core/rules/model.js";
import { type BuiltDatabase, type Sources, buildDatabase, buildDelta, buildFullPack } from "./packs.js";
import { type TestSigner, testSigner } from "./test-signer.js";

type Role = "root" | "targets" | "snapshot" | "timestamp";

export interface ReleaseChoices {
  /** Rules beside the indicators: files of any kind, by their paths. */
  readonly sources?: Sources;
  /** Instead of publisher and overseer. */
  readonly signers?: readonly TestSigner[];
  /** Files of other kinds than indicators. */
  readonly rules?: Partial<Record<RuleKind, SourceFile>>;
  /** Changes the manifest before it is signed. */
  readonly manifest?: (manifest: Manifest) => Manifest;
  /** Instead of the publisher's CMS over the manifest; undefined for none. */
  readonly cms?: (manifest: Uint8Array) => Promise<Uint8Array | undefined>;
  /** Releases from which a delta is made; all earlier ones when absent. */
  readonly deltasFrom?: readonly number[];
  readonly expires?: Partial<Record<Role | "feed", Date>>;
}

export class SimulatedPublisher {
  readonly feed: FeedName = feedName("endpoint");
  /** The public tree: path to bytes. */
  readonly tree = new Map<string, Uint8Array>();
  now: Date;
  keys: Record<Role, readonly TestSigner[]>;
  readonly publisherKey: TestSigner;
  readonly overseerKey: TestSigner;
  readonly identity: Publisher;
  /** The first root: what a customer pins. */
  root = new Uint8Array();
  readonly databases = new Map<number, BuiltDatabase>();
  readonly versions: Record<Role, number> = { root: 0, targets: 0, snapshot: 0, timestamp: 0 };
  newest = 0;
  /** Set before a root is published: that root asks for it. */
  log: SimulatedLog | undefined;
  /** What the next timestamps say. */
  rings: RingTable = new Map();
  /** How the next full packs are compressed. */
  method: PackMethod = "xz";
  #packs: PackFacts[] = [];
  #manifestSha256: string | null = null;

  private constructor(
    now: Date,
    keys: Record<Role, readonly TestSigner[]>,
    publisherKey: TestSigner,
    overseerKey: TestSigner,
    identity: Publisher,
  ) {
    this.now = now;
    this.keys = keys;
    this.publisherKey = publisherKey;
    this.overseerKey = overseerKey;
    this.identity = identity;
  }

  static async create(now: Date, addresses?: StatusAddresses): Promise<SimulatedPublisher> {
    const signers = (count: number) => Promise.all(Array.from({ length: count }, () => testSigner()));
    const [root, targets, snapshot, timestamp] = [
      await signers(3),
      await signers(2),
      await signers(1),
      await signers(1),
    ];
    const publisherKey = await testSigner("ecdsa-p256-sha256");
    const identity = await createPublisher(publisherKey, now, addresses);
    const publisher = new SimulatedPublisher(
      now,
      { root, targets, snapshot, timestamp },
      publisherKey,
      await testSigner(),
      identity,
    );
    await publisher.publishRoot();
    await publisher.publishTargets();
    publisher.root = publisher.tree.get(metadataPath("root", 1)) as typeof publisher.root;
    return publisher;
  }

  get policy(): SignaturePolicy {
    return { ...this.identity.policy, ...(this.log && { log: this.log.demand }) };
  }

  in(days: number): Date {
    return new Date(this.now.getTime() + days * 86_400_000);
  }

  async publishRoot(signers: readonly TestSigner[] = this.keys.root, expires = this.in(365)): Promise<void> {
    const grant = (role: Role, threshold: number) => ({
      keys: this.keys[role].map(({ key }) => key),
      threshold,
    });
    const roles = {
      root: grant("root", 2),
      targets: grant("targets", 2),
      snapshot: grant("snapshot", 1),
      timestamp: grant("timestamp", 1),
    };
    const version = ++this.versions.root;
    const signed = rootSigned({ version, expires, roles, policy: this.policy });
    this.tree.set(metadataPath("root", version), await signMetadata(signed, signers));
  }

  async publishTargets(feedKeys = [this.publisherKey, this.overseerKey], threshold = 2): Promise<void> {
    const version = ++this.versions.targets;
    const keys = feedKeys.map(({ key }) => key);
    const honest =
      feedKeys.length === 2 && feedKeys.includes(this.publisherKey) && feedKeys.includes(this.overseerKey);
    const parties = honest && { publisher: [this.publisherKey.key], overseer: [this.overseerKey.key] };
    const feeds = [{ feed: this.feed, keys, threshold, ...(parties && { parties }) }];
    const signed = targetsSigned({ version, expires: this.in(365), feeds });
    this.tree.set(metadataPath("targets", version), await signMetadata(signed, this.keys.targets));
  }

  /** What puts everything back as it is now, the tree in its place. */
  checkpoint(): () => void {
    const { now, keys, root, newest, log, rings, method } = this;
    const [tree, databases, versions] = [new Map(this.tree), new Map(this.databases), { ...this.versions }];
    const [packs, manifestSha256] = [this.#packs, this.#manifestSha256];
    return () => {
      Object.assign(this, { now, keys, root, newest, log, rings, method });
      Object.assign(this.versions, versions);
      this.#packs = packs;
      this.#manifestSha256 = manifestSha256;
      refill(this.tree, tree);
      refill(this.databases, databases);
    };
  }

  /** Compiles, packs, signs and publishes the next release. */
  async release(indicators: readonly string[], choices: ReleaseChoices = {}): Promise<Manifest> {
    const number = releaseNumber(this.newest + 1);
    const database = await buildDatabase(indicators, choices.rules, choices.sources);
    const packs = await this.#makePacks(number, database, choices);
    const built: Manifest = {
      version: number,
      expires: time(choices.expires?.feed ?? this.in(30)),
      block: {
        schema: 1,
        feed: this.feed,
        release: number,
        createdAt: time(this.now),
        database: {
          sha256: database.sha256,
          bytes: database.bytes.length,
          rules: { ioc: indicators.length },
        },
        sourceTreeSha256: sha256Hex("a".repeat(64)),
        compiler: { name: "simulator", version: "1", sha256: sha256Hex("b".repeat(64)) },
        previousManifestSha256: this.#manifestSha256 === null ? null : sha256Hex(this.#manifestSha256),
        minimumClient: "0.1.0",
        approvalsSha256: sha256Hex("c".repeat(64)),
      },
      packs,
    };
    const manifest = choices.manifest?.(built) ?? built;
    const bytes = await signMetadata(
      formatManifest(manifest),
      choices.signers ?? [this.publisherKey, this.overseerKey],
    );
    this.newest = number;
    this.databases.set(number, database);
    this.#manifestSha256 = digestOf(bytes);
    this.tree.set(metadataPath(this.feed, number), bytes);
    const cms = await (choices.cms ?? ((file) => this.identity.sign(file)))(bytes);
    if (cms !== undefined) this.tree.set(manifestSignaturePath(this.feed, number), cms);
    await this.log?.publish(this.tree, this.now, manifest, bytes);
    await this.publishSnapshot(choices.expires);
    return manifest;
  }

  /** A snapshot of what is newest, and a timestamp for it. `change` bends the snapshot before it is signed. */
  async publishSnapshot(
    expires: ReleaseChoices["expires"] = {},
    change: (signed: JSONObject) => void = () => undefined,
  ): Promise<void> {
    const version = ++this.versions.snapshot;
    const targets = this.#file("targets", this.versions.targets);
    const feeds = new Map([[this.feed, this.#file(this.feed, this.newest)]]);
    const signed = await snapshotSigned({ version, expires: expires.snapshot ?? this.in(7), targets, feeds });
    change(signed);
    this.tree.set(metadataPath("snapshot", version), await signMetadata(signed, this.keys.snapshot));
    await this.publishTimestamp(expires.timestamp);
  }

  async publishTimestamp(expires = this.in(1), snapshot = this.versions.snapshot): Promise<void> {
    const version = ++this.versions.timestamp;
    const file = this.#file("snapshot", snapshot);
    const signed = await timestampSigned({ version, expires, snapshot: file, rings: this.rings });
    this.tree.set(timestampPath, await signMetadata(signed, this.keys.timestamp));
  }

  /** A timestamp that gives the newest release to so many of a thousand endpoints. */
  async ring(permille: number, stable = this.newest - 1, candidate = this.newest): Promise<void> {
    const entry = { candidate: releaseNumber(candidate), stable: releaseNumber(stable), permille };
    this.rings = new Map([[this.feed, entry]]);
    await this.publishTimestamp();
  }

  #file(role: string, version: number) {
    return { version, bytes: this.tree.get(metadataPath(role, version)) as Uint8Array };
  }

  async #makePacks(number: number, database: BuiltDatabase, choices: ReleaseChoices): Promise<PackFacts[]> {
    const fresh = [
      await this.#place("full", 0, number, await buildFullPack(database, this.method), database),
    ];
    const from = choices.deltasFrom ?? [...this.databases.keys()];
    for (const older of from) {
      const delta = await buildDelta(this.databases.get(older) as BuiltDatabase, database);
      fresh.push(await this.#place("delta", older, number, delta, database));
    }
    // Older deltas stay on offer, so that paths of several packs exist; older full packs do not.
    this.#packs = [...this.#packs.filter(({ kind, to }) => kind === "delta" && to < number), ...fresh];
    return this.#packs;
  }

  async #place(
    kind: "full" | "delta",
    from: number,
    to: number,
    bytes: Uint8Array,
    database: BuiltDatabase,
  ): Promise<PackFacts> {
    const name = kind === "full" ? `${to}.full.rmp` : `${from}-${to}.delta.rmp`;
    const pack: PackFacts = {
      path: `${this.feed}/${name}`,
      kind,
      from,
      to: releaseNumber(to),
      bytes: bytes.length,
      sha256: digestOf(bytes),
      databaseSha256: database.sha256,
      databaseBytes: database.bytes.length,
      codec: kind === "full" ? methodCodecs[this.method] : deltaCodec,
    };
    this.tree.set(packPath(pack), bytes);
    return pack;
  }
}

function refill<K, V>(map: Map<K, V>, content: ReadonlyMap<K, V>): void {
  map.clear();
  for (const [key, value] of content) map.set(key, value);
}

export { digestOf };
const time = (date: Date) => `${date.toISOString().slice(0, 19)}Z`;
