/** What `client lookup` calls listed, and that it says so of a proven database alone. */
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeDigest } from "../../src/adapters/node-digest.js";
import { openFilesystemEndpointStore } from "../../src/adapters/endpoint-store/filesystem.js";
import { Lookup } from "../../src/client/lookup.js";
import { type ByteSource, memorySink, memorySource } from "../../src/core/encoding/stream.js";
import { type SectionReader, encodeDatabase, openDatabase } from "../../src/core/format/database.js";
import type { BlockEntry } from "../../src/core/format/index-table.js";
import { RecordFinder } from "../../src/core/format/record-finder.js";
import { type Scene, indicators, openScene } from "./endpoint.js";

const md5 = "0123456789abcdef0123456789abcdef";
const listed = [
  ...[
    md5,
    "a".repeat(64),
    "192.0.2.7",
    "198.51.100.0/24",
    "198.51.0.0/16",
    "203.0.113.9:8443",
    "2001:db8::/32",
  ],
  ...["2001:db8:1::5", "[2001:db9::1]:53", "evil.example", "*.wild.example", "c2.example:4444", "*.zip"],
  ...["http://a.example/x?y=1", "https://b.example:8443/z", "http://c.example", "d.example/drop/here.php"],
  ...["/gate.php", "^bad[0-9]+[.]example$", "xn--bcher-kva.example"],
];

let scene: Scene;
let lookup: Lookup;
beforeAll(async () => {
  scene = await openScene();
  await scene.publisher.release([...indicators(1, 5000), ...listed]);
  await scene.endpoint.updater.update();
  lookup = await Lookup.open(await openFilesystemEndpointStore(scene.endpoint.folder), nodeDigest);
});
afterAll(async () => {
  await lookup.close();
  await scene.close();
});

const hits = async (asked: string) =>
  (await lookup.find(asked)).hits.map(({ indicator, relation }) => `${relation} ${indicator}`);

describe("listed", () => {
  it.each([
    [md5, [`exact ${md5}`]],
    [md5.toUpperCase(), [`exact ${md5}`]],
    ["192.0.2.7", ["exact 192.0.2.7"]],
    ["192[.]0[.]2[.]7", ["exact 192.0.2.7"]],
    ["::ffff:192.0.2.7", ["exact 192.0.2.7"]],
    ["192.0.2.7:80", ["host 192.0.2.7"]],
    ["198.51.100.77", ["network 198.51.100.0/24", "network 198.51.0.0/16"]],
    ["198.51.100.0/25", ["network 198.51.100.0/24", "network 198.51.0.0/16"]],
    ["198.51.0.0/16", ["exact 198.51.0.0/16"]],
    ["203.0.113.9", ["port 203.0.113.9:8443"]],
    ["203.0.113.9:8443", ["exact 203.0.113.9:8443"]],
    ["2001:DB8:0:0::9", ["network 2001:db8::/32"]],
    ["2001:db8:1::5", ["exact 2001:db8:1::5", "network 2001:db8::/32"]],
    ["2001:db9::1", ["port [2001:db9::1]:53"]],
    ["EVIL.example.", ["exact evil.example"]],
    ["a.b.evil.example", ["parent evil.example"]],
    ["x.wild.example", ["wildcard *.wild.example"]],
    ["invoice.zip", ["wildcard *.zip"]],
    ["c2.example", ["port c2.example:4444"]],
    ["bücher.example", ["exact xn--bcher-kva.example"]],
    ["http://A.example/x?y=1#top", ["exact http://a.example/x?y=1"]],
    ["http://a.example:80/x?y=1", ["exact http://a.example/x?y=1"]],
    ["hxxps://b[.]example:8443/z", ["exact https://b.example:8443/z"]],
    ["http://c.example/", ["exact http://c.example"]],
    ["https://d.example/drop/here.php?id=7", ["exact d.example/drop/here.php"]],
    ["d.example/drop/here.php", ["exact d.example/drop/here.php"]],
    ["http://any.example/gate.php?a", ["path /gate.php"]],
    ["http://www.evil.example/", ["parent evil.example"]],
    ["http://evil.example:8080/", ["host evil.example"]],
    ["http://198.51.100.1/x", ["network 198.51.100.0/24", "network 198.51.0.0/16"]],
    ["https://c2.example:4444/", ["host c2.example:4444"]],
  ])("%s: %j", async (asked, wanted) => {
    expect(await hits(asked)).toEqual(wanted);
  });

  it.each([
    ["f".repeat(32), "another hash"],
    ["192.0.2.8", "a neighbour"],
    ["198.52.0.0", "past a network"],
    ["198.0.0.0/8", "a network around a listed one"],
    ["203.0.113.9:443", "another port"],
    ["notevil.example", "a name that ends alike"],
    ["wild.example", "the name itself of what stands for those below"],
    ["zip.example", "a name that begins like the one above others"],
    ["http://a.example/x", "another query"],
    ["https://a.example/x?y=1", "another scheme"],
  ])("%s is not: %s", async (asked) => {
    expect(await lookup.find(asked)).toMatchObject({ found: false, hits: [], patternsNotAsked: true });
  });

  it.each(["", "no indicator at all", "999.1.1.1", "http://"])("%j is no question", async (asked) => {
    await expect(lookup.find(asked)).rejects.toMatchObject({ code: "USAGE" });
  });

  it("says the release, the list and the number of the record", async () => {
    const { release, hits: found } = await lookup.find("evil.example");
    expect(release).toMatchObject({ release: 1, databaseSha256: await scene.endpoint.databaseSha256() });
    expect(found).toEqual([
      {
        ...{ indicator: "evil.example", relation: "exact", list: "domains.txt" },
        ...{ number: expect.any(Number), here: "exported" },
      },
    ]);
  });

  it("stays the database that it is while an update goes on, and opened anew is the next", async () => {
    await scene.publisher.release([...indicators(2, 5000), "new.example"]);
    await scene.endpoint.updater.update();
    expect(await hits("new.example")).toEqual([]);
    expect(await hits("evil.example")).toEqual(["exact evil.example"]);
    const next = await Lookup.open(await openFilesystemEndpointStore(scene.endpoint.folder), nodeDigest);
    expect(await next.find("new.example")).toMatchObject({ found: true, release: { release: 2 } });
    await next.close();
  });

  it.each([
    ["its head", 3],
    ["its directory", -20],
  ])("of a database with a changed byte in %s nothing is said", async (_name, at) => {
    const path = join(scene.endpoint.folder, "database");
    const sound = await readFile(path);
    const store = await openFilesystemEndpointStore(scene.endpoint.folder);
    const bytes = Buffer.from(sound);
    const place = at < 0 ? bytes.length + at : at;
    bytes[place] = (bytes[place] as number) ^ 1;
    await writeFile(path, bytes);
    await expect(Lookup.open(store, nodeDigest)).rejects.toMatchObject({
      code: "STATE_CORRUPT",
      message: expect.stringContaining("the next update repairs it"),
    });
    await writeFile(path, sound);
  });
});

