import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes } from "../../../src/core/encoding/bytes.js";
import { memorySink, memorySource } from "../../../src/core/encoding/stream.js";
import { ByteWriter } from "../../../src/core/encoding/varint.js";
import {
  type SectionReader,
  checkDatabase,
  digestDatabase,
  encodeDatabase,
  openDatabase,
} from "../../../src/core/format/database.js";
import { databaseMagic } from "../../../src/core/format/directory.js";
import { codeOf, contentsOf, database, digest, flipped, languages, rules } from "./samples.js";

const open = (bytes: Uint8Array) => openDatabase(memorySource(bytes), languages);
const check = (bytes: Uint8Array) => checkDatabase(memorySource(bytes), languages, digest);
const words = fc.array(fc.string({ unit: fc.constantFrom("a", "b", " ", "\u00ff", "\0"), maxLength: 12 }));

describe("database", () => {
  it("gives back the records of every kind, and is the only encoding of them", async () => {
    await fc.assert(
      fc.asyncProperty(words, words, words, async (ioc, sigma, yara) => {
        const bytes = await database({ ioc, sigma, yara });
        const summary = await check(bytes);
        expect(summary.bytes).toBe(bytes.length);
        expect(await database(await contentsOf(bytes))).toEqual(bytes);
        expect((await contentsOf(bytes)).yara ?? []).toEqual(yara);
      }),
      { numRuns: 60 },
    );
  });

  it("is the same for no sections and for empty ones", async () => {
    const empty = await database({});
    expect(await database({ ioc: [], yara: [] })).toEqual(empty);
    expect((await open(empty)).sections).toEqual([]);
    expect(await (await open(empty)).findRule("ioc", "x")).toBeUndefined();
  });

  it("counts records and rules", async () => {
    const { sections } = await check(await database({ sigma: ["a 1", "b 2"], yara: ["- import", "r 1"] }));
    expect(sections).toEqual([
      { kind: "sigma", order: "sorted", records: 2, rules: 2 },
      { kind: "yara", order: "sequence", records: 2, rules: 1 },
    ]);
  });

  it("finds every rule by its id, and none that is not there", async () => {
    const contents = { suricata: rules(3000), yara: rules(500).reverse() };
    const opened = await open(await database(contents));
    for (const kind of ["suricata", "yara"] as const) {
      for (const record of contents[kind].filter((_, i) => i % 37 === 0)) {
        expect(await opened.findRule(kind, record.slice(0, 8))).toBe(record);
      }
      for (const id of ["", "0", "00000000x", "99999999", "zz"]) {
        expect(await opened.findRule(kind, id)).toBeUndefined();
      }
    }
    expect(await opened.findRule("sigma", "00000001")).toBeUndefined();
  });

  it("finds rules where blocks begin with the same 64 bytes", async () => {
    const long = Array.from({ length: 60 }, (_, i) => `${"x".repeat(100)}${i + 100} ${"y".repeat(9000)}`);
    const opened = await open(await database({ ioc: long }));
    for (const record of long) {
      expect((await opened.findRule("ioc", record.split(" ")[0] as string)) === record).toBe(true);
    }
    expect(await opened.findRule("ioc", "x".repeat(100))).toBeUndefined();
  });

  it("reads one block or two to find a rule", async () => {
    const bytes = await database({ suricata: rules(20_000) });
    let read = 0;
    const source = memorySource(bytes);
    const opened = await openDatabase(
      {
        length: source.length,
        read: (offset, length) => {
          read += length;
          return source.read(offset, length);
        },
      },
      languages,
    );
    read = 0;
    await opened.findRule("suricata", "00012345");
    expect(read).toBeLessThan(140 * 1024);
  });

  it("iterates from any record on", async () => {
    const all = rules(2000);
    const opened = await open(await database({ suricata: all }));
    for (const from of [0, 1, 777, 1999]) {
      const rest: string[] = [];
      for await (const records of opened.records("suricata", from)) rest.push(...records);
      expect(rest).toEqual(all.slice(from));
    }
    expect((await opened.records("suricata", 2000).next()).done).toBe(true);
  });

  it("changes a block or two when a record changes", async () => {
    const all = rules(20_000);
    const before = await open(await database({ suricata: all }));
    const after = await open(
      await database({ suricata: all.map((r, i) => (i === 10_000 ? `${r} # changed` : r)) }),
    );
    const blocks = async (opened: typeof before) => {
      const section = opened.section("suricata");
      const bytes = await Promise.all((section?.blocks ?? []).map((_, i) => section?.rawBlock(i)));
      return bytes.map((block) => Buffer.from(block ?? []).toString("latin1"));
    };
    const old = new Set(await blocks(before));
    expect(old.size).toBeGreaterThan(20);
    expect((await blocks(after)).filter((block) => !old.has(block)).length).toBeLessThanOrEqual(2);
  });

  it("keeps blocks within 64 KiB, and a record of a megabyte alone", async () => {
    const huge = `m ${"z".repeat(1 << 20)}`;
    const opened = await open(await database({ ioc: [...rules(500), huge, "n 1"] }));
    for (const block of opened.section("ioc")?.blocks ?? []) {
      expect(block.records === 1 || block.bytes <= 64 * 1024).toBe(true);
    }
    expect((await opened.findRule("ioc", "m")) === huge).toBe(true);
  });

  it("SPEC §3.3.1 is known by the digest of the file without its sections", async () => {
    const bytes = await database({ ioc: rules(900), yara: rules(40) });
    const opened = await open(bytes);
    const end = bytes.length - 8 - new DataView(bytes.buffer, bytes.length - 8).getUint32(0, true);
    const outside = concatBytes(bytes.subarray(0, 5), bytes.subarray(end));
    expect(opened.sha256).toBe(createHash("sha256").update(outside).digest("hex"));
    expect(await digestDatabase(memorySource(bytes), digest, languages)).toBe(opened.sha256);
    expect((await check(bytes)).sha256).toBe(opened.sha256);
  });

  it("SPEC §3.1.2 refuses records out of order, twice, or too large", async () => {
    const write = (records: string[]) => () =>
      encodeDatabase([{ kind: "ioc", order: "sorted", records }], memorySink(), digest, languages);
    expect(await codeOf(write(["b", "a"]))).toBe("DATABASE_MALFORMED");
    expect(await codeOf(write(["a", "a"]))).toBe("DATABASE_MALFORMED");
    expect(await codeOf(write(["x".repeat(16 * 1024 * 1024 + 1)]))).toBe("DATABASE_MALFORMED");
  });
});

