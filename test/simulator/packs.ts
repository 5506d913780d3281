/** Small databases of indicators and their packs, made as a publisher makes them. */
import { openPackCodec } from "../../src/adapters/codec/pack-codec.js";
import type { Sha256Hex } from "../../src/core/brands.js";
import { utf8Bytes } from "../../src/core/encoding/bytes.js";
import { memorySink, memorySource } from "../../src/core/encoding/stream.js";
import { encodeDatabase } from "../../src/core/format/database.js";
import { encodeDelta } from "../../src/core/format/delta-encode.js";
import type { PackMethod } from "../../src/core/format/codec.js";
import { encodeFullPack } from "../../src/core/format/full-pack.js";
import { iocLanguage } from "../../src/core/rules/ioc/language.js";
import { type RuleKind, type Section, type SourceFile, ruleKinds } from "../../src/core/rules/model.js";
import { ruleLanguage } from "../../src/core/rules/registry.js";
import { nodeDigest } from "../../src/adapters/node-digest.js";

export const codec = await openPackCodec({ workers: 0 });

export interface BuiltDatabase {
  readonly bytes: Uint8Array;
  readonly sha256: Sha256Hex;
}

/** `rules` are files of other kinds. */
export async function buildDatabase(
  indicators: readonly string[],
  rules: Partial<Record<RuleKind, SourceFile>> = {},
): Promise<BuiltDatabase> {
  const parsed = iocLanguage.parse({ path: "simulated/list.txt", bytes: utf8Bytes(indicators.join("\n")) });
  const { records } = iocLanguage.merge([parsed]);
  const sink = memorySink();
  const sections = ruleKinds.flatMap((kind): Section[] => {
    if (kind === "ioc") return [{ kind, order: "sorted", records }];
    const { order, parse, merge } = ruleLanguage(kind);
    const file = rules[kind];
    return file === undefined ? [] : [{ kind, order, records: merge([parse(file)]).records }];
  });
  const { sha256 } = await encodeDatabase(sections, sink, nodeDigest);
  return { bytes: sink.bytes(), sha256 };
}

export async function buildFullPack(database: BuiltDatabase, method: PackMethod = "xz"): Promise<Uint8Array> {
  const sink = memorySink();
  await encodeFullPack(memorySource(database.bytes), { ...database, method }, sink, codec);
  return sink.bytes();
}

export async function buildDelta(from: BuiltDatabase, to: BuiltDatabase): Promise<Uint8Array> {
  const sink = memorySink();
  await encodeDelta(memorySource(from.bytes), memorySource(to.bytes), sink, nodeDigest);
  return sink.bytes();
}
