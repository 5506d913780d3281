import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareBytes, concatBytes, utf8Bytes } from "../../../src/core/encoding/bytes.js";
import { memorySource } from "../../../src/core/encoding/stream.js";
import { tarHeader, tarPadding } from "../../../src/core/encoding/tar.js";
import { readTarIndex, tarOf } from "../../../src/core/encoding/tar-index.js";

const sound: [string, Uint8Array][] = [
  ["a", utf8Bytes("one")],
  [`${"long/".repeat(40)}b`, utf8Bytes("two")],
  ["ünïcode/ö.yar", new Uint8Array(512)],
  ["z", new Uint8Array()],
];
const inOrder = (files: [string, Uint8Array][]) =>
  [...files].sort(([a], [b]) => compareBytes(utf8Bytes(a), utf8Bytes(b)));

async function read(archive: Uint8Array): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const { path, offset, bytes } of (await readTarIndex(memorySource(archive))).values()) {
    found.set(path, Buffer.from(archive.subarray(offset, offset + bytes)).toString("hex"));
  }
  return found;
}

const refused = expect.objectContaining({ code: "BUNDLE_MALFORMED" });

describe("SPEC §14.2.1 an archive has one form", () => {
  it("what was written is found again, whatever the paths", async () => {
    const path = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 150 })
      .map((text) => text.replace(/[\0\n=]/g, "_"));
    const files = fc.uniqueArray(fc.tuple(path, fc.uint8Array({ maxLength: 1500 })), {
      selector: ([name]) => name,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(files, async (given) => {
        const members = inOrder(given as [string, Uint8Array][]);
        const found = await read(tarOf(members));
        expect([...found]).toEqual(
          members.map(([name, bytes]) => [name, Buffer.from(bytes).toString("hex")]),
        );
      }),
      { numRuns: 60 },
    );
  });

  const archive = tarOf(inOrder(sound));
  const changed = (at: number, value: number) => archive.with(at, value);
  const cases: [string, () => Uint8Array][] = [
    ["members out of order", () => tarOf([...inOrder(sound)].reverse())],
    ["a member twice", () => tarOf([...inOrder(sound), ["z", utf8Bytes("again")]])],
    ["nothing at all", () => new Uint8Array()],
    ["an end too early", () => archive.subarray(0, archive.length - 512)],
    ["bytes behind the end", () => concatBytes(archive, new Uint8Array(512))],
    ["a third block that is not zero", () => changed(archive.length - 1, 1)],
    ["another mode", () => changed(100 + 4, 0x37)],
    ["another time", () => changed(136 + 10, 0x31)],
    ["another owner's name", () => changed(265, 0x61)],
    ["another checksum form", () => changed(148 + 7, 0)],
    ["bytes between two members", () => changed(512 + 3, 7)],
    ["a size beyond the archive", () => concatBytes(tarHeader("a", 600), new Uint8Array(512))],
    ["a size that is no number", () => changed(124, 0x38)],
    ["a link", () => changed(156, 0x32)],
    ["a path that is not UTF-8", () => changed(0, 0xff)],
    ["a PAX header of another name", () => longHeader().with(3, 0x78)],
    ["a PAX record with more than a path", () => longHeader(" mtime=1\n")],
  ];
  it.each(cases)("%s is refused", async (_name, bytes) => {
    await expect(read(bytes())).rejects.toThrowError(refused);
  });

  /** An archive whose only member has a long path; with `extra` in its record. */
  function longHeader(extra = ""): Uint8Array {
    const header = tarHeader(`${"long/".repeat(40)}b`, 0);
    if (extra !== "") header.set(utf8Bytes(extra), 512 + 215);
    return concatBytes(header, tarPadding(0), new Uint8Array(1024));
  }

  it("the archive with the long path is sound without the change", async () => {
    expect((await read(longHeader())).size).toBe(1);
  });
});
