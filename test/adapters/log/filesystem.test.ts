import { spawnSync } from "node:child_process";
import { appendFile, readFile, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openFilesystemLog } from "../../../src/adapters/log/filesystem.js";
import { hexText, utf8Bytes } from "../../../src/core/encoding/bytes.js";
import { formatCheckpoint } from "../../../src/core/log/checkpoint.js";
import { formatNote } from "../../../src/core/log/note.js";
import { nodeDigest } from "../../../src/adapters/node-digest.js";
import type { LogStore } from "../../../src/ports/log-store.js";
import { logStoreContract, wholeLog } from "../../contract/log-store.js";
import { fullDisk } from "../../support/full-disk.js";
import { killDuringWork } from "../../support/kill.js";
import { TestLog } from "../../support/log-world.js";
import { temporaryFolder } from "../../support/temporary.js";

const open = (folder: string) =>
  openFilesystemLog({ files: join(folder, "public"), state: join(folder, "state"), digest: nodeDigest });

logStoreContract("filesystem", {
  place: async () => {
    const folder = await temporaryFolder();
    return { open: () => open(folder.path), remove: folder.remove };
  },
});

/** Every line of a writer that died holds in the log as it is now. */
async function expectKept(log: LogStore, lines: readonly string[]): Promise<void> {
  const { size } = await log.settle();
  const found = await wholeLog(log, size);
  const signed = lines.filter((line) => line.startsWith("signed ")).map((line) => line.split(" "));
  const wanted = new Set(signed.map(([, at]) => Number(at)));
  const roots = new Map<number, string>();
  const model = new TestLog();
  for (const text of found) {
    model.append(text);
    if (wanted.has(model.size)) roots.set(model.size, hexText(model.root));
  }
  for (const [, at, root] of signed) expect(roots.get(Number(at)), `the tree of ${at} entries`).toBe(root);
  for (const line of lines.filter((one) => one.startsWith("entry "))) {
    const [, index, ...text] = line.split(" ");
    expect(found[Number(index)]).toBe(text.join(" "));
  }
}

describe("a log whose writer dies", () => {
  const kills = Number(process.env.RULEMINT_KILLS ?? 8);

  it(`SPEC §11.8.2 keeps every acknowledged entry and every signed tree through ${kills} kills at random`, async () => {
    const folder = await temporaryFolder();
    const lines: string[] = [];
    const args = [join(folder.path, "public"), join(folder.path, "state"), "100000"];
    for (let i = 0; i < kills; i++) {
      lines.push(...(await killDuringWork("log-writer", args, 1 + ((i * 97) % 400))));
    }
    const log = await open(folder.path);
    await expectKept(log, lines);
    await log.close();
    await folder.remove();
  });

  it("keeps them whichever operation on files is the last", async () => {
    const script = fileURLToPath(new URL("../../support/children/log-writer.mjs", import.meta.url));
    const run = (folder: string, killAt: number) => {
      const args = [script, join(folder, "public"), join(folder, "state"), "10", String(killAt)];
      return spawnSync(process.execPath, args, { encoding: "utf8" });
    };
    const whole = await temporaryFolder();
    const operations = Number(/^operations (\d+)$/m.exec(run(whole.path, 0).stdout)?.[1]);
    await whole.remove();
    expect(operations).toBeGreaterThan(100);
    const step = process.env.RULEMINT_KILLS === undefined ? Math.floor(operations / 8) : 1;
    for (let killAt = 1; killAt <= operations; killAt += step) {
      const folder = await temporaryFolder();
      const first = run(folder.path, killAt);
      expect(first.signal, `killed at ${killAt}`).toBe("SIGKILL");
      // The next one dies in its recovery, at another operation.
      const second = run(folder.path, 1 + (killAt % 17));
      const log = await open(folder.path);
      await expectKept(log, `${first.stdout}${second.stdout}`.split("\n"));
      await log.append([utf8Bytes("after")]);
      await log.close();
      await folder.remove();
    }
  });
});

