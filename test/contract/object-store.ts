/** What every `ObjectStore` adapter must do. */
import { createHash, randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sha256Hex } from "../../src/core/brands.js";
import { equalBytes } from "../../src/core/encoding/bytes.js";
import type { ObjectStore } from "../../src/ports/object-store.js";

export interface ObjectStoreUnderTest {
  place(): Promise<{ open(): Promise<ObjectStore>; remove(): Promise<void> }>;
}

const digestOf = (bytes: Uint8Array) => sha256Hex(createHash("sha256").update(bytes).digest("hex"));

export function objectStoreContract(name: string, subject: ObjectStoreUnderTest): void {
  describe(`object store contract: ${name}`, () => {
    let place: Awaited<ReturnType<ObjectStoreUnderTest["place"]>>;
    let store: ObjectStore;
    beforeEach(async () => {
      place = await subject.place();
      store = await place.open();
    });
    afterEach(() => place.remove());

    async function whole(bytes: Uint8Array): Promise<Uint8Array | undefined> {
      const object = await store.open(digestOf(bytes));
      if (object === undefined) return undefined;
      try {
        return await object.read(0, object.length);
      } finally {
        await object.close();
      }
    }

    it("gives undefined for what is not there", async () => {
      expect(await store.open(digestOf(new Uint8Array()))).toBeUndefined();
    });

    it.each([
      ["nothing", []],
      ["one chunk", [5]],
      ["empty chunks", [0, 3, 0]],
      ["many chunks", Array.from({ length: 50 }, (_, i) => i * 997)],
    ])("gives back what was put in %s, under its SHA-256", async (_, sizes) => {
      const chunks = sizes.map((size) => new Uint8Array(randomBytes(size)));
      const bytes = new Uint8Array(Buffer.concat(chunks));
      expect(await store.put(chunks)).toEqual({ sha256: digestOf(bytes), bytes: bytes.length });
      expect(equalBytes((await whole(bytes))!, bytes)).toBe(true);
    });

    it("reads any part, and fails past the end", async () => {
      const bytes = new Uint8Array(randomBytes(10_000));
      const object = await store.open((await store.put([bytes])).sha256);
      expect(object?.length).toBe(10_000);
      expect(await object?.read(1234, 77)).toEqual(bytes.subarray(1234, 1311));
      expect(await object?.read(10_000, 0)).toEqual(new Uint8Array());
      await expect(object?.read(9_999, 2)).rejects.toMatchObject({ code: "STORE_FAILED" });
      await object?.close();
    });

    it("takes the same bytes again, also at the same time", async () => {
      const bytes = new Uint8Array(randomBytes(100_000));
      const results = await Promise.all(Array.from({ length: 8 }, () => store.put([bytes])));
      expect(new Set(results.map((result) => result.sha256))).toEqual(new Set([digestOf(bytes)]));
      await store.put([bytes]);
      expect(equalBytes((await whole(bytes))!, bytes)).toBe(true);
    });

    it("keeps nothing of a stream that breaks, and passes its error on", async () => {
      const first = new Uint8Array(randomBytes(1000));
      const broken = (async function* () {
        yield first;
        throw new Error("the caller's stream broke");
      })();
      await expect(store.put(broken)).rejects.toThrow("the caller's stream broke");
      expect(await whole(first)).toBeUndefined();
    });

    it("has everything after opening again", async () => {
      const bytes = new Uint8Array(randomBytes(1000));
      await store.put([bytes]);
      store = await place.open();
      expect(await whole(bytes)).toEqual(bytes);
    });

    it("refuses a name that is not a digest", async () => {
      const name = "../../../../etc/passwd" as ReturnType<typeof sha256Hex>;
      await expect(store.open(name)).rejects.toMatchObject({ code: "ENCODING_MALFORMED" });
    });
  });
}
