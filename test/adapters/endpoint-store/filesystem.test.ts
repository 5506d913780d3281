import { existsSync } from "node:fs";
import {
  chmod,
  lstat,
  mkdir,
  readFile,
  readdir,
  readlink,
  symlink,
  writeFile,
  utimes,
} from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFilesystemEndpointStore } from "../../../src/adapters/endpoint-store/filesystem.js";
import { utf8Bytes } from "../../../src/core/encoding/bytes.js";
import type { ExportedFile } from "../../../src/core/rules/model.js";
import type { EndpointStore } from "../../../src/ports/endpoint-store.js";
import { fullDisk } from "../../support/full-disk.js";
import { temporaryFolder } from "../../support/temporary.js";

let folder: { path: string; remove(): Promise<void> };
let store: EndpointStore;

beforeEach(async () => {
  folder = await temporaryFolder();
  store = await openFilesystemEndpointStore(join(folder.path, "state"));
});
afterEach(() => folder.remove());

const at = (...parts: string[]) => join(folder.path, "state", ...parts);
const refused = (code: string) => expect.objectContaining({ code });
const file = (path: string, ...chunks: string[]): ExportedFile => ({ path, chunks: chunks.map(utf8Bytes) });

async function scratch(name: string, ...pieces: string[]): Promise<void> {
  const growing = await store.scratch.append(name);
  for (const piece of pieces) await growing.write(utf8Bytes(piece));
  await growing.close();
}

describe("files", () => {
  it("writes, replaces, reads and removes", async () => {
    expect(await store.files.read("state.json")).toBeUndefined();
    await store.files.write("state.json", utf8Bytes("one"));
    await store.files.write("state.json", utf8Bytes("two"));
    expect(await store.files.read("state.json")).toEqual(utf8Bytes("two"));
    await store.files.remove("state.json");
    await store.files.remove("state.json");
    expect(existsSync(at("state.json"))).toBe(false);
  });

  it.each(["../x", "a/b", ".hidden", "", "A", "a".repeat(200)])("takes no name like %j", async (name) => {
    await expect(store.files.write(name, utf8Bytes("x"))).rejects.toThrowError(refused("USAGE"));
    await expect(store.scratch.append(name)).rejects.toThrowError(refused("USAGE"));
  });
});

describe("scratch", () => {
  it("grows, is read at random, and goes when nobody wants it", async () => {
    await scratch("pack-1", "hello ");
    await scratch("pack-1", "wor", "ld");
    await scratch("db-1", "x");
    const opened = await store.scratch.open("pack-1");
    expect(opened?.length).toBe(11);
    expect(await opened?.read(6, 5)).toEqual(utf8Bytes("world"));
    await expect(opened?.read(6, 6)).rejects.toThrowError(refused("STORE_FAILED"));
    await opened?.close();
    await store.scratch.prune((name) => name.startsWith("pack-"));
    expect(await readdir(at("work"))).toEqual(["pack-1"]);
    expect(await store.scratch.open("db-1")).toBeUndefined();
  });

  it("writes what the caller's array held at the time", async () => {
    const growing = await store.scratch.append("db-1");
    const array = utf8Bytes("one");
    await growing.write(array);
    array.fill(0);
    await growing.close();
    expect(await readFile(at("work", "db-1"), "utf8")).toBe("one");
  });
});

describe("databases", () => {
  it("installs, keeps the one before, and goes back", async () => {
    await scratch("db-1", "one");
    await store.databases.install("db-1", true);
    await scratch("db-2", "two");
    await store.databases.install("db-2", true);
    expect(await readFile(at("database"), "utf8")).toBe("two");
    expect(await readFile(at("previous"), "utf8")).toBe("one");
    await store.databases.restore();
    expect(await readFile(at("database"), "utf8")).toBe("one");
    expect(await store.databases.open("previous")).toBeUndefined();
    await expect(store.databases.restore()).rejects.toThrowError(refused("STORE_FAILED"));
  });

  it("leaves the one before alone when told so", async () => {
    for (const [name, keep] of [
      ["one", true],
      ["two", true],
      ["three", false],
    ] as const) {
      await scratch("db-1", name);
      await store.databases.install("db-1", keep);
    }
    expect(await readFile(at("previous"), "utf8")).toBe("one");
  });

  it("can keep again after a crash between keeping and installing", async () => {
    await scratch("db-1", "one");
    await store.databases.install("db-1", true);
    await scratch("db-2", "two");
    await expect(store.databases.install("db-9", true)).rejects.toThrowError(refused("STORE_FAILED"));
    await store.databases.install("db-2", true);
    expect(await readFile(at("previous"), "utf8")).toBe("one");
    expect((await readdir(at())).filter((name) => name.startsWith(".tmp"))).toEqual([]);
  });

  it("lets a reader finish with the old one", async () => {
    await scratch("db-1", "one");
    await store.databases.install("db-1", false);
    const reader = await store.databases.open("database");
    await scratch("db-2", "two");
    await store.databases.install("db-2", false);
    expect(await reader?.read(0, 3)).toEqual(utf8Bytes("one"));
    await reader?.close();
  });
});

