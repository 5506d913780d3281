import { afterAll, describe, expect, it } from "vitest";
import { openPackCodec } from "../../../src/adapters/codec/pack-codec.js";
import { type Codec, packMethods, pieceContentBytes } from "../../../src/core/format/codec.js";
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

const blocks = [text(262_144), text(1), text(5000), text(100_000), new Uint8Array(262_144)];

describe.each(packMethods)("codec, %s", async (method) => {
  const codecs = await Promise.all([0, 1, 2].map((workers) => openPackCodec({ workers })));
  afterAll(() => Promise.all(codecs.map((codec) => codec.close())));

  it("gives the same pieces with no, one and two threads, and they come back", async () => {
    const [none, one, two] = await Promise.all(codecs.map((codec) => codec.compress(method, blocks)));
    expect(one).toEqual(none);
    expect(two).toEqual(none);
    for (const [i, bytes] of blocks.entries()) {
      const back = await codecs[0]?.decompress(method, none?.[i] as Uint8Array, bytes.length);
      expect(Buffer.compare(back as Uint8Array, bytes)).toBe(0);
    }
  });

  it("keeps the order of calls that are made at once", async () => {
    const codec = codecs[2];
    const results = await Promise.all(blocks.map((block) => codec?.compress(method, [block, block])));
    const expected = await codec?.compress(method, blocks);
    results.forEach((pieces, i) => {
      expect(pieces).toEqual([expected?.[i], expected?.[i]]);
    });
  });

  it("refuses blocks beyond the limits, in threads too, and goes on", async () => {
    for (const codec of codecs) {
      for (const bad of [new Uint8Array(0), new Uint8Array(pieceContentBytes[method] + 1)]) {
        expect(await codeOf(() => codec.compress(method, [bad, ...blocks.slice(1, 3)]))).toBe("CODEC_FAILED");
      }
      expect(await codec.compress(method, blocks.slice(1, 3))).toHaveLength(2);
    }
  });

  it("SPEC §4.1.2 refuses a piece of another size, a broken one, one that goes on, and none at all", async () => {
    const codec = codecs[0] as Codec;
    const [piece] = (await codec.compress(method, [blocks[2] as Uint8Array])) as [Uint8Array];
    const wrong: [Uint8Array, number][] = [
      [piece, 4999],
      [piece, 5001],
      [piece, pieceContentBytes[method] + 1],
      [piece.subarray(1), 5000],
      [piece.subarray(0, 100), 5000],
      [new Uint8Array(50), 50],
      [Uint8Array.from([...piece, 0]), 5000],
    ];
    for (const [bytes, size] of wrong) {
      const code = await codeOf(async () => codec.decompress(method, bytes, size));
      expect(code).toMatch(/^(CODEC_FAILED|PACK_MALFORMED)$/);
    }
    expect(Buffer.from(await codec.decompress(method, piece, 5000)).equals(blocks[2] as Uint8Array)).toBe(
      true,
    );
  });
});
