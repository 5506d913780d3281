import { describe, expect, it, vi } from "vitest";
import { ZstdInstance } from "../../../src/adapters/codec/zstd-instance.js";
import { codeOf, numbers } from "../../core/format/samples.js";

const random = numbers(1);
const text = (bytes: number) => Uint8Array.from({ length: bytes }, () => 97 + Math.floor(random() * 26));

describe("an instance of zstd", () => {
  it("is replaced when its heap is used up, and what comes next works", async () => {
    const instance = new ZstdInstance(64 * 1024 * 1024);
    const block = text(5000);
    const frame = await instance.compress(block);
    expect(instance.made).toBe(1);
    // 8 MiB do not fit: both tries end in an abort, and each takes its instance with it
    expect(await codeOf(() => instance.compress(new Uint8Array(8 << 20)))).toBe("CODEC_FAILED");
    expect(instance.made).toBe(2);
    expect(await instance.compress(block)).toEqual(frame);
    expect((await instance.decompress(frame, 5000)).length).toBe(5000);
    expect(instance.made).toBe(3);
  });

  it("is free of what it held: a thousand blocks fit one after the other", async () => {
    const instance = new ZstdInstance();
    const block = new Uint8Array(262_144);
    for (let i = 0; i < 1000; i++) await instance.compress(block);
    expect(instance.made).toBe(1);
  });

  it("prints nothing when it dies", async () => {
    const printed: unknown[] = [];
    const log = vi.spyOn(console, "log").mockImplementation((...all) => void printed.push(all));
    const warn = vi.spyOn(console, "warn").mockImplementation((...all) => void printed.push(all));
    const instance = new ZstdInstance(1 << 30);
    await codeOf(() => instance.compress(new Uint8Array(16 << 20)));
    log.mockRestore();
    warn.mockRestore();
    expect(printed).toEqual([]);
  });
});
