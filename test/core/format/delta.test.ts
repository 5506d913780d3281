import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes } from "../../../src/core/encoding/bytes.js";
import { memorySink, memorySource } from "../../../src/core/encoding/stream.js";
import { encodeDelta } from "../../../src/core/format/delta-encode.js";
import { encodeFullPack } from "../../../src/core/format/full-pack.js";
import { formatPackHeader, parsePackHeader } from "../../../src/core/format/pack-header.js";
import type { DeltaPackHeader } from "../../../src/core/format/pack-header.js";
import { PartCoder } from "../../../src/core/format/part-coder.js";
import type { Field } from "../../../src/core/format/part-models.js";
import type { Sha256Hex } from "../../../src/core/brands.js";
import { hexText } from "../../../src/core/encoding/bytes.js";
import { packMethods } from "../../../src/core/format/codec.js";
import {
  apply,
  codec,
  codeOf,
  database,
  delta,
  digest,
  flipped,
  languages,
  numbers,
  rules,
} from "./samples.js";
import { ruleMark } from "../../../src/core/rules/yara/marks.js";
import type { Contents } from "./samples.js";

async function roundTrip(from: Contents, to: Contents): Promise<number> {
  const [old, next] = [await database(from), await database(to)];
  const pack = await delta(old, next);
  expect(Buffer.compare(await apply(old, pack), next)).toBe(0);
  return pack.length;
}

const record = fc.string({ unit: fc.constantFrom("a", "b", " ", "\u00ff"), maxLength: 9 });
const sequence = fc.array(record, { maxLength: 30 });

/** A list, and what an editor makes of it. */
const edited = fc
  .tuple(sequence, fc.array(fc.tuple(fc.nat(), fc.nat(4), record), { maxLength: 8 }))
  .map(([list, edits]) => {
    const next = [...list];
    for (const [at, kind, text] of edits) {
      const place = next.length === 0 ? 0 : at % next.length;
      if (kind === 0) next.splice(place, 1);
      else if (kind === 1) next.splice(place, 0, text);
      else if (kind === 2) next[place] = `${next[place] ?? ""}${text}`;
      else if (kind === 3) next.push(...next.splice(place, 3));
      else next.splice(place, 0, ...next.slice(0, 4));
    }
    return [list, next] as const;
  });

/** Some blocks each. */
const all = rules(2000);
const other = rules(2000, 5000);
const twice = all.flatMap((text) => [text, text]);

