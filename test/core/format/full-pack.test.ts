import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import type { Sha256Hex } from "../../../src/core/brands.js";
import { concatBytes } from "../../../src/core/encoding/bytes.js";
import { memorySink, memorySource } from "../../../src/core/encoding/stream.js";
import {
  type Codec,
  type PackMethod,
  chooseMethod,
  hasSmallPack,
  methodCodecs,
  methodOfCodec,
  packMethods,
  pieceContentBytes,
} from "../../../src/core/format/codec.js";
import { openDatabase } from "../../../src/core/format/database.js";
import { decodeFullPack, encodeFullPack } from "../../../src/core/format/full-pack.js";
import { formatPackHeader } from "../../../src/core/format/pack-header.js";
import { formatSkippable } from "../../../src/core/format/zstd-frame.js";
import { codec, codeOf, database, delta, digest, flipped, languages, rules } from "./samples.js";

const known = async (bytes: Uint8Array) =>
  (await openDatabase(memorySource(bytes), languages, digest)).sha256;

async function pack(
  bytes: Uint8Array,
  method: PackMethod,
  sha256 = known(bytes),
): Promise<Uint8Array<ArrayBuffer>> {
  const sink = memorySink();
  await encodeFullPack(memorySource(bytes), { sha256: await sha256, method }, sink, codec);
  return sink.bytes();
}

async function unpack(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const sink = memorySink();
  await decodeFullPack(memorySource(bytes), sink, codec, digest, languages);
  return sink.bytes();
}

const small = await database({ ioc: rules(40) });
const large = await database({
  suricata: rules(300),
  yara: [`one ${"a text ".repeat(pieceContentBytes.xz / 7)}`, ...rules(20)],
});
const programs = { xz: ["xz", "-dc"], zstd: ["zstd", "-dc"] } as const;

describe.each(packMethods)("full pack, %s", async (method) => {
  const [whole, largePack] = [await pack(small, method), await pack(large, method)];

  it("gives back a database of several pieces, and an empty one", async () => {
    expect(large.length).toBeGreaterThan(pieceContentBytes[method]);
    expect(Buffer.compare(await unpack(largePack), large)).toBe(0);
    const empty = await database({});
    expect(Buffer.compare(await unpack(await pack(empty, method)), empty)).toBe(0);
  });

  const [program, option] = programs[method];
  it("SPEC §4.3.1 is read by the program of that name as it is", () => {
    const { status, stdout } = spawnSync(program, [option], { input: largePack, maxBuffer: 1 << 26 });
    expect(status).toBe(0);
    expect(Buffer.compare(stdout, large)).toBe(0);
  });

  // zstd has bits that mean nothing: the pack's own digest, in the manifest, catches those; xz has none
  it("SPEC §4.1.2 SPEC §4.3.3 is refused with a typed error, or yields the same database, whatever byte is flipped", async () => {
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
    expect(harmless).toBeLessThan(method === "xz" ? 1 : whole.length / 100);
  });

  it("SPEC §4.3.3 is refused when it holds no database", async () => {
    for (const content of [
      new Uint8Array(5000),
      small.subarray(1),
      concatBytes(small, small.subarray(0, 9)),
    ]) {
      const made = pack(content, method, known(small));
      expect(await codeOf(async () => unpack(await made))).toBe("DATABASE_DIGEST_MISMATCH");
    }
  });

  it("SPEC §8.3.10 writes nothing of a sound database that is not the one that was signed", async () => {
    const sink = memorySink();
    const decoding = (expected: Sha256Hex) =>
      decodeFullPack(memorySource(whole), sink, codec, digest, languages, expected);
    expect(await codeOf(async () => decoding(await known(large)))).toBe("DATABASE_DIGEST_MISMATCH");
    expect(sink.bytes()).toHaveLength(0);
    expect(await decoding(await known(small))).toMatchObject({ bytes: small.length });
  });

  it("is refused when it is cut anywhere, or goes on", async () => {
    for (let length = 0; length < whole.length; length++) {
      expect(await codeOf(() => unpack(whole.subarray(0, length)))).toBe("PACK_MALFORMED");
    }
    expect(await codeOf(() => unpack(concatBytes(whole, Uint8Array.of(0))))).toBe("PACK_MALFORMED");
  });
});

