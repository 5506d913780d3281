import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openFilesystemTree } from "../../../src/adapters/public-tree/filesystem.js";
import { utf8Bytes, utf8Text } from "../../../src/core/encoding/bytes.js";
import { publicTreeContract } from "../../contract/public-tree.js";
import { fullDisk } from "../../support/full-disk.js";
import { killDuringWork } from "../../support/kill.js";
import { temporaryFolder } from "../../support/temporary.js";

publicTreeContract("filesystem", {
  place: async () => {
    const folder = await temporaryFolder();
    return { open: () => openFilesystemTree(folder.path), remove: folder.remove };
  },
});

describe("filesystem tree", () => {
  it("shows whole files only, and a head whose file is there, through kill -9", async () => {
    const folder = await temporaryFolder();
    let newest = 0;
    for (let round = 0; round < 5; round++) {
      const lines = await killDuringWork("tree-writer", [folder.path, String(newest)], 3 + round * 2);
      const tree = await openFilesystemTree(folder.path);
      const head = Number(utf8Text((await tree.read("metadata/timestamp.json"))!));
      expect(head).toBeGreaterThanOrEqual(Number(lines.at(-1)));
      for (let i = 1; i <= head; i++) {
        const file = utf8Text((await tree.read(`metadata/${i}.json`))!);
        expect(file === `file ${i} `.repeat(20_000), `file ${i} is whole`).toBe(true);
      }
      // The next round writes the file after the head again: the same bytes, so it is welcome.
      newest = head;
    }
    await folder.remove();
  });

  it("takes over the lock of a process that is gone, and of another process with its number", async () => {
    const folder = await temporaryFolder();
    const tree = await openFilesystemTree(folder.path);
    const dead = [
      { pid: 2 ** 22 + 1, started: "1", nonce: "gone" },
      { pid: process.pid, started: "1", nonce: "recycled" },
    ];
    for (const [i, holder] of dead.entries()) {
      await writeFile(join(folder.path, ".head.lock"), JSON.stringify(holder));
      await tree.swapHead(`h${i}`, undefined, utf8Bytes("x"));
    }
    await writeFile(join(folder.path, ".head.lock"), "");
    await tree.swapHead("h2", undefined, utf8Bytes("x"));
    expect((await readdir(folder.path)).sort()).toEqual(["h0", "h1", "h2"]);
    await folder.remove();
  });

  const disk = fullDisk();
  it.runIf(disk !== undefined)("says STORE_FULL on a full disk; the head stays as it was", async () => {
    const tree = await openFilesystemTree(join(disk!.path, "public"));
    await tree.swapHead("metadata/timestamp.json", undefined, utf8Bytes("old"));
    const large = new Uint8Array(disk!.bytes * 2);
    await expect(tree.putImmutable("a/b", large)).rejects.toMatchObject({ code: "STORE_FULL" });
    await expect(tree.swapHead("metadata/timestamp.json", utf8Bytes("old"), large)).rejects.toMatchObject({
      code: "STORE_FULL",
    });
    expect(await tree.read("a/b")).toBeUndefined();
    expect(await tree.read("metadata/timestamp.json")).toEqual(utf8Bytes("old"));
    expect((await readdir(join(disk!.path, "public"), { recursive: true })).sort()).toEqual([
      "a",
      "metadata",
      "metadata/timestamp.json",
    ]);
    disk!.remove();
  });
});