describe("delta pack", () => {
  it("leads from any database to any other", async () => {
    await fc.assert(
      fc.asyncProperty(edited, edited, sequence, sequence, async (ioc, yara, sigma, other) => {
        await roundTrip({ ioc: ioc[0], yara: yara[0], sigma }, { ioc: ioc[1], yara: yara[1], sigma: other });
      }),
      { numRuns: 80 },
    );
  });

  const base = rules(2500);
  const changed = base.map((text, i) => (i % 100 === 7 ? text.replace("rev:1", "rev:2") : text));
  const named = base.map((text, i) => (i % 7 === 0 ? `- import ${i}` : `${ruleMark}rule R${i} ${text}`));
  it.each<[string, Contents, Contents]>([
    ["nothing to nothing", {}, {}],
    ["rules of a sequence, by their names", { yara: named }, { yara: named.filter((_, i) => i % 333 !== 5) }],
    [
      "more than the blocks hold",
      { ioc: base },
      { ioc: base.flatMap((text, i) => (i % 3 ? [text] : [text, `${text}+`])) },
    ],
    ["less than they held", { ioc: base }, { ioc: base.filter((_, i) => i % 50 > 9) }],
    ["nothing to everything", {}, { suricata: base, yara: base }],
    ["everything to nothing", { suricata: base, yara: base }, {}],
    ["no change", { suricata: base, yara: base }, { suricata: base, yara: base }],
    ["one kind to another", { ioc: base }, { clamav: base }],
    ["a sequence turned round", { yara: base }, { yara: [...base].reverse() }],
    [
      "a sequence of the same record",
      { yara: Array(500).fill("same 1") },
      { yara: Array(777).fill("same 1") },
    ],
    ["thousands of empty records", { yara: Array(9000).fill("") }, { yara: Array(40_000).fill("") }],
    ["edits here and there", { suricata: base, yara: base }, { suricata: changed, yara: changed }],
    ["records in front and behind", { ioc: base }, { ioc: ["!", ...base, "~"] }],
    ["the empty record", { ioc: ["a"], yara: [""] }, { ioc: ["", "a"], yara: ["", "", "a"] }],
    [
      "a huge record that changes",
      { ioc: [`h ${"x".repeat(300_000)}`] },
      { ioc: [`h ${"x".repeat(300_000)}y`] },
    ],
    ["a huge record that comes", { ioc: base }, { ioc: [...base, `h ${"xyz".repeat(200_000)}`] }],
    ["records of all bytes", {}, { ioc: [String.fromCharCode(...Array(256).keys())] }],
    [
      "a record like a zstd dictionary",
      { yara: ["7\u00a40\u00ec magic"] },
      { yara: ["7\u00a40\u00ec magic, changed"] },
    ],
    [
      "long common prefixes",
      { ioc: base.map((r) => "p".repeat(5000) + r).slice(0, 60) },
      { ioc: base.map((r) => "p".repeat(5000) + r).slice(30, 90) },
    ],
  ])("%s", async (_, from, to) => {
    await roundTrip(from, to);
  });

  it("grows with the change, not with the database", async () => {
    const all = rules(30_000);
    const next = all.map((text, i) => (i === 12_345 ? text.replace("rev:1", "rev:2") : text));
    expect(await roundTrip({ suricata: all }, { suricata: next })).toBeLessThan(80);
    expect(
      await roundTrip({ suricata: all }, { suricata: all.filter((_, i) => i % 3000 !== 1) }),
    ).toBeLessThan(110);
    expect(await roundTrip({ suricata: all }, { suricata: all })).toBeLessThan(40);
  });

  it("is made of a long sequence without reading what did not change", async () => {
    const all = rules(20_000);
    const next = all.toSpliced(12_345, 1);
    const [old, now] = [await database({ yara: all }), await database({ yara: next })];
    let bytes = 0;
    const counted = (source: Uint8Array) => {
      const { length, read } = memorySource(source);
      const count = (offset: number, wanted: number) => {
        bytes += wanted;
        return read(offset, wanted);
      };
      return { length, read: count };
    };
    await encodeDelta(counted(old), counted(now), memorySink(), digest, languages);
    // The tables of both, and a few blocks.
    expect(bytes).toBeLessThan(0.3 * old.length);
  });

  it.each<[string, string[], string[]]>([
    [
      "a block that both have, and its records a second time in blocks of their own",
      [...all, "x"],
      [...all, "x", ...all.slice(10)],
    ],
    ["equal records within a block that both have", [...twice, "x"], ["y", ...twice, "x"]],
    ["blocks that changed places", [...all, ...other], [...other, ...all]],
    ["one block again and again", [...all, ...all], [...all, ...all, ...all]],
  ])("takes over %s", async (_, from, to) => {
    await roundTrip({ yara: from }, { yara: to });
    await roundTrip({ yara: to }, { yara: from });
  });

  it("spans many parts and leads back again", async () => {
    const random = numbers(7);
    const noise = () =>
      Array.from({ length: 9 }, () => Math.floor(random() * 2 ** 32).toString(36)).join(" ");
    const old = rules(2500).map((text) => (random() < 0.3 ? `${text} ${noise()}` : text));
    const next = old.flatMap((text) =>
      random() < 0.2 ? [] : random() < 0.5 ? [text, `${text} ${noise()}`] : [text],
    );
    await roundTrip({ suricata: old, yara: old }, { suricata: next, yara: next });
    await roundTrip({ suricata: next, yara: next }, { suricata: old, yara: old });
  });
});

