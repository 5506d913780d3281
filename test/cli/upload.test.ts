/** What leaves a person's machine: sorted, plain files only, in an archive that strangers read too. */
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { collectFiles, tarStream } from "../../src/cli/upload.js";
import { readTar } from "../../src/http/tar-reader.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rulemint-upload-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(path: string, content: string | Uint8Array): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

async function archive(paths: readonly string[]): Promise<Buffer> {
  const { files } = await collectFiles(paths);
  const chunks: Uint8Array[] = [];
  for await (const chunk of tarStream(files, () => undefined)) chunks.push(chunk.slice());
  return Buffer.concat(chunks);
}

describe("collecting files", () => {
  it("walks folders in byte order and leaves hidden entries out", async () => {
    for (const path of ["b.yar", "a/z.yar", "a/B.yar", ".git/config", "a/.swp", "ü.yar"]) put(path, "x");
    const { files, bytes, hidden } = await collectFiles([folder]);
    expect(files.map((file) => file.path)).toEqual(["a/B.yar", "a/z.yar", "b.yar", "ü.yar"]);
    expect(bytes).toBe(4);
    expect(hidden.length).toBe(2);
  });

  it("takes a file by its name, also a hidden one that was asked for", async () => {
    const { files } = await collectFiles([put("deep/a.yar", "x"), put(".b.yar", "y")]);
    expect(files.map((file) => file.path)).toEqual([".b.yar", "a.yar"]);
  });

  it.each([
    [
      "a symbolic link to a file",
      "PATH_UNSAFE",
      () => symlinkSync(put("real.yar", "x"), join(folder, "link.yar")),
    ],
    ["a symbolic link to a folder", "PATH_UNSAFE", () => symlinkSync("/etc", join(folder, "link"))],
    ["a dangling link", "PATH_UNSAFE", () => symlinkSync("nowhere", join(folder, "link.yar"))],
    ["a named pipe", "PATH_UNSAFE", () => execFileSync("mkfifo", [join(folder, "pipe.yar")])],
    ["nothing", "USAGE", () => undefined],
  ])("refuses %s with %s", async (_title, code, make) => {
    make();
    await expect(collectFiles([folder])).rejects.toMatchObject({ code });
  });

  it("refuses a link that is named itself, a missing path, two files with one path", async () => {
    symlinkSync("/etc/passwd", join(folder, "link.yar"));
    await expect(collectFiles([join(folder, "link.yar")])).rejects.toMatchObject({ code: "PATH_UNSAFE" });
    await expect(collectFiles([join(folder, "none")])).rejects.toMatchObject({ code: "USAGE" });
    const twice = [put("one/a.yar", "1"), put("two/a.yar", "2")];
    await expect(collectFiles(twice)).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("the archive", () => {
  const contents: Record<string, Buffer> = {
    "a.yar": Buffer.from("rule a"),
    "empty.yar": Buffer.alloc(0),
    "exact.yar": Buffer.alloc(1024, 7),
    "large.ioc": Buffer.alloc(700_001, "0123456789"),
    [`${"folder/".repeat(20)}ünï.yar`]: Buffer.from("long"),
  };

  beforeEach(() => {
    for (const [path, content] of Object.entries(contents)) put(path, content);
  });

  it("is read back by the service's reader, byte for byte", async () => {
    const bytes = await archive([folder]);
    const found: Record<string, Buffer> = {};
    for await (const entry of readTar(
      (async function* () {
        yield bytes;
      })(),
    )) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry.content) chunks.push(chunk.slice());
      found[entry.path] = Buffer.concat(chunks);
    }
    expect(Object.keys(found).sort()).toEqual(Object.keys(contents).sort());
    for (const [path, content] of Object.entries(contents))
      expect(found[path]?.equals(content), path).toBe(true);
  });

  it("is read by Debian's tar", async () => {
    const out = mkdtempSync(join(tmpdir(), "rulemint-untar-"));
    execFileSync("tar", ["-xf", "-", "-C", out], { input: await archive([folder]) });
    for (const [path, content] of Object.entries(contents))
      expect(readFileSync(join(out, path)).equals(content), path).toBe(true);
    rmSync(out, { recursive: true });
  });

  it("is the same archive each time", async () => {
    expect((await archive([folder])).equals(await archive([folder]))).toBe(true);
  });

  it.each([
    ["shrinks", 10],
    ["grows", 900_000],
  ])("ends with an error when a file %s while it is sent", async (_title, size) => {
    const { files } = await collectFiles([folder]);
    truncateSync(join(folder, "large.ioc"), size);
    const send = async () => {
      for await (const _ of tarStream(files, () => undefined));
    };
    await expect(send()).rejects.toMatchObject({ code: "STORE_FAILED" });
  });
});
