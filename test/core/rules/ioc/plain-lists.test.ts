/** Plain lists are the texts of their records, a line each, from packed records and from others. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeDigest } from "../../../../src/adapters/node-digest.js";
import { memorySink, memorySource } from "../../../../src/core/encoding/stream.js";
import { type SectionReader, encodeDatabase, openDatabase } from "../../../../src/core/format/database.js";
import { sectionRecords } from "../../../../src/core/format/section-records.js";
import { usualForms } from "../../../../src/core/rules/export-forms.js";
import { exportInForms } from "../../../../src/core/rules/export-in-forms.js";
import { IndicatorReader } from "../../../../src/core/rules/ioc/indicator.js";
import { indicatorText } from "../../../../src/core/rules/ioc/indicator-text.js";
import { listName } from "../../../../src/core/rules/ioc/types.js";
import type { ExportedFile } from "../../../../src/core/rules/model.js";
import type { PackedRecords } from "../../../../src/core/rules/record-cursor.js";
import { ruleLanguage } from "../../../../src/core/rules/registry.js";

const facts = {
  feed: "endpoint",
  release: 1,
  databaseSha256: "d".repeat(64),
  createdAt: "2026-11-22T12:00:00Z",
};

async function packed(records: readonly string[]): Promise<PackedRecords> {
  const sink = memorySink();
  await encodeDatabase([{ kind: "ioc", order: "sorted", records }], sink, nodeDigest);
  const database = await openDatabase(memorySource(sink.bytes()), ruleLanguage, nodeDigest);
  return sectionRecords(database.section("ioc") as SectionReader);
}

/** A chunk's place is used again for the next one. */
const whole = ({ path, chunks }: ExportedFile) => {
  const parts: string[] = [];
  for (const chunk of chunks) parts.push(Buffer.from(chunk).toString("latin1"));
  return [path, parts.join("")] as const;
};

function expectedFiles(records: readonly string[]): (readonly [string, string])[] {
  const files = new Map<string, string>();
  for (const record of records) {
    const path = listName(record);
    files.set(path, `${files.get(path) ?? ""}${indicatorText(record)}\n`);
  }
  return [...files];
}

async function expectSameFiles(records: readonly string[]): Promise<void> {
  const sorted = [...new Set(records)].sort();
  const section = await packed(sorted);
  expect([...section]).toEqual(sorted);
  const expected = expectedFiles(sorted);
  for (const source of [section, sorted]) {
    const files = () => exportInForms("ioc", source, usualForms, facts);
    expect([...files()].map(whole), "files before their bytes").toEqual(expected);
    const drawn: (readonly [string, string])[] = [];
    for (const file of files()) drawn.push(whole(file));
    expect(drawn, "each file's bytes before the next file").toEqual(expected);
  }
}

const recordOf = (text: string) => new IndicatorReader().read(text) as string;

describe("plain lists", () => {
  it("of every type of indicator", async () => {
    const texts = [
      ...[32, 40, 64, 128].map((digits) => "0f9a".repeat(digits / 4)),
      ...["0.0.0.0", "255.10.100.9", "10.0.0.0/8", "192.0.2.1:0", "192.0.2.1:65535", "192.0.2.1:8080"],
      ...["2001:db8::1", "2001:db8::/32", "[2001:db8::1]:443"],
      ...["example.com", "a.b.c.d.example", "*.bad.example", "*.com", "mail.example:25"],
      ...[
        "http://example.com/a?b#c",
        "https://user@192.0.2.1:8443/",
        "ftp://[2001:db8::1]/x",
        "example.com/a",
      ],
      ...["/wp-content/x.php", "^[a-z]{12}\\.example$"],
    ];
    const records = texts.map(recordOf);
    expect(new Set(records.map((record) => record.charCodeAt(0))).size).toBe(16);
    await expectSameFiles(records);
  });

  it("of any records", async () => {
    const byte = fc.integer({ min: 0, max: 255 });
    const bytes = (count: number) =>
      fc.array(byte, { minLength: count, maxLength: count }).map((all) => String.fromCharCode(...all));
    const label = fc.stringMatching(/^[a-z0-9_-]{1,12}$/);
    const name = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join(" "));
    const typed = (type: number, key: fc.Arbitrary<string>) =>
      key.map((text) => String.fromCharCode(type) + text);
    const record = fc.oneof(
      ...[16, 20, 32, 64].map((count, i) => typed(1 + i, bytes(count))),
      ...([4, 5, 6, 16, 17, 18] as const).map((count, i) => typed(5 + i, bytes(count))),
      typed(11, name),
      typed(
        12,
        fc.tuple(name, bytes(2)).map(([host, port]) => host + port),
      ),
      typed(
        13,
        name.map((host) => `${host}\0http://\0:81/p`),
      ),
      typed(
        14,
        name.map((host) => `${host}\0/p`),
      ),
      typed(15, fc.string({ minLength: 1, maxLength: 30, unit: "grapheme-ascii" })),
      typed(16, fc.string({ minLength: 1, maxLength: 30, unit: "grapheme-ascii" })),
    );
    await fc.assert(fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 60 }), expectSameFiles), {
      numRuns: 200,
    });
  });

  it("longer than a chunk, and one line longer than that", async () => {
    const many = Array.from({ length: 30_000 }, (_, i) => recordOf(`host-${i}.some-longer-name.example`));
    await expectSameFiles([...many, `\x0f/${"p".repeat(300_000)}`, recordOf("/short")]);
  });
});