// SPEC §4.4.3, §4.4.4, §4.4.7, §4.5.3: numbers, order and result are compared with what is there.
describe("a delta pack that lies", async () => {
  const old = await database({ ioc: rules(200), yara: ["- import", ...rules(50)] });
  const next = await database({
    ioc: [...rules(190, 5), "00000033x fresh 1"],
    yara: ["- import", ...rules(20), ...rules(29, 21)].map((text, i) =>
      i === 9 ? text.replace("rev:1", "rev:7") : text,
    ),
  });
  const pack = await delta(old, next);
  const refusal =
    /^(PACK_MALFORMED|PACK_FORMAT_UNKNOWN|PACK_WRONG_BASE|CODEC_FAILED|DATABASE_MALFORMED|DATABASE_DIGEST_MISMATCH)$/;

  // bits that mean nothing are left to the pack's own digest, in the manifest
  it("is refused with a typed error, or yields the same database, whatever byte is flipped", async () => {
    let harmless = 0;
    for (let at = 0; at < pack.length; at++) {
      for (const mask of [1, 0x10, 0x80]) {
        let result: Uint8Array | undefined;
        const code = await codeOf(async () => {
          result = await apply(old, flipped(pack, at, mask));
        });
        if (result === undefined) expect(code).toMatch(refusal);
        else {
          harmless++;
          expect(Buffer.compare(result, next)).toBe(0);
        }
      }
    }
    expect(harmless).toBeLessThan(pack.length / 20);
  });

  it("is refused when it is cut anywhere, or goes on", async () => {
    for (let length = 0; length < pack.length; length++) {
      expect(await codeOf(() => apply(old, pack.subarray(0, length)))).toMatch(refusal);
    }
    expect(await codeOf(() => apply(old, concatBytes(pack, Uint8Array.of(1))))).toMatch(refusal);
  });

  it("SPEC §4.4.2 is refused for another base, for a full pack, and for a later format", async () => {
    expect(await codeOf(() => apply(next, pack))).toBe("PACK_WRONG_BASE");
    expect(await codeOf(async () => apply(await database({}), pack))).toBe("PACK_WRONG_BASE");
    const sha256 = hexText(digest().finish()) as Sha256Hex;
    for (const method of packMethods) {
      const full = memorySink();
      await encodeFullPack(memorySource(old), { sha256, method }, full, codec);
      expect(await codeOf(() => apply(old, full.bytes()))).toBe("PACK_MALFORMED");
    }
    expect(await codeOf(() => apply(old, flipped(pack, 3)))).toBe("PACK_FORMAT_UNKNOWN");
    expect(await codeOf(() => apply(old, flipped(pack, 4, 2)))).toBe("PACK_FORMAT_UNKNOWN");
  });

  it("says what it is", () => {
    expect(parsePackHeader(pack)).toMatchObject({
      kind: "delta",
      fromBytes: old.length,
      toBytes: next.length,
    });
    expect(parsePackHeader(pack).headerBytes).toBeLessThan(24);
  });

  const header = parsePackHeader(pack) as DeltaPackHeader;
  type Claim = readonly [field: Field, value: number, beside?: number];
  /** A part that says just this, and what the true one says before it where it must. */
  const lie = async (claims: readonly Claim[], text: string | undefined) => {
    const coder = await PartCoder.open(header.modelBits);
    coder.write();
    for (const [field, value, beside] of claims) coder.number(field, value, beside);
    if (text !== undefined) coder.fresh(text, undefined);
    const part = coder.finish();
    return apply(old, concatBytes(formatPackHeader(header), Uint8Array.of(part.length), part));
  };
  const most = 2 ** 31 + 13;
  const ioc: Claim = ["kind", 1];
  const begun: Claim[] = [ioc, ["exemplars", 0], ["plain", 0]];
  const change = (skip: number, removes: number, inserts: number): Claim[] => [
    ["changes", 1],
    ["skip", skip],
    ["removes", removes],
    ["inserts", inserts, removes],
  ];
  it.each<[string, readonly Claim[], string?]>([
    ["an unknown kind", [["kind", 5]]],
    ["exemplars without end", [ioc, ["exemplars", most], ["exemplarGap", most]]],
    ["an exemplar out of range", [ioc, ["exemplars", 1], ["exemplarGap", 200]]],
    ["changes without end", [...begun, ["changes", most]]],
    ["a change that changes nothing", [...begun, ...change(0, 0, 0)]],
    ["more skipped records than there are", [...begun, ...change(most, 1, 0)]],
    ["more removed records than there are", [...begun, ...change(0, most, 0)]],
    ["inserted records without end", [...begun, ...change(0, 0, most)]],
    ["edits of a record that is not there", [...begun, ...change(0, 1, 1), ["source", 2, 0]]],
    [
      "edits beyond their record",
      [
        ...begun,
        ...change(3, 1, 1),
        ["source", 1, 0],
        ["edits", 1, 0],
        ["editSkip", most, 0],
        ["editRemove", 0, 0],
        ["editInsert", 0, 0],
      ],
    ],
    ["edits without a word between them", [...begun, ...change(3, 1, 1), ["source", 1, 0], ["edits", 2, 0]]],
    [
      "more text than a record may hold",
      [...begun, ...change(0, 0, 1), ["source", 0, 0], ["gain", 0], ["length", most]],
    ],
    ["more shared than there is", [...begun, ...change(3, 0, 1), ["source", 0, 0], ["gain", most]]],
    ["a record out of order", [...begun, ...change(3, 0, 1), ["source", 0, 0], ["gain", 0]], "00000000"],
  ])("claims %s", async (_, claims, text) => {
    expect(await codeOf(() => lie(claims, text))).toBe("PACK_MALFORMED");
  });

  it("SPEC §4.4.1 claims a part that is longer than the pack, or than a part may be", async () => {
    const claim = (...length: number[]) =>
      apply(old, concatBytes(formatPackHeader(header), Uint8Array.of(...length, 1)));
    expect(await codeOf(() => claim(2))).toBe("PACK_MALFORMED");
    expect(await codeOf(() => claim(0xff, 0xff, 0xff, 0xff, 0x7f))).toBe("PACK_MALFORMED");
  });

  it("SPEC §4.2.3 claims models that are larger than a reader's", async () => {
    const claim = (modelBits: number) => apply(old, formatPackHeader({ ...header, modelBits }));
    for (const bits of [0, 20, 255]) expect(await codeOf(() => claim(bits))).toBe("PACK_MALFORMED");
  });
});
