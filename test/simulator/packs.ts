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
import { nodeDigest } from "../../src/adapters/node-digest.js";

export const codec = await openPackCodec({ workers: 0 });

export interface BuiltDatabase {
  readonly bytes: Uint8Array;
  readonly sha256: Sha256Hex;
}

export async function buildDatabase(indicators: readonly string[]): Promise<BuiltDatabase> {
  const parsed = iocLanguage.parse({ path: "simulated/list.txt", bytes: utf8Bytes(indicators.join("\n")) });
  const { records } = iocLanguage.merge([parsed]);
  const sink = memorySink();
  const { sha256 } = await encodeDatabase([{ kind: "ioc", order: "sorted", records }], sink, nodeDigest);
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
