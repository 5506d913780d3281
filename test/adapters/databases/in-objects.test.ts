/** Databases in pieces: read back whole and in part, shared by what did not change, and there whole or not at all. */
import { describe, expect, it } from "vitest";
import type { SectionReader } from "../../../src/core/format/database.js";
import { encodeDatabase, openDatabase } from "../../../src/core/format/database.js";
import { DatabaseWriter } from "../../../src/core/format/database-writer.js";
import { applyChanges } from "../../../src/core/release/update-lines.js";
import { ruleLanguage } from "../../../src/core/rules/registry.js";
import { CompileWorld } from "../../support/compile-memory.js";
import { digest } from "../../core/format/samples.js";

const record = (i: number) =>
  `\x0bcom example ${String(i).padStart(7, "0")} some longer host name ${(i * 7919) % 997}`;
const records = Array.from({ length: 120_000 }, (_, i) => record(i));

describe("a database in pieces", () => {
  it("is read at any offset, and shares its pieces with the next one", async () => {
    const world = new CompileWorld();
    const { databases } = world.inputs;
    const write = (all: string[]) =>
      databases.put((sink) => encodeDatabase([{ kind: "ioc", order: "sorted", records: all }], sink, digest));
    const first = await write(records);
    const whole = await world.bytesOf(first.sha256);
    expect(whole.length).toBe(first.bytes);
    const source = await databases.open(first.sha256);
    for (let at = 0; at + 90_000 < whole.length; at += 777_777) {
      expect(
        Buffer.compare((await source?.read(at, 90_000)) as Uint8Array, whole.subarray(at, at + 90_000)),
      ).toBe(0);
    }
    await source?.close();

    const written = world.counts.written;
    const changed = records.filter((_, i) => i !== 60_000);
    const base = await databases.open(first.sha256);
    const opened = await openDatabase(base as NonNullable<typeof base>, ruleLanguage, digest);
    const second = await databases.put(async (sink) => {
      const writer = new DatabaseWriter(sink, digest, ruleLanguage);
      await applyChanges("ioc", opened.section("ioc") as SectionReader, writer, [
        { record: record(60_000), stays: false },
      ]);
      return writer.finish();
    }, first.sha256);
    expect(world.counts.written - written).toBeLessThan(0.6 * first.bytes);
    expect(second.sha256).toBe((await write(changed)).sha256);
    expect(
      (await openDatabase((await databases.open(second.sha256)) as never, ruleLanguage, digest)).sha256,
    ).toBe(second.sha256);
  });

  it("is not there when writing it failed", async () => {
    const { databases } = new CompileWorld().inputs;
    const failing = databases.put(async (sink) => {
      await encodeDatabase([{ kind: "ioc", order: "sorted", records: records.slice(0, 50) }], sink, digest);
      throw new Error("no more");
    });
    await expect(failing).rejects.toThrowError("no more");
    expect(await databases.open("0".repeat(64) as never)).toBeUndefined();
  });
});
