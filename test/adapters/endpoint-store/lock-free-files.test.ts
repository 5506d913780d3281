/** A daemon and a sender write without the lock, while others take it and clear away what the dead left behind. */
import { readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openFilesystemEndpointStore } from "../../../src/adapters/endpoint-store/filesystem.js";
import { temporaryFolder } from "../../support/temporary.js";

const rounds = 60;

it.each(["watch.json", "reports-sent.json"])(
  "%s is written whoever takes the lock meanwhile",
  async (name) => {
    const { path: folder, remove } = await temporaryFolder();
    const [writer, locker] = [
      await openFilesystemEndpointStore(folder),
      await openFilesystemEndpointStore(folder),
    ];
    const write = async () => {
      for (let i = 0; i < rounds; i++) await writer.files.write(name, new Uint8Array(64).fill(i));
    };
    const lock = async () => {
      for (let i = 0; i < rounds; i++) await (await locker.lock())();
    };
    await Promise.all([write(), lock()]);
    expect(await writer.files.read(name)).toEqual(new Uint8Array(64).fill(rounds - 1));
    expect((await readdir(folder)).filter((one) => one.startsWith(".")).toSorted()).toEqual([]);
    await remove();
  },
);

it("what such a writer left behind when it died goes after an hour, and all else at once", async () => {
  const { path: folder, remove } = await temporaryFolder();
  const store = await openFilesystemEndpointStore(folder);
  for (const name of [".tmp-dead", ".free-young", ".free-old"]) await writeFile(join(folder, name), "x");
  const before = new Date(Date.now() - 10_000);
  const longAgo = new Date(Date.now() - 4_000_000);
  await utimes(join(folder, ".tmp-dead"), before, before);
  await utimes(join(folder, ".free-old"), longAgo, longAgo);
  await (await store.lock())();
  expect((await readdir(folder)).filter((one) => one.startsWith("."))).toEqual([".free-young"]);
  await remove();
});
