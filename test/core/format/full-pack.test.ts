import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { concatBytes } from "../../../src/core/encoding/bytes.js";
import { memorySink, memorySource } from "../../../src/core/encoding/stream.js";
import { openDatabase } from "../../../src/core/format/database.js";
import { decodeFullPack, encodeFullPack } from "../../../src/core/format/full-pack.js";
import { formatPackHeader } from "../../../src/core/format/pack-header.js";
import { formatSkippable } from "../../../src/core/format/zstd-frame.js";
import { codec, codeOf, database, delta, digest, flipped, languages, rules } from "./samples.js";

const known = async (bytes: Uint8Array) =>
  (await openDatabase(memorySource(bytes), languages, digest)).sha256;

async function pack(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const sink = memorySink();
  await encodeFullPack(memorySource(bytes), await known(bytes), sink, codec);
  return sink.bytes();
}

async function unpack(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const sink = memorySink();
  await decodeFullPack(memorySource(bytes), sink, codec, digest, languages);
  return sink.bytes();
}

const small = await database({ ioc: rules(40) });

describe("full pack", () => {
  it("gives back a database of several blocks, and an empty one", async () => {
    for (const bytes of [await database({ suricata: rules(9000) }), await database({})]) {
      expect(Buffer.compare(await unpack(await pack(bytes)), bytes)).toBe(0);
    }
    expect((await pack(await database({ suricata: rules(9000) }))).length).toBeLessThan(200_000);
  });

  const zstd = spawnSync("zstd", ["--version"]).status === 0;
  if (!zstd) console.warn("full pack: the zstd program is absent; its test does not run");
  it.runIf(zstd)("is read by the zstd program as it is", async () => {
    const bytes = await database({ suricata: rules(9000), yara: rules(20) });
    const { status, stdout } = spawnSync("zstd", ["-d", "-c"], {
      input: await pack(bytes),
      maxBuffer: 1 << 26,
    });
    expect(status).toBe(0);
    expect(Buffer.compare(stdout, bytes)).toBe(0);
  });

  // zstd has bits that mean nothing: the pack's own digest, in the manifest, catches those
  it("SPEC §4.3.3 is refused with a typed error, or yields the same database, whatever byte is flipped", async () => {
    const whole = await pack(small);
    let harmless = 0;
    for (let at = 0; at < whole.length; at++) {
      for (const mask of [1, 0x80]) {
        const sink = memorySink();
        const code = await codeOf(() =>
          decodeFullPack(memorySource(flipped(whole, at, mask)), sink, codec, digest, languages),
        );
        if (code === "success") {
          harmless++;
          expect(Buffer.compare(sink.bytes(), small)).toBe(0);
        } else {
          expect(code).toMatch(
            /^(PACK_MALFORMED|PACK_FORMAT_UNKNOWN|CODEC_FAILED|DATABASE_DIGEST_MISMATCH)$/,
          );
        }
      }
    }
    expect(harmless).toBeLessThan(whole.length / 100);
  });

  it("SPEC §4.3.3 is refused when it holds something else than its header says, or no database", async () => {
    const other = await database({ ioc: rules(41) });
    for (const [content, claimed] of [
      [other, await known(small)],
      [new Uint8Array(5000), await known(small)],
    ] as const) {
      const sink = memorySink();
      await encodeFullPack(memorySource(content), claimed, sink, codec);
      expect(await codeOf(() => unpack(sink.bytes()))).toBe("DATABASE_DIGEST_MISMATCH");
    }
  });

  it("is refused when it is cut anywhere, or goes on", async () => {
    const whole = await pack(small);
    for (let length = 0; length < whole.length; length++) {
      expect(await codeOf(() => unpack(whole.subarray(0, length)))).toBe("PACK_MALFORMED");
    }
    expect(await codeOf(() => unpack(concatBytes(whole, Uint8Array.of(0))))).toBe("PACK_MALFORMED");
  });

  it("SPEC §4.3.2 is refused when its header or its frames lie about sizes", async () => {
    const [frame] = await codec.compress([{ bytes: small, level: 3 }]);
    const databaseSha256 = await known(small);
    const lie = (databaseBytes: number, ...parts: Uint8Array[]) =>
      concatBytes(formatPackHeader({ kind: "full", databaseBytes, databaseSha256 }), ...parts);
    for (const claimed of [0, small.length - 1, small.length + 1, 2 ** 36]) {
      expect(await codeOf(() => unpack(lie(claimed, frame as Uint8Array)))).toBe("PACK_MALFORMED");
    }
    expect(await codeOf(() => unpack(lie(2 ** 40, frame as Uint8Array)))).toBe("PACK_MALFORMED");
    // a frame that claims 2^40 bytes
    const head = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0);
    expect(await codeOf(() => unpack(lie(2 ** 35, head)))).toBe("PACK_MALFORMED");
    const wrongTable = formatSkippable(0xe, new Uint8Array(17));
    expect(await codeOf(() => unpack(lie(small.length, frame as Uint8Array, wrongTable)))).toBe(
      "PACK_MALFORMED",
    );
  });

  it("is not taken for a delta, nor a delta for it", async () => {
    expect(await codeOf(async () => unpack(await delta(small, await database({}))))).toBe("PACK_MALFORMED");
  });
});
