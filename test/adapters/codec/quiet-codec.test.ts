import { expect, it } from "vitest";
import { openPackCodec } from "../../../src/adapters/codec/pack-codec.js";
import { openQuietCodec } from "../../../src/adapters/codec/quiet-codec.js";
import { packMethods } from "../../../src/core/format/codec.js";
import { codeOf, numbers } from "../../core/format/samples.js";

const random = numbers(7);
const text = (bytes: number) => Uint8Array.from({ length: bytes }, () => 97 + Math.floor(random() * 6));

it.each(packMethods)("gives and reads the pieces of every other codec, %s", async (method) => {
  const [quiet, plain] = [openQuietCodec(), await openPackCodec({ workers: 0 })];
  const blocks = [text(70_000), text(5)];
  const pieces = await quiet.compress(method, blocks);
  expect(pieces).toEqual(await plain.compress(method, blocks));
  expect(await quiet.decompress(method, pieces[0] as Uint8Array, 70_000)).toEqual(blocks[0]);
  expect(await codeOf(() => quiet.decompress(method, Uint8Array.of(1, 2, 3), 9))).toBe("CODEC_FAILED");
  await quiet.close();
  await plain.close();
});

it("ends at once when it is closed, and does nothing more", async () => {
  const quiet = openQuietCodec();
  const blocks = Array.from({ length: 4 }, () => text(8 * 1024 * 1024));
  const under = [
    codeOf(() => quiet.compress("xz", blocks)),
    codeOf(() => quiet.decompress("xz", blocks[0] as never, 1)),
  ];
  // The thread is there and has its first block.
  await new Promise(setImmediate);
  const began = performance.now();
  await quiet.close();
  expect(await Promise.all(under)).toEqual(["INTERRUPTED", "INTERRUPTED"]);
  expect(performance.now() - began).toBeLessThan(5_000);
  expect(await codeOf(() => quiet.compress("xz", [text(9)]))).toBe("INTERRUPTED");
});
