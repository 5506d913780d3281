/** Packs by the other implementation: full packs byte for byte, deltas by what they yield, and no spoiled one yields anything. */
import { beforeAll, describe, expect, it } from "vitest";
import { byteString, utf8Bytes } from "../../../src/core/encoding/bytes.js";
import { memorySink, memorySource } from "../../../src/core/encoding/stream.js";
import { RulemintError } from "../../../src/core/errors.js";
import { methodCodecs, packMethods } from "../../../src/core/format/codec.js";
import { openDatabase } from "../../../src/core/format/database.js";
import { encodeDelta } from "../../../src/core/format/delta-encode.js";
import { encodeFullPack } from "../../../src/core/format/full-pack.js";
import { applyDelta, type DeltaBase } from "../../../src/core/reference/delta.js";
import { writeFullPack } from "../../../src/core/reference/packs.js";
import type { RuleKind } from "../../../src/core/rules/model.js";
import { nodeDigest } from "../../../src/adapters/node-digest.js";
import { testCodec } from "../../services/test-codec.js";
import { corpusDates, corpusFiles, haveCorpora } from "../../support/corpora.js";
import { secondDatabase } from "./both.js";

async function delta(from: DeltaBase, to: DeltaBase): Promise<Uint8Array> {
  const sink = memorySink();
  const [base, target] = [memorySource(from.database.bytes), memorySource(to.database.bytes)];
  await encodeDelta(base, target, sink, nodeDigest);
  return sink.bytes();
}

const of = (kind: RuleKind, path: string, text: string) =>
  secondDatabase(kind, [{ path: `${kind}/${path}`, bytes: utf8Bytes(text) }]);
const hosts = (count: number, step: number) =>
  Array.from({ length: count }, (_, i) => `host-${(i * step) % 99991}.example.com/path/${i}`).join("\n");

describe("the second implementation", () => {
  it.each(packMethods)("SPEC §4.3 makes the full pack of %s byte for byte", async (method) => {
    const { database } = await of("ioc", "x.txt", hosts(9000, 7));
    const sink = memorySink();
    const { sha256 } = await openDatabase(memorySource(database.bytes));
    await encodeFullPack(memorySource(database.bytes), { sha256, method }, sink, testCodec);
    expect(await writeFullPack(database, methodCodecs[method], testCodec)).toEqual(sink.bytes());
  });

  it("SPEC §4.1.3 makes no full pack by a codec that it does not know", async () => {
    const { database } = await of("ioc", "x.txt", hosts(9, 7));
    await expect(writeFullPack(database, "zstd-codec/9", testCodec)).rejects.toMatchObject({
      code: "PACK_FORMAT_UNKNOWN",
    });
  });

  it("SPEC §4.4.2 applies no delta to another base", async () => {
    const [from, to, other] = [
      await of("ioc", "x.txt", "a.b"),
      await of("ioc", "x.txt", "a.c"),
      await of("ioc", "x.txt", "a.d"),
    ];
    await expect(applyDelta(await delta(from, to), other)).rejects.toMatchObject({
      code: "PACK_WRONG_BASE",
    });
  });

  it("SPEC §4.4.3 yields nothing from a delta with any byte changed", async () => {
    const [from, to] = [await of("ioc", "x.txt", hosts(200, 7)), await of("ioc", "x.txt", hosts(190, 7))];
    const pack = await delta(from, to);
    for (let i = 0; i < pack.length; i++) {
      const bad = pack.slice();
      bad[i] = (bad[i] as number) ^ 0x11;
      await expect(applyDelta(bad, from), `byte ${i}`).rejects.toThrowError(RulemintError);
    }
  });
});

describe.runIf(haveCorpora)("on real rulesets", () => {
  let versions: DeltaBase[] = [];
  beforeAll(async () => {
    const dates = corpusDates("yara").slice(-2);
    versions = await Promise.all(
      dates.map(async (date) => secondDatabase("yara", await corpusFiles("yara", date))),
    );
  });

  it("SPEC §4.6 applies the delta of two weeks of YARA rules", async () => {
    const [from, to] = versions as [DeltaBase, DeltaBase];
    const pack = await delta(from, to);
    const { bytes } = await applyDelta(pack, from);
    expect(byteString(bytes) === byteString(to.database.bytes)).toBe(true);
  });
});