describe("a database that lies", () => {
  it("SPEC §3.2.4 is refused, or is another canonical database, whatever byte is flipped", async () => {
    const bytes = await database({ ioc: rules(12), yara: ["- import", ...rules(7)] });
    for (let at = 0; at < bytes.length; at++) {
      for (const mask of [1, 0x80]) {
        const code = await codeOf(() => check(flipped(bytes, at, mask)));
        // a letter within a record may become another one: then only the digest of the whole tells
        expect(["DATABASE_MALFORMED", "success"]).toContain(code);
      }
    }
  });

  it("SPEC §3.3.3 is refused where it is read, whatever byte of a section is flipped", async () => {
    const bytes = await database({ ioc: rules(900), yara: rules(40) });
    const opened = await open(bytes);
    const { facts, blocks } = opened.section("ioc") as SectionReader;
    for (const [number, { offset, bytes: length }] of blocks.entries()) {
      const lying = await open(flipped(bytes, offset + (length >> 1)));
      const read = (block: number) => codeOf(async () => lying.section("ioc")?.rawBlock(block));
      expect(await read(number)).toBe("DATABASE_MALFORMED");
      if (number > 0) expect(await read(number - 1)).toBe("success");
    }
    for (
      let at = facts.offset + facts.blockBytes;
      at < facts.offset + facts.blockBytes + facts.indexBytes;
      at += 7
    )
      expect(await codeOf(() => open(flipped(bytes, at)))).toBe("DATABASE_MALFORMED");
    const { facts: yara } = opened.section("yara") as SectionReader;
    for (
      let at = yara.offset + yara.blockBytes + yara.indexBytes;
      at < yara.offset + yara.blockBytes + yara.indexBytes + yara.idBytes;
      at += 11
    )
      expect(await codeOf(() => open(flipped(bytes, at)))).toBe("DATABASE_MALFORMED");
  });

  it("is refused when it is cut anywhere, or goes on", async () => {
    const bytes = await database({ ioc: rules(12), yara: rules(7) });
    for (let length = 0; length < bytes.length; length++) {
      expect(await codeOf(() => open(bytes.subarray(0, length)))).toBe("DATABASE_MALFORMED");
    }
    expect(await codeOf(() => open(concatBytes(bytes, Uint8Array.of(0))))).toBe("DATABASE_MALFORMED");
  });

  it.each([
    ["2^40 records", [1, 1, 0, 2 ** 40, 0, 0, 0, 0]],
    ["2^40 bytes of blocks", [1, 1, 0, 1, 0, 2 ** 40, 0, 0]],
    ["an index of 2^40 bytes", [1, 1, 0, 1, 0, 0, 2 ** 40, 0]],
    ["2^40 sections", [2 ** 40]],
    ["more rules than records", [1, 1, 0, 1, 2, 0, 0, 0]],
    ["an unknown kind", [1, 17, 0, 1, 0, 0, 0, 0]],
    ["an unknown order", [1, 1, 7, 1, 0, 0, 0, 0]],
    ["an id table in a sorted section", [1, 1, 0, 1, 0, 0, 0, 1]],
    ["a section without an index", [1, 1, 0, 1, 0, 0, 0, 0]],
    ["a section of the wrong order", [1, 1, 1, 1, 0, 0, 0, 0]],
  ])("claims %s", async (_, fields) => {
    const writer = new ByteWriter();
    for (const field of fields) writer.varint(field);
    writer.bytes(new Uint8Array(32));
    const directory = writer.take();
    const length = Uint8Array.of(directory.length, 0, 0, 0);
    const bytes = concatBytes(databaseMagic, directory, length, databaseMagic.subarray(0, 4));
    expect(await codeOf(() => open(bytes))).toBe("DATABASE_MALFORMED");
  });
});