/** Some are the beginning of others; a fifth of them begin with so many alike, and beyond 64 the index does not tell them apart. */
async function manyRecords(alike: number) {
  const records = Array.from({ length: 15_000 }, (_, i) => {
    const name = createHash("sha256").update(String(i)).digest().toString("latin1");
    return `\x10${"x".repeat(i % 5 === 0 ? alike : 0)}${name.slice(0, 1 + (i % 7))}`;
  });
  const sorted = [...new Set(records)].sort();
  const sink = memorySink();
  await encodeDatabase([{ kind: "ioc", order: "sorted", records: sorted }], sink, nodeDigest);
  return { sorted, bytes: sink.bytes() };
}

/** As files give them: a copy, in the place that is handed in. */
const onDisk = (bytes: Uint8Array): ByteSource => {
  const readNow = (offset: number, length: number, into: Uint8Array = new Uint8Array(length)) => {
    into.set(bytes.subarray(offset, offset + length));
    return into.subarray(0, length);
  };
  return { length: bytes.length, read: async (...place) => readNow(...place), readNow };
};

const elsewhere = (bytes: Uint8Array): ByteSource => ({
  length: bytes.length,
  read: async (offset, length) => bytes.slice(offset, offset + length),
});

const sources: readonly (readonly [string, (bytes: Uint8Array) => ByteSource])[] = [
  ["in memory", memorySource],
  ["on the disk", onDisk],
  ["elsewhere", elsewhere],
];

async function sectionOf(source: ByteSource): Promise<SectionReader> {
  return (await openDatabase(source)).section("ioc") as SectionReader;
}

describe.each(sources)("a database %s", (_, open) => {
  it("SPEC §3.3.3: every record is found where it is, and nothing between two", async () => {
    const { sorted, bytes } = await manyRecords(70);
    const section = await sectionOf(open(bytes));
    expect(section.blocks.length).toBeGreaterThan(3);
    const finder = new RecordFinder(section, 2);
    const firsts = new Set(section.blocks.map(({ first }) => first));
    for (const [number, record] of sorted.entries()) {
      // Every one at the ends of blocks, and some between.
      if (number % 7 !== 0 && !firsts.has(number) && !firsts.has(number + 1)) continue;
      expect(await finder.find(record)).toBe(number);
      const next = `${record}\0`;
      expect(await finder.find(next)).toBe(sorted[number + 1] === next ? number + 1 : undefined);
    }
    for (const prefix of ["\x10", `\x10${"x".repeat(70)}`, "\x10a", "\x11", "\x0f"]) {
      const wanted = sorted.filter((record) => record.startsWith(prefix));
      expect((await finder.startingWith(prefix, 1e6)).map(({ record }) => record)).toEqual(wanted);
    }
  });

  it("many questions at once, of more blocks than are kept, get their own answers", async () => {
    const { sorted, bytes } = await manyRecords(70);
    const finder = new RecordFinder(await sectionOf(open(bytes)), 1);
    const asked = sorted.map((record, number) => ({ record, number })).filter((_, i) => i % 101 === 0);
    // Neighbours lie in different blocks.
    const mixed = asked.flatMap((one, i) => (i % 2 === 0 ? [one, asked.at(-1 - i) ?? one] : []));
    const numbers = await Promise.all(mixed.map(({ record }) => finder.find(record)));
    expect(numbers).toEqual(mixed.map(({ number }) => number));
  });

  it("SPEC §3.3.3: a damaged block answers nothing, however often it is asked, and the others what they hold", async () => {
    const { sorted, bytes } = await manyRecords(0);
    const { blocks } = await sectionOf(open(bytes));
    const [damaged, place] = [2, blocks[2] as BlockEntry];
    // The last byte of the last record: whoever stops at what they look for has not seen it.
    const at = place.offset + place.bytes - 1;
    bytes[at] = (bytes[at] as number) ^ 1;
    const finder = new RecordFinder(await sectionOf(open(bytes)), 2);
    for (let round = 0; round < 2; round++) {
      for (const [i, { first, records }] of blocks.entries()) {
        for (const number of [first, first + 1, first + records - 1]) {
          // By its key alone, what begins a block may stand in the one before as well, which is read first.
          if (i === damaged + 1 && number === first) continue;
          const answer = finder.find(sorted[number] as string);
          if (i === damaged) await expect(answer).rejects.toMatchObject({ code: "DATABASE_MALFORMED" });
          else expect(await answer).toBe(number);
        }
      }
    }
  });
});
