import { readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openCompileCache } from "../../../src/adapters/compile-cache/filesystem.js";
import type { CompileCache } from "../../../src/ports/compile-cache.js";
import { temporaryFolder } from "../../support/temporary.js";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

async function read(cache: CompileCache, key: string): Promise<string | undefined> {
  const found = await cache.open(key);
  if (found === undefined) return undefined;
  const bytes = await found.read(0, found.length);
  await found.close();
  return Buffer.from(bytes).toString();
}
const bytes = (text: string) => new Uint8Array(Buffer.from(text));

describe("the compile cache in a folder", () => {
  it("gives what was put last, in pieces, also to the next process", async () => {
    const cache = await openCompileCache(folder.path);
    expect(await read(cache, "run-1")).toBeUndefined();
    await cache.put("run-1", bytes("first"));
    await cache.put("run-1", bytes("second"));
    const again = await openCompileCache(folder.path);
    expect(await read(again, "run-1")).toBe("second");
    const open = await again.open("run-1");
    expect(Buffer.from((await open?.read(3, 2)) as Uint8Array).toString()).toBe("on");
    await expect(open?.read(4, 9)).rejects.toMatchObject({ code: "STORE_FAILED" });
    await open?.close();
  });

  it("lets go of what was used longest ago when it is too large", async () => {
    const cache = await openCompileCache(folder.path);
    for (const key of ["old-a", "new-b", "newer-c"]) await cache.put(key, new Uint8Array(1000));
    const names = await readdir(folder.path, { recursive: true });
    const old = names.find((name) => name.endsWith("old-a")) as string;
    await utimes(join(folder.path, old), 1, 1);
    const smaller = await openCompileCache(folder.path, { bytesMax: 2500 });
    expect(await read(smaller, "old-a")).toBeUndefined();
    expect(await read(smaller, "newer-c")).toHaveLength(1000);
  });

  it("keeps no unfinished file, and takes no key that is a path", async () => {
    const left = join(folder.path, ".tmp-left");
    await writeFile(left, "half");
    await utimes(left, 1, 1);
    const cache = await openCompileCache(folder.path);
    expect(await readdir(folder.path)).toEqual([]);
    await expect(cache.put("../escape", bytes("x"))).rejects.toThrowError(/cache key/);
  });
});
