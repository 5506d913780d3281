/**
 * The general TUF client on repositories of every shape, through real HTTP and a real folder. The rows mean what the rows of the
 * field's conformance suite mean (it is run by test/interop/tuf-conformance.test.ts where it is present); TAP 15 bins, hash
 * prefixes and unversioned snapshots are ours.
 */
import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openHTTPFetcher } from "../../../src/adapters/fetcher/http.js";
import { openTUFFolder } from "../../../src/adapters/tuf-folder/filesystem.js";
import { PublicTreeReader } from "../../../src/client/fetch-file.js";
import { TUFClient, requireTarget, targetAddress } from "../../../src/client/tuf/tuf-client.js";
import type { ErrorCode } from "../../../src/core/errors.js";
import { SimulatedServer, instead } from "../../simulator/server.js";
import { testSigner } from "../../simulator/test-signer.js";
import { temporaryFolder } from "../../support/temporary.js";
import { GeneralRepository, type Loose, start } from "./repository.js";

let repository: GeneralRepository;
let server: SimulatedServer;
let folder: { path: string; remove(): Promise<void> };
let now: Date;
const fetcher = openHTTPFetcher({ silenceMs: 1000, bytesPerSecondMin: 100_000 });

beforeEach(async () => {
  now = start;
  repository = await GeneralRepository.create();
  server = await SimulatedServer.start(repository.tree);
  folder = await temporaryFolder();
  const { files } = await openTUFFolder(join(folder.path, "metadata"));
  await files.write("root.json", repository.tree.get("metadata/1.root.json") as Uint8Array);
});
afterEach(async () => {
  await server.close();
  await folder.remove();
});

