import { describe, expect, it } from "vitest";
import {
  formatSkippable,
  frameBytes,
  frameBytesMax,
  frameContentBytes,
  skippableBytes,
} from "../../../src/core/format/zstd-frame.js";
import { codec, codeOf, numbers } from "./samples.js";

const magic = [0x28, 0xb5, 0x2f, 0xfd];
const refused = (...bytes: number[]) => codeOf(async () => frameBytes(Uint8Array.from([...magic, ...bytes])));

describe("zstd frame", () => {
  it("tells the content size and the length of every frame that the codec makes", async () => {
    const random = numbers(3);
    for (const length of [1, 2, 255, 256, 257, 65_791, 65_792, 131_072, 131_073, 262_144]) {
      for (const bytes of [new Uint8Array(length), Uint8Array.from({ length }, () => random() * 256)]) {
        const [frame] = (await codec.compress("zstd", [bytes])) as [Uint8Array];
        const behind = Uint8Array.from([...frame, 1, 2, 3]);
        expect(frameContentBytes(frame)).toBe(length);
        expect(frameBytes(behind)).toBe(frame.length);
        expect(frame.length).toBeLessThanOrEqual(frameBytesMax(length));
      }
    }
  });

  it.each([
    ["nothing behind the magic number", []],
    ["no content size", [0x00, 0x58, 1, 0, 0]],
    ["a dictionary id", [0x21, 7, 1, 1, 0, 0]],
    ["a reserved bit", [0x28, 1, 1, 0, 0]],
    ["an unused bit", [0x30, 1, 1, 0, 0]],
    ["a block of the reserved type", [0x20, 1, 0x07, 0, 0]],
    ["a block that goes on behind the end", [0x20, 1, 0xf9, 0xff, 0]],
    ["no last block", [0x20, 1, 0, 0, 0]],
    ["a checksum that is not there", [0x24, 0, 1, 0, 0]],
    ["half a content size", [0xe0, 1, 2]],
  ])("SPEC §4.1.1 refuses %s", async (_, bytes) => {
    expect(await refused(...(bytes as number[]))).toBe("PACK_MALFORMED");
  });

  it("tells skippable frames by their variant", () => {
    const frame = formatSkippable(0xd, Uint8Array.of(1, 2, 3));
    expect(skippableBytes(frame, 0xd)).toBe(3);
    expect(skippableBytes(frame, 0xe)).toBeUndefined();
    expect(skippableBytes(frame.subarray(0, 7), 0xd)).toBeUndefined();
  });
});