describe("a log on a damaged disk", () => {
  async function written(): Promise<{ folder: { path: string; remove(): Promise<void> }; journal: string }> {
    const folder = await temporaryFolder();
    const log = await open(folder.path);
    for (let i = 0; i < 3; i++) await log.append([utf8Bytes(`entry ${i}`)]);
    await log.close();
    return { folder, journal: join(folder.path, "state", "journal") };
  }

  it.each([1, 33, 45])("cuts off a batch that was torn %i bytes before its end", async (missing) => {
    const { folder, journal } = await written();
    await truncate(journal, (await readFile(journal)).length - missing);
    const log = await open(folder.path);
    expect(await log.append([utf8Bytes("new")])).toBe(2);
    const { size } = await log.settle();
    expect(await wholeLog(log, size)).toEqual(["entry 0", "entry 1", "new"]);
    await log.close();
    await folder.remove();
  });

  it("cuts off zeros that a power cut left behind the last batch", async () => {
    const { folder, journal } = await written();
    await appendFile(journal, new Uint8Array(5000));
    const log = await open(folder.path);
    expect(await log.append([utf8Bytes("new")])).toBe(3);
    await log.close();
    const again = await open(folder.path);
    expect(await again.settle()).toMatchObject({ size: 4 });
    await again.close();
    await folder.remove();
  });

  it.each<[string, (paths: { journal: string; state: string; files: string }) => Promise<void>]>([
    ["a signed entry is gone", async ({ journal }) => truncate(journal, 16)],
    [
      "a signed entry is another",
      async ({ journal }) => {
        const bytes = await readFile(journal);
        bytes[bytes.indexOf("entry 1")] = 0;
        await writeFile(journal, bytes);
      },
    ],
    ["the journal is gone", async ({ journal }) => rm(journal)],
    ["the journal is another file", async ({ journal }) => writeFile(journal, "something else entirely")],
  ])("SPEC §11.8.2 is not opened when %s", async (_rule, spoil) => {
    const { folder, journal } = await written();
    const log = await open(folder.path);
    const head = await log.settle();
    const text = formatCheckpoint({ origin: "test", ...head, extensions: [] });
    const signature = { name: "test", keyID: new Uint8Array(4), signature: new Uint8Array(64) };
    await log.writeHead("signed", formatNote({ text, signatures: [signature] }));
    await log.close();
    await spoil({ journal, state: join(folder.path, "state"), files: join(folder.path, "public") });
    await expect(open(folder.path)).rejects.toMatchObject({ code: "LOG_CORRUPT" });
    // Whoever restores the folder can open it: the lock is free.
    expect((await readdir(join(folder.path, "state"))).includes("lock")).toBe(false);
    await folder.remove();
  });

  it("is not opened without its journal when tiles are there", async () => {
    const folder = await temporaryFolder();
    const log = await open(folder.path);
    await log.append(Array.from({ length: 300 }, (_, i) => utf8Bytes(`entry ${i}`)));
    await log.settle();
    await log.close();
    await rm(join(folder.path, "state", "journal"));
    await expect(open(folder.path)).rejects.toMatchObject({ code: "LOG_CORRUPT" });
    await folder.remove();
  });

  const disk = fullDisk(1024 * 1024);
  it.runIf(disk !== undefined)(
    "says STORE_FULL on a full disk, loses nothing, and goes on when there is room",
    async () => {
      if (disk === undefined) throw new Error("no disk");
      const log = await open(disk.path);
      const large = new Uint8Array(60_000);
      let acknowledged = 0;
      const fill = async () => {
        for (;;) {
          await log.append([large, utf8Bytes(`entry ${acknowledged}`)]);
          acknowledged += 2;
        }
      };
      await expect(fill()).rejects.toMatchObject({ code: "STORE_FULL" });
      expect(acknowledged).toBeGreaterThan(10);
      // A smaller one still fits, at the index that the refused one would have had.
      expect(await log.append([utf8Bytes("small")])).toBe(acknowledged);
      await log.close();
      const again = await open(disk.path);
      expect(await again.append([utf8Bytes("smaller")])).toBe(acknowledged + 1);
      await again.close();
      disk.remove();
    },
  );
});
