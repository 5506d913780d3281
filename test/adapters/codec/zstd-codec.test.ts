import { afterAll, describe, expect, it, vi } from "vitest";
import { ZstdInstance } from "../../../src/adapters/codec/zstd-instance.js";
import { openZstdCodec } from "../../../src/adapters/codec/zstd-codec.js";
import type { CodecBlock } from "../../../src/core/format/codec.js";
import { codeOf, numbers } from "../../core/format/samples.js";

const random = numbers(1);
/** Text that can be compressed, but not well. */
function text(bytes: number): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) {
    const copy = i > 300 && i % 64 < 40;
    result[i] = copy ? (result[i - 257] as number) : 97 + Math.floor(random() * 26);
  }
  return result;
}

const blocks: CodecBlock[] = [
  { bytes: text(262_144), level: 19 },
  { bytes: text(131_072), dictionary: text(131_072), level: 19 },
  { bytes: text(1), level: 1 },
  { bytes: text(5000), dictionary: text(300), level: 19 },
  { bytes: text(100_000), level: 3 },
  { bytes: new Uint8Array(262_144), level: 19 },
];

describe("zstd codec", async () => {
  const codecs = await Promise.all([0, 1, 2].map((workers) => openZstdCodec({ workers })));
  afterAll(() => Promise.all(codecs.map((codec) => codec.close())));

  it("gives the same frames with no, one and two threads, and they come back", async () => {
    const [none, one, two] = await Promise.all(codecs.map((codec) => codec.compress(blocks)));
    expect(one).toEqual(none);
    expect(two).toEqual(none);
    const [codec] = codecs;
    for (const [i, { bytes, dictionary }] of blocks.entries()) {
      const back = await codec?.decompress(none?.[i] as Uint8Array, bytes.length, dictionary);
      expect(Buffer.compare(back as Uint8Array, bytes)).toBe(0);
    }
  });

  it("keeps the order of calls that are made at once", async () => {
    const codec = codecs[2];
    const results = await Promise.all(blocks.map((block) => codec?.compress([block, block])));
    const [expected] = await Promise.all([codec?.compress(blocks)]);
    results.forEach((frames, i) => {
      expect(frames).toEqual([expected?.[i], expected?.[i]]);
    });
  });

  it("refuses blocks and dictionaries beyond the limits, in threads too, and goes on", async () => {
    const good = blocks.slice(2, 4);
    for (const codec of codecs) {
      for (const bad of [
        { bytes: new Uint8Array(262_145), level: 3 },
        { bytes: new Uint8Array(131_073), dictionary: text(10), level: 3 },
        { bytes: new Uint8Array(10), dictionary: new Uint8Array(131_073), level: 3 },
      ]) {
        expect(await codeOf(() => codec.compress([bad, ...good]))).toBe("CODEC_FAILED");
      }
      expect(await codec.compress(good)).toHaveLength(2);
    }
  });

  it("refuses frames that are broken, of another size, or not one frame", async () => {
    const codec = codecs[0] as (typeof codecs)[number];
    const [frame] = (await codec.compress([blocks[3] as CodecBlock])) as [Uint8Array];
    const dictionary = blocks[3]?.dictionary as Uint8Array;
    const codes = [
      await codeOf(() => codec.decompress(frame, 4999, dictionary)),
      await codeOf(() => codec.decompress(frame, 262_145, dictionary)),
      await codeOf(() => codec.decompress(frame.subarray(0, 100), 5000, dictionary)),
      await codeOf(() => codec.decompress(new Uint8Array(50), 50)),
      await codeOf(() => codec.decompress(Uint8Array.from([...frame, 0]), 5000, dictionary)),
    ];
    for (const code of codes) expect(code).toMatch(/^(CODEC_FAILED|PACK_MALFORMED)$/);
    expect(
      Buffer.from(await codec.decompress(frame, 5000, dictionary)).equals(blocks[3]?.bytes as Uint8Array),
    ).toBe(true);
  });
});

describe("an instance of zstd", () => {
  it("is replaced when its heap is used up, and what comes next works", async () => {
    const beyond = 64 * 1024 * 1024;
    const instance = new ZstdInstance({
      blockBytesMax: beyond,
      blockWithDictionaryBytesMax: beyond,
      dictionaryBytesMax: beyond,
    });
    const block = { bytes: text(5000), level: 19 };
    const frame = await instance.compress(block);
    expect(instance.made).toBe(1);
    // 8 MiB do not fit: both tries end in an abort, and each takes its instance with it
    expect(await codeOf(() => instance.compress({ bytes: new Uint8Array(8 << 20), level: 19 }))).toBe(
      "CODEC_FAILED",
    );
    expect(instance.made).toBe(2);
    expect(await instance.compress(block)).toEqual(frame);
    expect((await instance.decompress(frame, 5000)).length).toBe(5000);
    expect(instance.made).toBe(3);
  });

  it("is free of what it held: a thousand dictionaries fit one after the other", async () => {
    const instance = new ZstdInstance();
    const dictionary = text(131_072);
    for (let i = 0; i < 1000; i++) await instance.compress({ bytes: text(100), dictionary, level: 1 });
    expect(instance.made).toBe(1);
  });

  it("prints nothing when it dies", async () => {
    const printed: unknown[] = [];
    const log = vi.spyOn(console, "log").mockImplementation((...all) => void printed.push(all));
    const warn = vi.spyOn(console, "warn").mockImplementation((...all) => void printed.push(all));
    const instance = new ZstdInstance({
      blockBytesMax: 1 << 30,
      blockWithDictionaryBytesMax: 0,
      dictionaryBytesMax: 0,
    });
    await codeOf(() => instance.compress({ bytes: new Uint8Array(16 << 20), level: 19 }));
    log.mockRestore();
    warn.mockRestore();
    expect(printed).toEqual([]);
  });
});
