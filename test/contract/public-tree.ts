/** What every `PublicTree` adapter must do. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { equalBytes, utf8Bytes } from "../../src/core/encoding/bytes.js";
import { memorySource } from "../../src/core/encoding/stream.js";
import type { PublicTree } from "../../src/ports/public-tree.js";

export interface PublicTreeUnderTest {
  place(): Promise<{ open(): Promise<PublicTree>; remove(): Promise<void> }>;
}

const head = "metadata/timestamp.json";
const one = utf8Bytes("one");
const two = utf8Bytes("two");

export function publicTreeContract(name: string, subject: PublicTreeUnderTest): void {
  describe(`public tree contract: ${name}`, () => {
    let place: Awaited<ReturnType<PublicTreeUnderTest["place"]>>;
    let tree: PublicTree;
    beforeEach(async () => {
      place = await subject.place();
      tree = await place.open();
    });
    afterEach(() => place.remove());

    it("gives undefined for what is not there", async () => {
      expect(await tree.read("metadata/1.root.json")).toBeUndefined();
      expect(await tree.read("no/such/folder/file")).toBeUndefined();
    });

    it("writes an immutable file from bytes or a source, once", async () => {
      const large = new Uint8Array(3_000_001).map((_, i) => i * 31);
      await tree.putImmutable("targets/endpoint/a.rmp", memorySource(large));
      await tree.putImmutable("targets/endpoint/b.rmp", one);
      expect(equalBytes((await tree.read("targets/endpoint/a.rmp"))!, large)).toBe(true);
      expect(await tree.read("targets/endpoint/b.rmp")).toEqual(one);
    });

    it("takes the same bytes again and refuses others", async () => {
      await tree.putImmutable("a/b", one);
      await tree.putImmutable("a/b", memorySource(one));
      for (const other of [two, utf8Bytes("on"), utf8Bytes("onee"), new Uint8Array()]) {
        await expect(tree.putImmutable("a/b", other)).rejects.toMatchObject({ code: "RECORD_CONFLICT" });
      }
      expect(await tree.read("a/b")).toEqual(one);
    });

    it("keeps nothing when the source breaks", async () => {
      const broken = { length: 10, read: () => Promise.reject(new Error("gone")) };
      await expect(tree.putImmutable("a/b", broken)).rejects.toThrow();
      expect(await tree.read("a/b")).toBeUndefined();
    });

    it("swaps a head only from what is expected", async () => {
      await expect(tree.swapHead(head, one, two)).rejects.toMatchObject({ code: "RECORD_CONFLICT" });
      await tree.swapHead(head, undefined, one);
      await expect(tree.swapHead(head, undefined, two)).rejects.toMatchObject({ code: "RECORD_CONFLICT" });
      await expect(tree.swapHead(head, two, one)).rejects.toMatchObject({ code: "RECORD_CONFLICT" });
      await tree.swapHead(head, one, two);
      expect(await tree.read(head)).toEqual(two);
    });

    it("opens a file for any part of it, and gives undefined for what is not there", async () => {
      const large = new Uint8Array(2_500_001).map((_, i) => i * 31);
      await tree.putImmutable("targets/endpoint/a.rmp", large);
      const file = await tree.open("targets/endpoint/a.rmp");
      expect(file?.length).toBe(large.length);
      for (const [offset, length] of [
        [0, 7],
        [1_048_570, 20],
        [2_400_000, 100_001],
        [2_500_001, 0],
      ] as const) {
        expect(equalBytes(await file!.read(offset, length), large.slice(offset, offset + length))).toBe(true);
      }
      await expect(file!.read(2_500_000, 2)).rejects.toMatchObject({ code: "STORE_FAILED" });
      await file?.close();
      await tree.putImmutable("a/empty", new Uint8Array());
      const empty = await tree.open("a/empty");
      expect([empty?.length, await empty?.read(0, 0)]).toEqual([0, new Uint8Array()]);
      await empty?.close();
      expect(await tree.open("a")).toBeUndefined();
      expect(await tree.open("a/b/c")).toBeUndefined();
    });

    it("marks a head anew with every swap, and an immutable file never", async () => {
      const markOf = async (path: string) => {
        const file = await tree.open(path);
        await file?.close();
        return file?.mark;
      };
      await tree.swapHead(head, undefined, one);
      await tree.putImmutable("a/b", one);
      const before = [await markOf(head), await markOf("a/b")];
      await tree.swapHead(head, one, two);
      await tree.putImmutable("a/b", one);
      expect(await markOf(head)).not.toBe(before[0]);
      expect(await markOf("a/b")).toBe(before[1]);
    });

    it.each([
      ["the first", undefined],
      ["a later", one],
    ])("lets exactly one of many concurrent swaps of %s head win, across two openings", async (_, from) => {
      const second = await place.open();
      if (from !== undefined) await tree.swapHead(head, undefined, from);
      const attempts = Array.from({ length: 10 }, (_, i) =>
        (i % 2 === 0 ? tree : second).swapHead(head, from, utf8Bytes(`head ${i}`)),
      );
      const results = await Promise.allSettled(attempts);
      const won = results.flatMap((result, i) => (result.status === "fulfilled" ? [i] : []));
      expect(won).toHaveLength(1);
      expect(await tree.read(head)).toEqual(utf8Bytes(`head ${won[0]}`));
    });

    it.each([
      "../x",
      "a/../b",
      "/etc/passwd",
      "a//b",
      "a/",
      "",
      ".",
      "a/.hidden",
      "a\\b",
      "a\0b",
      "a b",
      "ä",
    ])("refuses the path %j everywhere", async (path) => {
      await expect(tree.open(path)).rejects.toMatchObject({ code: "PATH_UNSAFE" });
      await expect(tree.read(path)).rejects.toMatchObject({ code: "PATH_UNSAFE" });
      await expect(tree.putImmutable(path, one)).rejects.toMatchObject({ code: "PATH_UNSAFE" });
      await expect(tree.swapHead(path, undefined, one)).rejects.toMatchObject({ code: "PATH_UNSAFE" });
    });
  });
}
