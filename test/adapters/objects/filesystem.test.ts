import { createHash } from "node:crypto";
import { mkdir, readdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openFilesystemObjects } from "../../../src/adapters/objects/filesystem.js";
import { sha256Hex } from "../../../src/core/brands.js";
import { objectStoreContract } from "../../contract/object-store.js";
import { fullDisk } from "../../support/full-disk.js";
import { killDuringWork } from "../../support/kill.js";
import { temporaryFolder } from "../../support/temporary.js";

objectStoreContract("filesystem", {
  place: async () => {
    const folder = await temporaryFolder();
    return { open: () => openFilesystemObjects(folder.path), remove: folder.remove };
  },
});

/** Every object file below the root that is not in `incoming`. */
async function objectFiles(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.parentPath.endsWith("incoming"))
    .map((entry) => entry.name);
}

describe("filesystem objects", () => {
  it("keeps every acknowledged object, and never a part of one, through kill -9", async () => {
    const folder = await temporaryFolder();
    for (let round = 0; round < 5; round++) {
      const acknowledged = await killDuringWork("objects-writer", [folder.path], 3 + round);
      const store = await openFilesystemObjects(folder.path);
      const files = await objectFiles(folder.path);
      expect(files).toEqual(expect.arrayContaining(acknowledged));
      for (const name of files) {
        const object = await store.open(sha256Hex(name));
        const bytes = await object?.read(0, object.length);
        await object?.close();
        expect(createHash("sha256").update(bytes!).digest("hex")).toBe(name);
      }
    }
    await folder.remove();
  });

  it("spreads objects over sixteen folders and makes them read-only", async () => {
    const folder = await temporaryFolder();
    const store = await openFilesystemObjects(folder.path);
    const { sha256 } = await store.put([new Uint8Array([1])]);
    const file = await stat(join(folder.path, sha256.slice(0, 1), sha256));
    expect(file.mode & 0o777).toBe(0o444);
    expect(await readdir(join(folder.path, "incoming"))).toEqual([]);
    await folder.remove();
  });

  it("takes over what an earlier build kept in two levels of folders", async () => {
    const folder = await temporaryFolder();
    const bytes = [new Uint8Array([1]), new Uint8Array([2])];
    const names = bytes.map((one) => createHash("sha256").update(one).digest("hex"));
    for (const [i, name] of names.entries()) {
      const old = join(folder.path, name.slice(0, 2), name.slice(2, 4));
      await mkdir(old, { recursive: true });
      await writeFile(join(old, name), bytes[i]!);
    }
    const store = await openFilesystemObjects(folder.path);
    for (const name of names) expect((await store.open(sha256Hex(name)))?.length).toBe(1);
    expect(await readdir(folder.path)).toEqual(["incoming", ..."0123456789abcdef"].sort());
    await folder.remove();
  });

  it("sweeps what old crashes left, and nothing that may still be written", async () => {
    const folder = await temporaryFolder();
    await openFilesystemObjects(folder.path);
    await writeFile(join(folder.path, "incoming", ".tmp-old"), "");
    await writeFile(join(folder.path, "incoming", ".tmp-new"), "");
    const dayBefore = new Date(Date.now() - 25 * 3_600_000);
    await utimes(join(folder.path, "incoming", ".tmp-old"), dayBefore, dayBefore);
    await openFilesystemObjects(folder.path);
    expect(await readdir(join(folder.path, "incoming"))).toEqual([".tmp-new"]);
    await folder.remove();
  });

  const disk = fullDisk();
  it.runIf(disk !== undefined)("says STORE_FULL on a full disk, and leaves nothing behind", async () => {
    const store = await openFilesystemObjects(join(disk!.path, "objects"));
    const put = store.put([new Uint8Array(disk!.bytes * 2)]);
    await expect(put).rejects.toMatchObject({ code: "STORE_FULL" });
    expect(await objectFiles(join(disk!.path, "objects"))).toEqual([]);
    expect(await readdir(join(disk!.path, "objects", "incoming"))).toEqual([]);
    await store.put([new Uint8Array(10)]);
    disk!.remove();
  });
});
