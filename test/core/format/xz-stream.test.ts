import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { concatBytes } from "../../../src/core/encoding/bytes.js";
import { crc32 } from "../../../src/core/encoding/crc32.js";
import { VerificationError } from "../../../src/core/errors.js";
import { readStream, streamAtEnd, tailBytesMax, writeStream } from "../../../src/core/format/xz-stream.js";
import { limits } from "../../../src/core/limits.js";
import { mutantCount, sweep, byteChanges } from "../../support/mutants.js";
import { codeOf, numbers } from "./samples.js";

const complain = (message: string) => new VerificationError("CODEC_FAILED", message);
const read = (bytes: Uint8Array) => readStream(bytes, complain);
const random = numbers(7);
const noise = (length: number) => Uint8Array.from({ length }, () => random() * 256);
const text = (length: number) => {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const from = Math.floor(random() * at);
    const count = random() < 0.7 && at > 0 ? 1 + Math.floor(random() ** 8 * 700) : 0;
    for (let i = 0; i < count && at < length; i++) bytes[at++] = bytes[from + i] as number;
    if (at < length) bytes[at++] = 97 + Math.floor(random() * 20);
  }
  return bytes;
};
const samples: [string, Uint8Array][] = [
  ["a byte", Uint8Array.of(7)],
  ["three bytes", Uint8Array.of(1, 2, 3)],
  ["zeros over two chunks", new Uint8Array(2_200_000)],
  ["noise over two chunks", noise(200_000)],
  ["text over two chunks", text(250_000)],
  ["a period of two", new Uint8Array(70_000).map((_, i) => i & 1)],
  ["a period that breaks", new Uint8Array(70_000).map((_, i) => (i % 997 === 0 ? i & 255 : i % 13))],
  ["noise, and again", concatBytes(...Array<Uint8Array>(3).fill(noise(30_000)))],
];

describe("xz stream", () => {
  it("has the CRC-32 that everybody has", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
  });

  it.each(samples)("SPEC §4.1.4 gives back %s, to us and to the xz program", (_, bytes) => {
    const stream = writeStream(bytes);
    expect(streamAtEnd(stream.subarray(-tailBytesMax), complain)).toEqual({
      bytes: stream.length,
      contentBytes: bytes.length,
    });
    expect(stream.length).toBeLessThan(bytes.length * 1.04 + 100);
    expect(Buffer.compare(read(stream), bytes)).toBe(0);
    const { status, stdout } = spawnSync("xz", ["-dc"], { input: stream, maxBuffer: 1 << 26 });
    expect(status).toBe(0);
    expect(Buffer.compare(stdout, bytes)).toBe(0);
  });

  it("gives back whatever it is, a hundred times", () => {
    for (let i = 0; i < 100; i++) {
      const bytes = random() < 0.2 ? noise(1 + random() * 900) : text(1 + Math.floor(random() * 3000));
      expect(Buffer.compare(read(writeStream(bytes)), bytes)).toBe(0);
    }
  });

  it("is what xz -9e makes it, within a twentieth", () => {
    const bytes = text(60_000);
    const { stdout } = spawnSync("xz", ["-9ec"], { input: bytes, maxBuffer: 1 << 26 });
    expect(writeStream(bytes).length).toBeLessThan(1.05 * stdout.length);
  });

  const whole = writeStream(text(3000));
  const dataAt = 24;
  it.each<[string, (stream: Uint8Array) => void]>([
    ["another check than CRC-32", (s) => s.fill(4, 7, 7 + 1)],
    ["another filter", (s) => s.fill(3, 14, 14 + 1)],
    ["a larger dictionary", (s) => s.fill(40, 16, 16 + 1)],
    ["a chunk that is not compressed", (s) => s.fill(1, dataAt, dataAt + 1)],
    ["a chunk that sets nothing up", (s) => s.fill(0x80, dataAt, dataAt + 1)],
    ["lc 3, pb 2", (s) => s.fill(0x5d, dataAt + 5, dataAt + 5 + 1)],
    ["a chunk of more than is wanted", (s) => s.fill(0xff, dataAt, dataAt + 1)],
    ["a chunk that goes on behind the stream", (s) => s.fill(255, dataAt + 3, dataAt + 5)],
    ["LZMA that does not start with 0", (s) => s.fill(1, dataAt + 6, dataAt + 6 + 1)],
    ["a check of other bytes", (s) => s.fill(~(s[s.length - 29] as number), s.length - 29, s.length - 28)],
    ["an index of 2^32 words", (s) => s.fill(255, s.length - 8, s.length - 4)],
    ["no end", (s) => s.fill(0, s.length - 2)],
  ])("SPEC §4.1.4 refuses %s", async (_, change) => {
    const stream = whole.slice();
    change(stream);
    expect(await codeOf(async () => read(stream))).toBe("CODEC_FAILED");
  });

  it("refuses a stream whose end claims more than a block holds, before anything is read", async () => {
    const tail = whole.subarray(-tailBytesMax);
    expect(await codeOf(async () => streamAtEnd(tail.subarray(-11), complain))).toBe("CODEC_FAILED");
    expect(limits.xzBlockPackedBytesMax).toBeGreaterThan(1.04 * limits.xzBlockBytesMax);
  });

  it("SPEC §4.1.2 is refused with a typed error, whatever is changed in it, in less than 200 ms", async () => {
    const other = writeStream(text(2500));
    const verdict = async (mutant: Uint8Array, i: number): Promise<string> => {
      // two good streams may be joined to one of them
      if (i % 20 !== 0 || Buffer.compare(mutant, other) === 0) return "not read";
      const code = await codeOf(async () => read(mutant));
      return code === "success" ? "accepted" : code;
    };
    const found = await sweep("pack", whole, byteChanges(other), verdict, 4);
    expect(found.accepted).toEqual([]);
    expect(found.tried).toBe(mutantCount("pack"));
    expect(found.slowestMs).toBeLessThan(200);
  });
});