/** A new process on the same folder. */
async function client(): Promise<TUFClient> {
  const { files } = await openTUFFolder(join(folder.path, "metadata"));
  return TUFClient.open({ files, metadata: new PublicTreeReader(fetcher, `${server.url}/metadata`), now });
}
const refresh = async () => (await client()).refresh();
const find = async (path: string) => (await client()).findTarget(path);
const version = async (role: string): Promise<number | undefined> => {
  const text = await readFile(join(folder.path, "metadata", `${role}.json`), "utf8").catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text).signed.version;
};
const code = (wanted: ErrorCode) => expect.objectContaining({ code: wanted });
const asked = () => server.requests.map((path) => path.replace(/^metadata\//, "").replace(/\.json$/, ""));
const all = ["targets", "snapshot", "timestamp"];

describe("a refresh", () => {
  it("asks for the next root, the timestamp, the snapshot and the targets, in this order", async () => {
    await refresh();
    expect(asked()).toEqual(["2.root", "timestamp", "1.snapshot", "1.targets"]);
  });

  it("keeps every file exactly as it was served", async () => {
    const bytes = Buffer.concat([
      repository.tree.get("metadata/timestamp.json") as Uint8Array,
      Buffer.from(" \n"),
    ]);
    repository.tree.set("metadata/timestamp.json", bytes);
    await refresh();
    expect(await readFile(join(folder.path, "metadata", "timestamp.json"))).toEqual(bytes);
  });

  it("asks for nothing but root and timestamp when nothing is new", async () => {
    await refresh();
    server.requests.length = 0;
    await refresh();
    expect(asked()).toEqual(["2.root", "timestamp"]);
  });

  it("takes unversioned names when snapshots are not consistent", async () => {
    repository.root.consistent_snapshot = false;
    await repository.publish("root", ...all);
    await refresh();
    expect(asked()).toEqual(["2.root", "3.root", "timestamp", "snapshot", "targets"]);
  });

  it.each(["ed25519", "ecdsa-p256-sha256", "rsa-pss-3072-sha256"] as const)(
    "takes %s keys",
    async (scheme) => {
      const signer = await testSigner(scheme);
      await repository.addKey("root", "root", signer);
      repository.root.roles.root.threshold = 2;
      await repository.publish("root");
      await refresh();
      expect(await version("root")).toBe(2);
      await repository.publish("root");
      await repository.serve("root", (file) => ({ ...file, signatures: spoiled(file, signer.keyid) }));
      await expect(refresh()).rejects.toThrowError(code("METADATA_THRESHOLD"));
      expect(await version("root")).toBe(2);
    },
  );

  it("lets members that nobody knows stand, in files, roles and keys", async () => {
    repository.root["x-note"] = { deep: [1] };
    repository.root.roles.root["x-note"] = "value";
    await repository.publish("root");
    await refresh();
    expect(await version("root")).toBe(2);
  });

  it("forgives a signature that is not one, as long as the threshold is met", async () => {
    await repository.addKey("root", "timestamp");
    await repository.publish("root", "timestamp");
    await repository.serve("timestamp", ({ signed, signatures: [a, b] }) => ({
      signed,
      signatures: [{ ...a, sig: "" }, b],
    }));
    await refresh();
  });
});

function spoiled({ signatures }: Loose, keyid: string): Loose[] {
  return signatures.map((one: Loose) =>
    one.keyid === keyid ? { ...one, sig: `00${one.sig.slice(2)}` } : one,
  );
}

describe("a refresh from a repository that lies", () => {
  type Row = [
    name: string,
    wanted: ErrorCode,
    lie: () => Promise<unknown>,
    kept: Record<string, number | undefined>,
  ];
  /** New keys made the client forget it. */
  const none = undefined;
  const rows: Row[] = [
    ...(["root", "timestamp", "snapshot", "targets"] as const).map((role): Row => {
      const order = ["root", "timestamp", "snapshot", "targets"];
      const kept = Object.fromEntries(
        order.map((one) => [one, order.indexOf(one) < order.indexOf(role) ? 2 : 1]),
      );
      return [`${role} without signatures`, "METADATA_THRESHOLD", () => unsigned(role), kept];
    }),
    ["rollback of the timestamp", "METADATA_ROLLBACK", () => back("timestamp"), { timestamp: 2 }],
    ["rollback of the snapshot", "METADATA_ROLLBACK", () => back("snapshot"), { timestamp: 2, snapshot: 2 }],
    ["rollback of the targets", "METADATA_ROLLBACK", () => back("targets"), { snapshot: 2, targets: 2 }],
    ["a snapshot that has lost a role", "METADATA_MISSING", lost, { snapshot: 2 }],
    ["a freeze", "METADATA_EXPIRED", async () => (now = new Date("2027-01-01T00:00:00Z")), { root: 1 }],
    [
      "an expired timestamp",
      "METADATA_EXPIRED",
      () => expired("timestamp"),
      { timestamp: 1, snapshot: 1, targets: 1 },
    ],
    ["an expired snapshot", "METADATA_EXPIRED", () => expired("snapshot"), { timestamp: 2, snapshot: 1 }],
    ["expired targets", "METADATA_EXPIRED", () => expired("targets"), { snapshot: 2, targets: 1 }],
    ["an expired root", "METADATA_EXPIRED", () => expired("root"), { root: 2, timestamp: 1 }],
    [
      "a snapshot that is not there",
      "FETCH_NOT_FOUND",
      () => gone("snapshot"),
      { timestamp: 2, snapshot: 1 },
    ],
    ["targets that are not there", "FETCH_NOT_FOUND", () => gone("targets"), { snapshot: 2, targets: 1 }],
    [
      "another version than its address says",
      "METADATA_MISMATCH",
      misnumbered,
      { timestamp: 2, snapshot: 1 },
    ],
    [
      "a snapshot with another hash",
      "METADATA_MISMATCH",
      () => rehashed("timestamp"),
      { timestamp: 2, snapshot: 1 },
    ],
    [
      "targets with another hash",
      "METADATA_MISMATCH",
      () => rehashed("snapshot"),
      { snapshot: 2, targets: 1 },
    ],
    ["a snapshot in place of the timestamp", "METADATA_MALFORMED", wrongType, { timestamp: none }],
    ["one key six times for a threshold of six", "METADATA_MALFORMED", sameKey, { root: 1, snapshot: 1 }],
    ["one signature twice", "METADATA_MALFORMED", twice, { timestamp: 2, snapshot: 1 }],
    ["more keys asked for than there are", "METADATA_THRESHOLD", unreachable, { root: 2, snapshot: none }],
    ["targets without end", "FETCH_TOO_LARGE", endless, { snapshot: 2, targets: 1 }],
    ["a role of ours as somebody's delegation", "METADATA_MALFORMED", shadowing, { targets: 1 }],
  ];

  it.each(rows)("refuses %s: %s", async (_name, wanted, lie, kept) => {
    await refresh();
    await lie();
    await expect(refresh()).rejects.toThrowError(code(wanted));
    for (const [role, expected] of Object.entries(kept))
      expect([role, await version(role)]).toEqual([role, expected]);
  });

  async function unsigned(role: string) {
    await repository.publish("root", ...all);
    const others = role === "root" ? [] : role === "targets" ? ["snapshot", "timestamp"] : ["timestamp"];
    await repository.serve(role, (file) => ({ ...file, signatures: [] }));
    for (const other of others.filter((one) => one !== role)) await repository.serve(other);
  }
  /** Publishes twos, lets the client see them, then a one of `role` under newer files. */
  async function back(role: string) {
    await repository.publish(...all);
    await refresh();
    repository.signed[role].version = 1;
    await repository.serve(role);
    if (role === "targets") await repository.publish("snapshot");
    if (role !== "timestamp") await repository.publish("timestamp");
  }
  async function lost() {
    await repository.delegate("targets", "team");
    await repository.publish("team", ...all);
    await refresh();
    delete repository.signed.snapshot.meta["team.json"];
    await repository.publish("snapshot", "timestamp");
  }
  async function expired(role: string) {
    repository.signed[role].expires = "2026-11-22T11:59:59Z";
    await repository.publish(...(role === "root" ? ["root", ...all] : all));
  }
  async function gone(role: string) {
    await repository.publish(...all);
    repository.tree.delete(`metadata/2.${role}.json`);
  }
  async function misnumbered() {
    await repository.publish("targets");
    repository.signed.snapshot.version = 7;
    await repository.serve("snapshot");
    repository.signed.timestamp.meta["snapshot.json"].version = 2;
    repository.tree.set(
      "metadata/2.snapshot.json",
      repository.tree.get("metadata/7.snapshot.json") as Uint8Array,
    );
    await repository.publish("timestamp");
  }
  async function rehashed(index: "timestamp" | "snapshot") {
    repository.listHashes = true;
    await repository.publish("targets");
    const bend = (name: string) =>
      (repository.signed[index].meta[`${name}.json`].hashes.sha256 = "0".repeat(64));
    if (index === "snapshot") bend("targets");
    await repository.publish("snapshot");
    if (index === "timestamp") bend("snapshot");
    await repository.publish("timestamp");
  }
  async function wrongType() {
    const [signer] = repository.signers.timestamp as [Loose];
    await repository.addKey("root", "snapshot", signer);
    repository.signed.snapshot.meta = { "snapshot.json": { version: 1 } };
    await repository.publish("root", "snapshot");
    repository.tree.set(
      "metadata/timestamp.json",
      repository.tree.get("metadata/2.snapshot.json") as Uint8Array,
    );
  }
  async function sameKey() {
    const { keyids } = repository.root.roles.snapshot;
    for (let i = 0; i < 5; i++) keyids.push(keyids[0]);
    repository.root.roles.snapshot.threshold = 6;
    await repository.publish("root", "snapshot", "timestamp");
  }
  async function twice() {
    await repository.publish("snapshot");
    await repository.serve("snapshot", (file) => ({
      ...file,
      signatures: [...file.signatures, ...file.signatures],
    }));
    await repository.publish("timestamp");
  }
  async function unreachable() {
    repository.root.roles.snapshot.threshold = 6;
    await repository.publish("root", "snapshot", "timestamp");
  }
  async function endless() {
    await repository.publish(...all);
    server.behaviours.push([/2\.targets/, instead(() => Buffer.alloc(5_000_001, 0x20))]);
  }
  async function shadowing() {
    await repository.delegate("targets", "snapshot-bin");
    repository.signed.targets.delegations.roles[0].name = "snapshot";
    await repository.publish(...all);
  }
});

describe("recovery from a fast-forward attack", () => {
  it.each([
    ["timestamp", ["timestamp"]],
    ["snapshot", ["timestamp", "snapshot"]],
    ["targets", ["snapshot"]],
  ])("of %s: a new root with new keys makes clients forget the number", async (role, rotated) => {
    repository.signed[role].version = 99;
    await repository.publish(role, ...all.slice(all.indexOf(role) + 1));
    await refresh();
    expect(await version(role)).toBe(100);
    for (const one of rotated) await repository.rotate(one);
    repository.signed[role].version = 1;
    await repository.publish("root");
    await repository.serve(role);
    await repository.publish(...all.slice(all.indexOf(role) + 1));
    await refresh();
    expect(await version(role)).toBe(1);
  });
});

describe("roots", () => {
  type Step = readonly [keys: number[], threshold: number, signers: number[]];
  const rows: [name: string, good: boolean, steps: Step[]][] = [
    [
      "one key rotated",
      true,
      [
        [[1], 1, [1]],
        [[2], 1, [2, 1]],
        [[2], 1, [2]],
      ],
    ],
    [
      "signatures that nobody asked for",
      true,
      [
        [[1], 1, [3, 1, 4]],
        [[2], 1, [3, 2, 1, 4]],
      ],
    ],
    [
      "3 of 5 by other signers each time",
      true,
      [
        [[0, 1, 2, 3, 4], 3, [0, 2, 4]],
        [[0, 1, 2, 3, 4], 3, [0, 4, 1]],
      ],
    ],
    [
      "all five rotated at once",
      true,
      [
        [[0, 1, 2, 3, 4], 3, [0, 2, 4]],
        [[5, 6, 7, 8, 9], 3, [0, 2, 4, 5, 6, 7]],
      ],
    ],
    [
      "threshold raised",
      true,
      [
        [[1, 2, 3], 1, [1]],
        [[1, 2, 3], 2, [1, 2]],
      ],
    ],
    [
      "threshold lowered by enough signers",
      true,
      [
        [[1, 2, 3], 2, [1, 2]],
        [[1, 2, 3], 1, [1, 2]],
        [[1, 2, 3], 1, [1]],
      ],
    ],
    [
      "not by the old key",
      false,
      [
        [[1], 1, [1]],
        [[2], 1, [2, 3, 4]],
      ],
    ],
    [
      "not by the new key",
      false,
      [
        [[1], 1, [1]],
        [[2], 1, [1, 3, 4]],
      ],
    ],
    [
      "not by three of the new five",
      false,
      [
        [[0, 1, 2, 3, 4], 3, [0, 2, 4]],
        [[0, 1, 3, 4, 5], 3, [0, 2, 4]],
      ],
    ],
    [
      "not by three of the old five",
      false,
      [
        [[0, 1, 2, 3, 4], 3, [0, 2, 4]],
        [[0, 1, 3, 4, 5], 3, [0, 4, 5]],
      ],
    ],
    [
      "threshold raised by too few",
      false,
      [
        [[1, 2, 3], 1, [1]],
        [[1, 2, 3], 2, [2]],
      ],
    ],
    [
      "threshold lowered by too few",
      false,
      [
        [[1, 2, 3], 2, [1, 2]],
        [[1, 2, 3], 1, [1]],
      ],
    ],
  ];
  it.each(rows)("%s: accepted %s", async (_name, good, steps) => {
    const signers = await Promise.all(Array.from({ length: 10 }, () => testSigner()));
    repository.root.version = 0;
    for (const [keys, threshold, by] of steps) {
      repository.root.roles.root = { keyids: [], threshold };
      for (const i of keys) await repository.addKey("root", "root", signers[i]);
      repository.signers.root = by.map((i) => signers[i] as Loose);
      await repository.publish("root");
    }
    const { files } = await openTUFFolder(join(folder.path, "metadata"));
    await files.write("root.json", repository.tree.get("metadata/1.root.json") as Uint8Array);
    if (good) await refresh();
    else await expect(refresh()).rejects.toThrowError(code("METADATA_THRESHOLD"));
    expect(await version("root")).toBe(good ? steps.length : steps.length - 1);
  });
});

describe("the search for a target", () => {
  type Edge = [from: string, to: string, facts?: Loose];
  const graphs: [name: string, edges: Edge[], visited: string[]][] = [
    [
      "one level",
      [
        ["targets", "A"],
        ["targets", "B"],
      ],
      ["A", "B"],
    ],
    [
      "depth before breadth",
      [
        ["targets", "A"],
        ["targets", "B"],
        ["A", "C"],
        ["C", "D"],
      ],
      ["A", "C", "D", "B"],
    ],
    [
      "a terminating role ends it",
      [
        ["targets", "A"],
        ["targets", "B"],
        ["A", "C", { terminating: true }],
        ["A", "D"],
      ],
      ["A", "C"],
    ],
    [
      "below a terminating role it goes on",
      [
        ["targets", "A"],
        ["A", "C", { terminating: true }],
        ["C", "D"],
        ["targets", "B"],
      ],
      ["A", "C", "D"],
    ],
    [
      "who is not asked about the path is left out",
      [
        ["targets", "A", { paths: ["*.py"] }],
        ["targets", "B"],
        ["A", "C"],
      ],
      ["B"],
    ],
    [
      "a cycle",
      [
        ["targets", "A"],
        ["A", "B"],
        ["B", "C"],
        ["C", "A"],
      ],
      ["A", "B", "C"],
    ],
    [
      "two ways to one role",
      [
        ["targets", "A"],
        ["targets", "B"],
        ["B", "C"],
        ["A", "C"],
      ],
      ["A", "C", "B"],
    ],
  ];
  it.each(graphs)("%s", async (_name, edges, visited) => {
    for (const [from, to, facts] of edges) await repository.delegate(from, to, facts);
    await repository.publish(...new Set(edges.map(([, to]) => to)), ...all);
    await expect(find("missing")).rejects.toThrowError(code("TARGET_UNKNOWN"));
    expect(asked().slice(4)).toEqual(visited.map((role) => `1.${role}`));
  });

  it.each([
    ["README.md", ["A"], true],
    ["foo-1.tgz", ["A"], true],
    ["foo-12.tgz", [], false],
    ["README.MD", [], false],
    ["x/README.md", [], false],
    ["releases/y/v1.zip", ["B"], true],
    ["releases/v1.zip", [], false],
  ])("asks for %s: %s", async (path, visited, found) => {
    await repository.delegate("targets", "A", { paths: ["*.md", "foo-?.tgz"] });
    await repository.delegate("targets", "B", { paths: ["releases/*/*"] });
    for (const role of ["A", "B"]) repository.addTarget(role, path, "content");
    await repository.publish("A", "B", ...all);
    if (found) expect(await find(path)).toMatchObject({ length: 7 });
    else await expect(find(path)).rejects.toThrowError(code("TARGET_UNKNOWN"));
    expect(asked().slice(4)).toEqual(visited.map((role) => `1.${role}`));
  });

  it("TUF §4.5 goes by prefixes of the path's hash", async () => {
    const digest = createHash("sha256").update("tool/a").digest("hex");
    const other = digest.startsWith("0") ? "1" : "0";
    await repository.delegate("targets", "wrong", { path_hash_prefixes: [other] });
    await repository.delegate("targets", "right", { path_hash_prefixes: [other, digest.slice(0, 3)] });
    repository.addTarget("right", "tool/a", "a");
    await repository.publish("wrong", "right", ...all);
    expect(await find("tool/a")).toMatchObject({ length: 1 });
    expect(asked().slice(4)).toEqual(["1.right"]);
  });

  it("TAP 15 goes straight to the one bin of 2^bit_length", async () => {
    await repository.delegateToBins(5, "bin");
    const bin = (createHash("sha256").update("tool/a").digest()[0] as number) >> 3;
    const name = `bin-${bin.toString(16).padStart(2, "0")}`;
    repository.addTarget(name, "tool/a", "a");
    await repository.publish(
      ...Object.keys(repository.signed).filter((role) => role.startsWith("bin-")),
      ...all,
    );
    expect(await find("tool/a")).toMatchObject({ length: 1 });
    expect(asked().slice(4)).toEqual([`1.${name}`]);
  });

  it("stops after 32 delegated roles", async () => {
    const names = Array.from({ length: 40 }, (_, i) => `role${i}`);
    for (const name of names) await repository.delegate("targets", name);
    await repository.publish(...names, ...all);
    await expect(find("missing")).rejects.toThrowError(code("LIMIT_EXCEEDED"));
  });

  it("does not even ask for a role that the snapshot does not list", async () => {
    await repository.delegate("targets", "team");
    await repository.publish("team", "targets");
    delete repository.signed.snapshot.meta["team.json"];
    await repository.publish("snapshot", "timestamp");
    await expect(find("x")).rejects.toThrowError(code("METADATA_MISSING"));
    expect(asked()).not.toContain("1.team");
  });

  it("verifies a role against the delegator that it was reached through, every time", async () => {
    await repository.delegate("targets", "parent-a", { paths: ["team-a/*"] });
    await repository.delegate("targets", "parent-b", { paths: ["team-b/*"] });
    await repository.delegate("parent-a", "release", { paths: ["team-a/*"] });
    await repository.delegate("parent-b", "release", { paths: ["team-b/*"] });
    repository.signers.release = repository.signers.release?.slice(0, 1) as Loose;
    repository.addTarget("release", "team-a/x", "trusted");
    repository.addTarget("release", "team-b/x", "not trusted");
    await repository.publish("release", "parent-a", "parent-b", ...all);
    const one = await client();
    expect(await one.findTarget("team-a/x")).toMatchObject({ length: 7 });
    await expect(one.findTarget("team-b/x")).rejects.toThrowError(code("METADATA_THRESHOLD"));
  });

  it.each(["?", "#", "/role", "../role", "..", "a b", "a%2Fb", "*'()!"])(
    "gives the role name %j no way out of folder or address",
    async (name) => {
      await repository.delegate("targets", name);
      await repository.publish(name, ...all);
      await expect(find("missing")).rejects.toThrowError(code("TARGET_UNKNOWN"));
      const encoded = encodeURIComponent(name).replace(
        /[!'()*]/g,
        (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
      );
      expect(asked().at(-1)).toBe(`1.${encoded}`);
      const files = (await readdir(join(folder.path, "metadata"))).filter((file) => file.endsWith(".json"));
      expect(files).toHaveLength(5);
      expect(await readdir(folder.path)).toEqual(["metadata"]);
    },
  );
});

describe("a target", () => {
  const bytes = Buffer.from("content");
  const digest = (name: string) => createHash(name).update(bytes).digest("hex");
  const file = async (hashes: Loose) => {
    repository.addTarget("targets", "a.txt", "content", hashes);
    await repository.publish(...all);
    return find("a.txt");
  };

  it.each([["sha256"], ["sha512"], ["sha256", "sha512"]])("is held against its %s", async (...names) => {
    const target = await file(Object.fromEntries(names.map((name) => [name, digest(name)])));
    await requireTarget(bytes, target, "a.txt");
    await expect(requireTarget(Buffer.from("c0ntent"), target, "a.txt")).rejects.toThrowError(
      code("METADATA_MISMATCH"),
    );
    await expect(requireTarget(Buffer.from("conten"), target, "a.txt")).rejects.toThrowError(
      code("METADATA_MISMATCH"),
    );
  });

  it("with a hash that nobody can compute is refused", async () => {
    await expect(file({ "unknown-hash": digest("sha512") })).rejects.toThrowError(code("METADATA_MALFORMED"));
  });

  it.each(["../a", "a/../b", "/a", "a//b", "a/.", ".."])("at %j is refused", (path) => {
    const target = { length: 1, hashes: new Map([["sha256", "0".repeat(64)]] as const) };
    expect(() => targetAddress(path, target, true)).toThrowError(code("PATH_UNSAFE"));
  });
});
