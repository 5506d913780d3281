/** What every `LogStore` adapter must do. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hexText, utf8Bytes, utf8Text } from "../../src/core/encoding/bytes.js";
import { makeInclusionProof } from "../../src/core/log/make-proof.js";
import { leafHash, verifyInclusion } from "../../src/core/log/merkle.js";
import { readEntries, tileReader } from "../../src/core/log/read-log.js";
import { partialTiles, tileNodes, tilePath } from "../../src/core/log/tiles.js";
import type { LogStore } from "../../src/ports/log-store.js";
import { TestLog } from "../support/log-world.js";

export interface LogStoreUnderTest {
  place(): Promise<{ open(): Promise<LogStore>; remove(): Promise<void> }>;
}

const entry = (i: number) => utf8Bytes(`entry ${i} ${"x".repeat(i % 50)}`);
const entries = (start: number, end: number) =>
  Array.from({ length: end - start }, (_, i) => entry(start + i));

export async function wholeLog(log: LogStore, size: number): Promise<string[]> {
  const found: string[] = [];
  for await (const bytes of readEntries(tileReader(log.read), { start: 0, end: size, size })) {
    found.push(utf8Text(bytes));
  }
  return found;
}

export function logStoreContract(name: string, subject: LogStoreUnderTest): void {
  describe(`log store contract: ${name}`, () => {
    let place: Awaited<ReturnType<LogStoreUnderTest["place"]>>;
    let log: LogStore;
    beforeEach(async () => {
      place = await subject.place();
      log = await place.open();
    });
    afterEach(async () => {
      await log.close();
      await place.remove();
    });

    it("begins empty, with the root of nothing", async () => {
      expect(await log.settle()).toMatchObject({ size: 0 });
      expect(await log.read("tile/0/000.p/1")).toBeUndefined();
      expect(await log.readHead("signed")).toBeUndefined();
    });

    it("gives entries their indices in the order in which they came, those of one caller together", async () => {
      const calls = [1, 3, 300, 1, 2].map((count) => entries(0, count));
      const indices = await Promise.all(calls.map((call) => log.append(call)));
      expect(indices).toEqual([0, 1, 4, 304, 305]);
      expect(await log.settle()).toMatchObject({ size: 307 });
    });

    it.each([1, 255, 256, 257, 600])("has the tree of its %i entries, in tiles", async (size) => {
      for (let at = 0; at < size; at += 100) await log.append(entries(at, Math.min(at + 100, size)));
      const head = await log.settle();
      const model = new TestLog().append(...entries(0, size));
      expect(hexText(head.root)).toBe(hexText(model.root));
      model.checkpoint();
      const paths = [...model.files.keys()].filter((path) => !path.includes(".p/") || isEdge(path, size));
      for (const path of paths) expect(await log.read(path), path).toEqual(model.files.get(path));
      const proof = await makeInclusionProof(size - 1, size, tileNodes(size, tileReader(log.read)));
      verifyInclusion({ index: size - 1, size, root: head.root, leaf: leafHash(entry(size - 1)), proof });
    });

    it("is the same after it was closed and opened, and goes on", async () => {
      await log.append(entries(0, 300));
      const before = await log.settle();
      await log.append(entries(300, 310));
      await log.close();
      log = await place.open();
      expect(await log.append(entries(310, 520))).toBe(310);
      const { size } = await log.settle();
      expect(await wholeLog(log, size)).toEqual(entries(0, 520).map(utf8Text));
      expect(hexText(before.root)).toBe(hexText(new TestLog().append(...entries(0, 300)).root));
    });

    it("SPEC §11.8.1 lets nobody else write until it is closed", async () => {
      await expect(place.open()).rejects.toMatchObject({ code: "STATE_LOCKED" });
      await log.close();
      log = await place.open();
    });

    it("lets whoever wants the tree's head wait for one batch, not for everybody who goes on appending", async () => {
      const each = 200;
      const caller = async () => {
        for (let i = 0; i < each; i++) await log.append([entry(i)]);
      };
      // The second begins while the first one's batch is being written, so there is always somebody who waits.
      const first = caller();
      await new Promise(setImmediate);
      const second = caller();
      const { size } = await log.settle();
      expect(size).toBeLessThan(each);
      await Promise.all([first, second]);
      expect(await log.settle()).toMatchObject({ size: 2 * each });
    });

    it("writes what was asked for before it closes", async () => {
      const appended = Promise.all(Array.from({ length: 20 }, (_, i) => log.append([entry(i)])));
      await new Promise(setImmediate);
      const later = log.append([entry(20)]);
      await log.close();
      expect([...(await appended), await later]).toEqual(Array.from({ length: 21 }, (_, i) => i));
      log = await place.open();
      expect(log.size).toBe(21);
    });

    it("keeps both heads apart, and the last of each", async () => {
      await log.writeHead("signed", utf8Bytes("one"));
      await log.writeHead("checkpoint", utf8Bytes("two"));
      await log.writeHead("checkpoint", utf8Bytes("three"));
      expect(await log.readHead("checkpoint")).toEqual(utf8Bytes("three"));
      expect(await log.read("checkpoint")).toEqual(utf8Bytes("three"));
      expect(await log.read("signed")).toBeUndefined();
    });

    it("SPEC §11.4.6 takes entries of 65,535 bytes and none larger", async () => {
      expect(await log.append([new Uint8Array(65_535)])).toBe(0);
      for (const none of [[new Uint8Array(65_536)], [entry(1), new Uint8Array(70_000)], []]) {
        await expect(log.append(none)).rejects.toMatchObject({ code: "LOG_ENTRY_TOO_LARGE" });
      }
      expect(await log.settle()).toMatchObject({ size: 1 });
    });

    it("takes nothing once it is closed", async () => {
      await log.close();
      await expect(log.append([entry(0)])).rejects.toMatchObject({ code: "STORE_FAILED" });
      await expect(log.settle()).rejects.toMatchObject({ code: "STORE_FAILED" });
    });
  });
}

function isEdge(path: string, size: number): boolean {
  return partialTiles(size).some((place) => tilePath(place) === path);
}
