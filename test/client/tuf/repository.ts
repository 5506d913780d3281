/**
 * Any TUF repository in memory, not only one shaped like ours: every role's `signed` part is open, signatures are made by the keys
 * that `signers` holds, and old versions stay where they were published. Served on 127.0.0.1 by SimulatedServer.
 */
import type { JSONObject } from "../../../src/core/encoding/json.js";
import { encodedRoleName } from "../../../src/core/trust/delegations.js";
import { signMetadata } from "../../../src/issuing/tuf-signatures.js";
import { digestOf } from "../../simulator/publisher.js";
import { type TestSigner, testSigner } from "../../simulator/test-signer.js";

// biome-ignore lint/suspicious/noExplicitAny: tests bend metadata of every shape
export type Loose = any;

export const start = new Date("2026-11-22T12:00:00Z");
const soon = "2026-12-22T12:00:00Z";
const top = ["root", "timestamp", "snapshot", "targets"] as const;

export class GeneralRepository {
  /** Path to bytes, as the server serves them. */
  readonly tree = new Map<string, Uint8Array>();
  readonly signed: Record<string, Loose> = {};
  readonly signers: Record<string, TestSigner[]> = {};
  /** Whether snapshot and timestamp list lengths and hashes. */
  listHashes = false;

  static async create(): Promise<GeneralRepository> {
    const repository = new GeneralRepository();
    const base = (type: string) => ({ _type: type, spec_version: "1.0.34", version: 0, expires: soon });
    const root: Loose = { ...base("root"), consistent_snapshot: true, keys: {}, roles: {} };
    repository.signed.root = root;
    for (const role of top) {
      root.roles[role] = { keyids: [], threshold: 1 };
      await repository.addKey("root", role);
    }
    repository.signed.targets = { ...base("targets"), targets: {} };
    repository.signed.snapshot = { ...base("snapshot"), meta: {} };
    repository.signed.timestamp = { ...base("timestamp"), meta: {} };
    await repository.publish("root", "targets", "snapshot", "timestamp");
    return repository;
  }

  get root(): Loose {
    return this.signed.root;
  }

  /** One more key for a role, in the file that says who speaks for it. */
  async addKey(delegator: string, role: string, signer?: TestSigner): Promise<TestSigner> {
    const added = signer ?? (await testSigner());
    const holder = delegator === "root" ? this.root : this.signed[delegator].delegations;
    holder.keys[added.keyid] = added.key;
    const entry =
      delegator === "root"
        ? holder.roles[role]
        : (holder.roles?.find(({ name }: Loose) => name === role) ?? holder.succinct_roles);
    entry.keyids.push(added.keyid);
    this.signers[role] = [...(this.signers[role] ?? []), added];
    return added;
  }

  async rotate(role: string): Promise<void> {
    const entry = this.root.roles[role];
    entry.keyids = [];
    this.signers[role] = [];
    for (let i = 0; i < entry.threshold; i++) await this.addKey("root", role);
  }

  /** Delegates; the role's own file is made when it is new. */
  async delegate(delegator: string, name: string, facts: Loose = {}): Promise<void> {
    const { paths = ["*"], terminating = false, threshold = 1, ...rest } = facts;
    const file = this.signed[delegator];
    file.delegations ??= { keys: {}, roles: [] };
    const holder = file.delegations;
    const way = rest.path_hash_prefixes === undefined ? { paths } : rest;
    holder.roles.push({ name, keyids: [], threshold, terminating, ...way });
    this.signed[name] ??= {
      _type: "targets",
      spec_version: "1.0.34",
      version: 0,
      expires: soon,
      targets: {},
    };
    await this.addKey(delegator, name);
  }

  /** TAP 15: 2^bits roles under one key. */
  async delegateToBins(bits: number, prefix: string): Promise<void> {
    const succinct = { keyids: [] as string[], threshold: 1, bit_length: bits, name_prefix: prefix };
    this.signed.targets.delegations = { keys: {}, succinct_roles: succinct };
    const signer = await this.addKey("targets", prefix);
    const digits = Math.ceil(bits / 4);
    for (let bin = 0; bin < 2 ** bits; bin++) {
      const name = `${prefix}-${bin.toString(16).padStart(digits, "0")}`;
      this.signed[name] = {
        _type: "targets",
        spec_version: "1.0.34",
        version: 0,
        expires: soon,
        targets: {},
      };
      this.signers[name] = [signer];
    }
  }

  addTarget(role: string, path: string, content: string, hashes?: Loose): void {
    const bytes = Buffer.from(content);
    const sha256 = digestOf(bytes);
    this.signed[role].targets[path] = { length: bytes.length, hashes: hashes ?? { sha256 } };
    const slash = path.lastIndexOf("/") + 1;
    const [hash] = Object.values((hashes ?? { sha256 }) as Record<string, string>);
    const encoded = (name: string) => name.split("/").map(encodedRoleName).join("/");
    this.tree.set(encoded(`targets/${path.slice(0, slash)}${hash}.${path.slice(slash)}`), bytes);
    this.tree.set(encoded(`targets/${path}`), bytes);
  }

  /** The next version of each role, signed, listed and served, in the order given. */
  async publish(...roles: string[]): Promise<void> {
    for (const role of roles) {
      this.signed[role].version++;
      await this.serve(role);
    }
  }

  /** Signs what stands there, without another version, and lists it. `change` bends the file after it was signed. */
  async serve(role: string, change: (file: Loose) => Loose = (file) => file): Promise<void> {
    const signed = this.signed[role];
    const file = await signMetadata(signed as JSONObject, this.signers[role] ?? []);
    const bytes = Buffer.from(JSON.stringify(change(JSON.parse(Buffer.from(file).toString("utf8")))));
    const name = `${encodedRoleName(role)}.json`;
    this.tree.set(`metadata/${name}`, bytes);
    this.tree.set(`metadata/${signed.version}.${name}`, bytes);
    const entry = {
      version: signed.version,
      ...(this.listHashes && { length: bytes.length, hashes: { sha256: digestOf(bytes) } }),
    };
    if (role === "snapshot") this.signed.timestamp.meta = { "snapshot.json": entry };
    else if (!["root", "timestamp"].includes(role)) this.signed.snapshot.meta[`${role}.json`] = entry;
  }
}
