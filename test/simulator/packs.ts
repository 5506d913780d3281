/** Small databases of indicators and their packs, made as a publisher makes them. */
import { openPackCodec } from "../../src/adapters/codec/pack-codec.js";
import type { Sha256Hex } from "../../src/core/brands.js";
import { utf8Bytes } from "../../src/core/encoding/bytes.js";
import { memorySink, memorySource } from "../../src/core/encoding/stream.js";
import { encodeDatabase } from "../../src/core/format/database.js";
import { encodeDelta } from "../../src/core/format/delta-encode.js";
import type { PackMethod } from "../../src/core/format/codec.js";
import { encodeFullPack } from "../../src/core/format/full-pack.js";
import { type RuleKind, type SourceFile, ruleKinds } from "../../src/core/rules/model.js";
import { ruleLanguage } from "../../src/core/rules/registry.js";
import { nodeDigest } from "../../src/adapters/node-digest.js";

export const codec = await openPackCodec({ workers: 0 });

export interface BuiltDatabase {
  readonly bytes: Uint8Array;
  readonly sha256: Sha256Hex;
}

/** Files of any kind, by their paths. */
export type Sources = Readonly<Record<string, string>>;

/** `rules` are files of other kinds, one a kind; `sources` as many as one likes. */
export async function buildDatabase(
  indicators: readonly string[],
  rules: Partial<Record<RuleKind, SourceFile>> = {},
  sources: Sources = {},
): Promise<BuiltDatabase> {
  const sections = ruleKinds.flatMap((kind) => {
    const { accepts, order } = ruleLanguage(kind);
    const files = Object.entries(sources).filter(([path]) => accepts(path));
    if (kind === "ioc") files.push(["simulated/list.txt", indicators.join("\n")]);
    const own = rules[kind];
    const records = mergedRecords(kind, files, own === undefined ? [] : [own]);
    return records.length === 0 && kind !== "ioc" ? [] : [{ kind, order, records }];
  });
  const sink = memorySink();
  const { sha256 } = await encodeDatabase(sections, sink, nodeDigest);
  return { bytes: sink.bytes(), sha256 };
}

/** @throws Error for files with errors: a test means what it publishes */
export function mergedRecords(
  kind: RuleKind,
  files: readonly (readonly [string, string])[],
  others: readonly SourceFile[] = [],
): string[] {
  const { parse, merge } = ruleLanguage(kind);
  const parsed = files.map(([path, text]) => parse({ path, bytes: utf8Bytes(text) }));
  const merged = merge([...parsed, ...others.map(parse)]);
  const error = [...parsed.flatMap(({ findings }) => findings), ...merged.findings].find(
    ({ severity }) => severity === "error",
  );
  if (error !== undefined && kind !== "ioc") throw new Error(`${error.path}:${error.line}: ${error.message}`);
  return merged.records;
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