describe("full pack, with a former one", () => {
  const rest = [`one ${"a text ".repeat(pieceContentBytes.xz / 7)}`, ...rules(20)];
  const changed: Record<string, () => Promise<Uint8Array>> = {
    "the same": async () => large,
    "changed at its end": () => database({ suricata: rules(300), yara: [...rest, "zz: one more"] }),
    "changed at its start, so that all moved": () => database({ suricata: rules(301), yara: rest }),
    shorter: async () => small,
    empty: () => database({}),
  };

  // a piece of xz is 8 MiB and takes seconds
  const cases = [
    ["xz", "the same"],
    ["xz", "shorter"],
    ...Object.keys(changed).map((title) => ["zstd", title] as const),
  ] as const;
  const packs = new Map<PackMethod, Promise<Uint8Array>>();
  const packOf = (method: PackMethod) => {
    const made = packs.get(method) ?? pack(large, method);
    packs.set(method, made);
    return made;
  };

  it.each(cases)(
    "%s: compresses what is not in it at its place, and comes out the same (%s)",
    async (method, title) => {
      const next = await (changed[title] as () => Promise<Uint8Array>)();
      const compressed: Uint8Array[] = [];
      const counting: Codec = {
        compress: (one, blocks) => {
          compressed.push(...blocks);
          return codec.compress(one, blocks);
        },
        decompress: (...given) => codec.decompress(...given),
      };
      const sink = memorySink();
      const former = { database: memorySource(large), pack: memorySource(await packOf(method)) };
      const facts = { sha256: await known(next), method };
      await encodeFullPack(memorySource(next), facts, sink, counting, former);
      const expected = next === large ? packOf(method) : pack(next, method);
      expect(Buffer.compare(sink.bytes(), await expected)).toBe(0);
      const full = pieceContentBytes[method];
      const [was, is] = [piecesOf(large, full), piecesOf(next, full)];
      const fresh = is.filter((piece, i) => Buffer.compare(piece, was[i] ?? new Uint8Array()) !== 0);
      expect(Buffer.compare(concatBytes(...compressed), concatBytes(...fresh))).toBe(0);
      expect(fresh.length < is.length).toBe(title === "the same" || title === "changed at its end");
    },
  );

  const piecesOf = (bytes: Uint8Array, length: number) =>
    Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) =>
      bytes.subarray(length * i, length * (i + 1)),
    );

  it("refuses what is no pack", async () => {
    const former = { database: memorySource(large), pack: memorySource(new Uint8Array(99)) };
    const facts = { sha256: await known(large), method: "xz" } as const;
    const code = codeOf(() => encodeFullPack(memorySource(large), facts, memorySink(), codec, former));
    expect(await code).toBe("PACK_MALFORMED");
  });
});

describe("full pack", () => {
  it("SPEC §4.1.4 SPEC §4.3.2 is refused when a stream but the last holds less than it may, or streams do not fill it", async () => {
    const halves = [small.subarray(0, 50), small.subarray(50)];
    const [one, two] = (await codec.compress("xz", halves)) as [Uint8Array, Uint8Array];
    for (const [parts, code] of [
      [[one, two], "PACK_MALFORMED"],
      [[two], "DATABASE_DIGEST_MISMATCH"],
      [[Uint8Array.of(0, 0, 0, 0), one, two], "PACK_MALFORMED"],
      [[one, one.subarray(12)], "PACK_MALFORMED"],
    ] as const) {
      expect(await codeOf(() => unpack(concatBytes(...parts)))).toBe(code);
    }
  });

  it("SPEC §4.3.2 is refused when its header or its frames lie about sizes", async () => {
    const [frame] = await codec.compress("zstd", [small]);
    const databaseSha256 = await known(small);
    const lie = (databaseBytes: number, ...parts: Uint8Array[]) => {
      const header = { kind: "full", method: "zstd", databaseBytes, databaseSha256 } as const;
      return concatBytes(formatPackHeader(header), ...parts);
    };
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

  it("SPEC §4.3.3 is refused when it holds another database than its header says", async () => {
    const other = await database({ ioc: rules(41) });
    const made = await pack(other, "zstd", known(small));
    expect(await codeOf(() => unpack(made))).toBe("DATABASE_DIGEST_MISMATCH");
  });

  it("is not taken for a delta, nor a delta for it", async () => {
    expect(await codeOf(async () => unpack(await delta(small, await database({}))))).toBe("PACK_MALFORMED");
  });

  it("SPEC §4.1.3 names its method, and is made by zstd unless a policy says xz, perhaps up to a size", () => {
    for (const method of packMethods) expect(methodOfCodec(methodCodecs[method])).toBe(method);
    expect(methodOfCodec("zstd-codec/9")).toBeUndefined();
    expect(chooseMethod(1)).toBe("zstd");
    const bySize = { method: "by-size", xzBytesMax: 9 } as const;
    expect([1, 9, 10].map((bytes) => chooseMethod(bytes, bySize))).toEqual(["xz", "xz", "zstd"]);
    expect(chooseMethod(1, { method: "zstd", xzBytesMax: 9 })).toBe("zstd");
    expect(chooseMethod(2 ** 40, { method: "xz" })).toBe("xz");
    expect(chooseMethod(32 * 2 ** 20, { method: "by-size" })).toBe("xz");
    expect(chooseMethod(32 * 2 ** 20 + 1, { method: "by-size" })).toBe("zstd");
  });

  it("SPEC §2.5.8 has a small one behind it unless a policy says otherwise, up to a size", () => {
    expect([1, 256 * 2 ** 20, 256 * 2 ** 20 + 1].map((bytes) => hasSmallPack(bytes))).toEqual([
      true,
      true,
      false,
    ]);
    expect([9, 10].map((bytes) => hasSmallPack(bytes, { method: "both", xzBytesMax: 9 }))).toEqual([
      true,
      false,
    ]);
    for (const method of ["xz", "zstd", "by-size"] as const) expect(hasSmallPack(1, { method })).toBe(false);
  });
});
