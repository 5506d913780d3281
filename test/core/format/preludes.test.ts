import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { columnDictionary, dictionaryContentMax, textDictionary } from "../../../src/core/format/preludes.js";
import { limits } from "../../../src/core/limits.js";
import { codec, numbers } from "./samples.js";

const fillerBytes = 16;
const spec = readFileSync(new URL("../../../docs/SPEC.md", import.meta.url), "utf8");
const none = new Uint8Array(0);

const textTables = (textDictionary(none, 1) as Uint8Array).slice(0, -fillerBytes);
const columnTables = (columnDictionary(1) as Uint8Array).slice(0, -fillerBytes);

describe("preludes", () => {
  it.each([
    ["text", textTables],
    ["columns", columnTables],
  ])("has the tables for %s that the specification prints, with their digest", (_, tables) => {
    const printed = spec.replace(/\s+/g, "");
    expect(printed).toContain(Buffer.from(tables).toString("hex"));
    expect(printed).toContain(createHash("sha256").update(tables).digest("hex"));
  });

  it("reaches every byte of the longest dictionary from the end of the longest frame that has tables", async () => {
    const random = numbers(5);
    const content = Uint8Array.from({ length: dictionaryContentMax }, () => random() * 256);
    const bytes = new Uint8Array(16 * 1024 - 1);
    // copies from both ends of the dictionary, and noise of its own
    for (let i = 0; i < bytes.length; i++) bytes[i] = random() * 256;
    bytes.set(content.subarray(0, 6000), bytes.length - 6000);
    bytes.set(content.subarray(-6000), 0);
    const dictionary = textDictionary(content, bytes.length) as Uint8Array;
    expect(dictionary.length).toBeLessThanOrEqual(limits.codecDictionaryBytesMax);
    const [frame] = (await codec.compress([{ bytes, dictionary, level: 19 }])) as [Uint8Array];
    expect(frame.length).toBeLessThan(5000);
    expect(await codec.decompress(frame, bytes.length, dictionary)).toEqual(bytes);
  });

  it("puts no tables in front of larger frames, and no content that could be taken for tables", () => {
    const looksLikeTables = textTables.slice();
    expect(textDictionary(looksLikeTables, 16 * 1024)).toEqual(Uint8Array.from([0, ...looksLikeTables]));
    expect(textDictionary(none, 16 * 1024)).toBeUndefined();
    expect(columnDictionary(16 * 1024)).toBeUndefined();
  });
});