describe("exports", () => {
  it("SPEC §8.7.4 replaces everything at once, and removes what was there before an hour later", async () => {
    await store.exports.replace(undefined, [file("yara/a.yar", "rule ", "a"), file("old.txt", "x")]);
    const written = await store.exports.replace(undefined, [file("yara/b.yar", "rule b")]);
    expect(written).toEqual({ files: 1, bytes: 6 });
    expect(await readdir(at("export"))).toEqual(["yara"]);
    expect(await readFile(at("export", "yara", "b.yar"), "utf8")).toBe("rule b");
    const exports = async () => (await readdir(at())).filter((name) => name.startsWith(".export-"));
    expect(await exports()).toHaveLength(2);
    const used = await readlink(at("export"));
    const old = (await exports()).find((name) => name !== used) as string;
    await utimes(at(old), new Date(), new Date(Date.now() - 3_601_000));
    await (await store.lock())();
    expect(await exports()).toEqual([used]);
  });

  it("exports to another folder: new, empty, or an export of ours", async () => {
    const out = join(folder.path, "out");
    await store.exports.replace(out, [file("a", "1")]);
    await store.exports.replace(out, [file("a", "2")]);
    expect(await readFile(join(out, "a"), "utf8")).toBe("2");
    await mkdir(join(folder.path, "empty"));
    await store.exports.replace(join(folder.path, "empty"), [file("a", "3")]);
    expect(await readFile(join(folder.path, "empty", "a"), "utf8")).toBe("3");
  });

  it("leaves alone what it did not write", async () => {
    const full = join(folder.path, "full");
    await mkdir(full);
    await writeFile(join(full, "mine"), "x");
    const link = join(folder.path, "link");
    await symlink(full, link);
    for (const target of [full, link, join(full, "mine")]) {
      await expect(store.exports.replace(target, [file("a", "1")])).rejects.toThrowError(refused("USAGE"));
    }
    expect(await readFile(join(full, "mine"), "utf8")).toBe("x");
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
  });

  it.each(["../a", "/a", "a//b", "a/../b", "a\\b", "."])(
    "writes no file to %j, and changes nothing",
    async (path) => {
      await store.exports.replace(undefined, [file("a", "1")]);
      const before = await readlink(at("export"));
      await expect(store.exports.replace(undefined, [file("b", "2"), file(path, "x")])).rejects.toThrowError(
        refused("PATH_UNSAFE"),
      );
      expect(await readlink(at("export"))).toBe(before);
      expect((await readdir(at())).filter((name) => name.startsWith(".export-"))).toHaveLength(1);
    },
  );
});

describe("lock", () => {
  it("lets one in at a time", async () => {
    const unlock = await store.lock();
    await expect(store.lock()).rejects.toThrowError(refused("STATE_LOCKED"));
    const other = await openFilesystemEndpointStore(at());
    await expect(other.lock()).rejects.toThrowError(refused("STATE_LOCKED"));
    await unlock();
    await (await other.lock())();
  });

  it("takes over from a process that is gone", async () => {
    await writeFile(at("lock"), JSON.stringify({ pid: 2 ** 22 + 1, started: "1", nonce: "dead" }));
    await (await store.lock())();
    await writeFile(at("lock"), JSON.stringify({ pid: process.pid, started: "1", nonce: "reused id" }));
    await (await store.lock())();
  });

  it("clears away what a crash left", async () => {
    await store.exports.replace(undefined, [file("a", "1")]);
    await writeFile(at(".tmp-0"), "half");
    await mkdir(at(".export-00000000-0000-0000-0000-000000000000.new"));
    await symlink("nowhere", at(".export-00000000-0000-0000-0000-000000000001.link"));
    // The sweep spares a file of this very millisecond.
    await expect
      .poll(async () => {
        await (await store.lock())();
        return (await readdir(at())).filter((name) => name.startsWith(".")).length;
      })
      .toBe(1);
    expect(await readFile(at("export", "a"), "utf8")).toBe("1");
  });
});

describe("a disk that fails", () => {
  const disk = fullDisk();
  afterAll(() => disk?.remove());

  it.runIf(disk !== undefined)("a full one is STORE_FULL, and what was there stays", async () => {
    const small = await openFilesystemEndpointStore(join(disk?.path as string, "state"));
    await small.files.write("state.json", utf8Bytes("good"));
    await small.exports.replace(undefined, [file("a", "good")]);
    const large = new Uint8Array((disk?.bytes as number) + 1);
    await expect(small.files.write("state.json", large)).rejects.toThrowError(refused("STORE_FULL"));
    await expect(small.exports.replace(undefined, [{ path: "a", chunks: [large] }])).rejects.toThrowError(
      refused("STORE_FULL"),
    );
    const growing = await small.scratch.append("db-1");
    await expect(growing.write(large).finally(() => growing.close())).rejects.toThrowError(
      refused("STORE_FULL"),
    );
    expect(await small.files.read("state.json")).toEqual(utf8Bytes("good"));
    expect(await readFile(join(disk?.path as string, "state", "export", "a"), "utf8")).toBe("good");
    await small.scratch.prune(() => false);
    await small.files.write("state.json", utf8Bytes("better"));
  });

  it.runIf(process.getuid?.() !== 0)("one that is read-only is STORE_FAILED", async () => {
    await chmod(at(), 0o500);
    await expect(store.files.write("state.json", utf8Bytes("x"))).rejects.toThrowError(
      refused("STORE_FAILED"),
    );
    await chmod(at(), 0o700);
  });
});
