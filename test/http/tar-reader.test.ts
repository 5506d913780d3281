/** What a submitted archive may hold. Every refusal names its code before the bytes behind it are read. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readTar } from "../../src/http/tar-reader.js";
import { tarArchive, tarEnd, tarHeader, tarParts, withChecksum, type TarPart } from "../support/tar.js";

async function* inChunks(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

async function unpack(bytes: Uint8Array, size?: number): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for await (const entry of readTar(inChunks(bytes, size))) {
    const parts: Buffer[] = [];
    for await (const chunk of entry.content) parts.push(Buffer.from(chunk));
    files[entry.path] = Buffer.concat(parts).toString("utf8");
    expect(Buffer.concat(parts).length).toBe(entry.bytes);
  }
  return files;
}

const archive = (...parts: TarPart[]) => Buffer.concat([tarParts(parts), tarEnd()]);
const pax = (records: Record<string, string>, type = "x"): TarPart => {
  let content = "";
  for (const [key, value] of Object.entries(records)) {
    const rest = Buffer.byteLength(` ${key}=${value}\n`);
    let length = rest + 1;
    while (String(length).length + rest !== length) length++;
    content += `${length} ${key}=${value}\n`;
  }
  return { path: "PaxHeader", type, content };
};

describe("archives that are taken", () => {
  it.each([1, 7, 511, 512, 513, 100_000])("reads files whatever the chunk size (%i)", async (size) => {
    const files = { "a.yar": "rule a", "deep/er/b.yar": "x".repeat(513), "empty.yar": "" };
    expect(await unpack(tarArchive(files), size)).toEqual(files);
  });

  it("takes the leading ./ away and leaves folders out", async () => {
    const bytes = archive(
      { path: "./", type: "5" },
      { path: "./a/", type: "5" },
      { path: "./a/b.yar", content: "b" },
    );
    expect(await unpack(bytes)).toEqual({ "a/b.yar": "b" });
  });

  it("honours PAX paths and sizes, and GNU long names", async () => {
    const long = `${"folder/".repeat(20)}ü.yar`;
    const bytes = archive(
      pax({ comment: "of a commit" }, "g"),
      pax({ path: long }),
      { path: "short", content: "1" },
      { path: "@LongLink", type: "L", content: `${"g/".repeat(60)}n.yar\0` },
      { path: "short", content: "2" },
    );
    expect(await unpack(bytes)).toEqual({ [long]: "1", [`${"g/".repeat(60)}n.yar`]: "2" });
  });

  it("makes paths NFC", async () => {
    expect(Object.keys(await unpack(tarArchive({ "u\u0308.yar": "x" })))).toEqual(["\u00fc.yar"]);
  });

  it("reads what tar-stream writes", async () => {
    const writer = pack();
    writer.entry({ name: `${"x/".repeat(70)}ö.yar` }, "long");
    writer.entry({ name: "a.yar" }, "short");
    writer.finalize();
    const chunks: Buffer[] = [];
    for await (const chunk of writer) chunks.push(Buffer.from(chunk as Uint8Array));
    const files = await unpack(Buffer.concat(chunks));
    expect(files).toEqual({ [`${"x/".repeat(70)}ö.yar`]: "long", "a.yar": "short" });
  });

  it("skips content that nobody read", async () => {
    const paths: string[] = [];
    for await (const entry of readTar(inChunks(tarArchive({ a: "x".repeat(3000), b: "y" })))) {
      paths.push(entry.path);
    }
    expect(paths).toEqual(["a", "b"]);
  });
});

describe("archives of Debian's tar", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "rulemint-tar-"));
    mkdirSync(join(folder, "in", "sub"), { recursive: true });
    writeFileSync(join(folder, "in", "a.yar"), "rule a");
    writeFileSync(join(folder, "in", "sub", `${"n".repeat(120)}.yar`), "rule n");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const tar = (format: string) =>
    execFileSync("tar", [`--format=${format}`, "-cf", "-", "-C", join(folder, "in"), "."]);

  it.each(["gnu", "posix", "ustar"])("reads format %s", async (format) => {
    const expected = { "a.yar": "rule a", [`sub/${"n".repeat(120)}.yar`]: "rule n" };
    if (format === "ustar") rmSync(join(folder, "in", "sub"), { recursive: true });
    const files = await unpack(tar(format));
    expect(files).toEqual(format === "ustar" ? { "a.yar": "rule a" } : expected);
  });

  it("refuses the symbolic link in it", async () => {
    symlinkSync("/etc/passwd", join(folder, "in", "z.yar"));
    await expect(unpack(tar("gnu"))).rejects.toMatchObject({ code: "PATH_UNSAFE" });
  });
});

describe("archives that are refused", () => {
  const unsafe: [string, TarPart][] = [
    ["a symbolic link", { path: "a", type: "2", link: "/etc/passwd" }],
    ["a hard link", { path: "a", type: "1", link: "b" }],
    ["a character device", { path: "a", type: "3" }],
    ["a block device", { path: "a", type: "4" }],
    ["a named pipe", { path: "a", type: "6" }],
    ["a path that climbs", { path: "../a" }],
    ["a path that climbs in the middle", { path: "a/../../b" }],
    ["a folder that climbs", { path: "../", type: "5" }],
    ["an absolute path", { path: "/etc/passwd" }],
    ["a drive letter", { path: "C:/a" }],
    ["a backslash", { path: "a\\b" }],
    ["a control character", { path: "a\nb" }],
    ["an empty part", { path: "a//b" }],
    ["a dot part", { path: "a/./b" }],
    ["an empty path", { path: "" }],
  ];
  it.each(unsafe)("PATH_UNSAFE: %s", async (_title, part) => {
    await expect(unpack(archive(part))).rejects.toMatchObject({ code: "PATH_UNSAFE" });
  });

  it("PATH_UNSAFE: a path that climbs, hidden in a PAX record", async () => {
    const bytes = archive(pax({ path: "../../etc/cron.d/x" }), { path: "a.yar" });
    await expect(unpack(bytes)).rejects.toMatchObject({ code: "PATH_UNSAFE" });
  });

  it("PATH_UNSAFE: the same path twice", async () => {
    const bytes = archive({ path: "a", content: "1" }, { path: "./a", content: "2" });
    await expect(unpack(bytes)).rejects.toMatchObject({ code: "PATH_UNSAFE" });
  });

  it("PATH_UNSAFE: a path that is too long", async () => {
    const bytes = archive(pax({ path: "n".repeat(241) }), { path: "a.yar" });
    await expect(unpack(bytes)).rejects.toMatchObject({ code: "PATH_UNSAFE" });
  });

  const whole = tarArchive({ "a.yar": "rule a", "b.yar": "rule b" });
  const broken: [string, Uint8Array][] = [
    ["nothing at all", new Uint8Array(0)],
    ["a gzip file", gzipSync(whole)],
    ["a zip file", Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), whole])],
    ["a zstd file", Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), whole])],
    ["an xz file", Buffer.concat([Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), whole])],
    ["text", Buffer.from("rule a { condition: true }".padEnd(600))],
    ["an end in the middle of a header", whole.subarray(0, 700)],
    ["an end in the middle of a file", whole.subarray(0, 514)],
    ["an end between two files", whole.subarray(0, 1024)],
    ["one zero block instead of two", whole.subarray(0, whole.length - 512)],
    ["bytes after the end", Buffer.concat([whole, whole])],
    ["a file that is its folder", archive({ path: "./" })],
    ["a sparse file", archive(pax({ "GNU.sparse.major": "1" }), { path: "a" })],
    ["a global path", archive(pax({ path: "a" }, "g"), { path: "b" })],
    ["broken PAX records", archive({ path: "p", type: "x", content: "99 path=a\n" }, { path: "b" })],
    ["PAX records without end", archive({ path: "p", type: "x", content: "7 a=bc\n3" }, { path: "b" })],
    ["a long name without a file", archive(pax({ path: "a" }))],
    ["a folder with content", archive({ path: "a", type: "5", content: "x" })],
    ["an unknown type", archive({ path: "a", type: "S" })],
    ["eight long names in a row", archive(...Array.from({ length: 9 }, () => pax({ comment: "x" })))],
  ];
  it.each(broken)("ARCHIVE_MALFORMED: %s", async (_title, bytes) => {
    await expect(unpack(bytes)).rejects.toMatchObject({ code: "ARCHIVE_MALFORMED" });
  });

  it("ARCHIVE_MALFORMED: a flipped byte that the checksum covers", async () => {
    for (let i = 0; i < 512; i++) {
      if (i >= 148 && i < 156) continue;
      const bytes = Buffer.from(whole);
      bytes[i] = (bytes[i] as number) ^ 0x10;
      await expect(unpack(bytes)).rejects.toMatchObject({ name: "VerificationError" });
    }
  });

  it("TEXT_NOT_UTF8: a path in another encoding", async () => {
    const header = tarHeader({ path: "a.yar" });
    header[0] = 0xff;
    const bytes = Buffer.concat([withChecksum(header), tarEnd()]);
    await expect(unpack(bytes)).rejects.toMatchObject({ code: "TEXT_NOT_UTF8" });
  });

  it("FILE_TOO_LARGE: 2 GiB declared, refused from the header alone", async () => {
    let read = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield tarHeader({ path: "big.yar", declared: 2 ** 31 });
      for (;;) {
        read++;
        yield new Uint8Array(65_536);
      }
    }
    const drain = async () => {
      for await (const entry of readTar(endless())) expect(entry).toBeUndefined();
    };
    await expect(drain()).rejects.toMatchObject({ code: "FILE_TOO_LARGE" });
    expect(read).toBe(0);
  });

  it("FILE_TOO_LARGE: a size in base 256 and a size in a PAX record", async () => {
    const header = tarHeader({ path: "big.yar" });
    header.fill(0, 124, 136);
    header[124] = 0x80;
    header[129] = 1;
    await expect(unpack(withChecksum(header))).rejects.toMatchObject({ code: "FILE_TOO_LARGE" });
    const bytes = archive(pax({ size: "99999999999" }), { path: "a" });
    await expect(unpack(bytes)).rejects.toMatchObject({ code: "FILE_TOO_LARGE" });
  });

  it("FILE_TOO_LARGE: files that are small one by one and too much together", async () => {
    async function* many(): AsyncGenerator<Uint8Array> {
      for (let i = 0; ; i++) {
        yield tarHeader({ path: `${i}.yar`, declared: 64 * 1024 * 1024 });
        yield new Uint8Array(64 * 1024 * 1024);
      }
    }
    const drain = async () => {
      for await (const _ of readTar(many()));
    };
    await expect(drain()).rejects.toMatchObject({ code: "FILE_TOO_LARGE" });
  });

  it("LIMIT_EXCEEDED: more files than a submission may have, a long header of gigabytes", async () => {
    async function* many(): AsyncGenerator<Uint8Array> {
      for (let i = 0; ; i++) yield tarHeader({ path: `${i}.yar` });
    }
    const drain = async () => {
      for await (const _ of readTar(many()));
    };
    await expect(drain()).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
    const header = tarHeader({ path: "p", type: "x", declared: 2 ** 31 });
    await expect(unpack(header)).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  });
});
