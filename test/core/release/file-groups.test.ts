import { describe, expect, it } from "vitest";
import { sha256Hex } from "../../../src/core/brands.js";
import { groupFiles } from "../../../src/core/release/file-groups.js";
import type { FileFacts } from "../../../src/core/release/model.js";

const file = (path: string, bytes = 100): FileFacts => ({ path, bytes, sha256: sha256Hex("a".repeat(64)) });
const many = (count: number) => Array.from({ length: count }, (_, i) => file(`lists/${i + 1000}.txt`));
const paths = (files: readonly FileFacts[]) =>
  groupFiles("ioc", files).map((group) => group.map(({ path }) => path));

describe("groups of small files", () => {
  it("hold every file once, in order, and not too many", () => {
    const files = many(3000);
    const groups = paths(files);
    expect(groups.flat()).toEqual(files.map(({ path }) => path));
    expect(groups.length).toBeLessThan(150);
    expect(Math.max(...groups.map(({ length }) => length))).toBeLessThanOrEqual(128);
  });

  it("are the same but for one when a file comes or goes", () => {
    const files = many(2000);
    const before = new Set(paths(files).map(String));
    const without = paths(files.filter((_, i) => i !== 1000));
    const withMore = paths([...files.slice(0, 700), file("lists/1699a.txt"), ...files.slice(700)]);
    for (const after of [without, withMore]) {
      expect(after.filter((group) => !before.has(String(group))).length).toBeLessThanOrEqual(3);
    }
  });

  it.each<[string, FileFacts[], number]>([
    ["a large file stands alone", [file("a.txt"), file("b.txt", 65_537), file("c.txt")], 2],
    ["files of two endings stand apart", [file("a.hdb"), file("b.ndb")], 2],
    [
      "a group has at most half a mebibyte",
      Array.from({ length: 16 }, (_, i) => file(`x${i}.txt`, 65_000)),
      2,
    ],
  ])("%s", (_, files, count) => {
    const kind = files[0]?.path.endsWith(".hdb") ? "clamav" : "ioc";
    expect(groupFiles(kind, files).length).toBeGreaterThanOrEqual(count);
    for (const group of groupFiles(kind, files)) {
      expect(group.length === 1 || group.every(({ bytes }) => bytes <= 65_536)).toBe(true);
      expect(new Set(group.map(({ path }) => path.slice(-4))).size).toBe(1);
    }
  });

  it("are single files where order or the whole file means something", () => {
    expect(groupFiles("yara", many(9)).length).toBe(9);
    expect(groupFiles("suricata", many(9)).length).toBe(9);
  });
});
