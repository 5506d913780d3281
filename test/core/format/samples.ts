/** Small databases for the tests of the format: two kinds of lines, one sorted and one a sequence, no real language. */
import { createHash } from "node:crypto";
import { openPackCodec } from "../../../src/adapters/codec/pack-codec.js";
import type { DigestFactory } from "../../../src/core/encoding/stream.js";
import { memorySink, memorySource } from "../../../src/core/encoding/stream.js";
import { RulemintError } from "../../../src/core/errors.js";
import { encodeDatabase, openDatabase } from "../../../src/core/format/database.js";
import type { Languages } from "../../../src/core/format/database-writer.js";
import { applyDelta } from "../../../src/core/format/delta-apply.js";
import { encodeDelta } from "../../../src/core/format/delta-encode.js";
import type { RuleKind, Section } from "../../../src/core/rules/model.js";
import { ruleKinds } from "../../../src/core/rules/model.js";

export const digest: DigestFactory = () => {
  const hash = createHash("sha256");
  return {
    update: (bytes) => {
      hash.update(bytes);
    },
    finish: () => new Uint8Array(hash.digest()),
  };
};

/** A record is `id text`; records that begin with "-" are no rules. YARA is the sequence. */
export const languages: Languages = (kind) => ({
  order: kind === "yara" ? "sequence" : "sorted",
  ruleID: (record) => (record.startsWith("-") ? undefined : (record.split(" ")[0] as string)),
  idPrefixes: (id) => (kind === "yara" ? [] : [`${id} `]),
});

export const codec = await openPackCodec({ workers: 0 });

export type Contents = Partial<Record<RuleKind, readonly string[]>>;

/** Records of sorted kinds may come in any order and more than once. */
export async function database(contents: Contents): Promise<Uint8Array<ArrayBuffer>> {
  const sections: Section[] = [];
  for (const kind of ruleKinds) {
    const records = contents[kind];
    if (!records) continue;
    const { order } = languages(kind);
    const canonical = order === "sorted" ? [...new Set(records)].sort(byteOrder) : records;
    sections.push({ kind, order, records: canonical });
  }
  const sink = memorySink();
  await encodeDatabase(sections, sink, digest, languages);
  return sink.bytes();
}

export function byteOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export async function contentsOf(bytes: Uint8Array): Promise<Contents> {
  const opened = await openDatabase(memorySource(bytes), languages);
  const contents: Contents = {};
  for (const { kind } of opened.sections) {
    const records: string[] = [];
    for await (const block of opened.records(kind)) records.push(...block);
    contents[kind] = records;
  }
  return contents;
}

export async function delta(from: Uint8Array, to: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const sink = memorySink();
  await encodeDelta(memorySource(from), memorySource(to), sink, digest, languages);
  return sink.bytes();
}

export async function apply(from: Uint8Array, pack: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const sink = memorySink();
  await applyDelta(memorySource(from), memorySource(pack), sink, digest, { languages });
  return sink.bytes();
}

/** The code of the error that comes; anything but an error of the table fails the test. */
export async function codeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof RulemintError) return error.code;
    throw error;
  }
  return "success";
}

export function flipped(bytes: Uint8Array, at: number, mask = 1): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  copy[at] = (copy[at] as number) ^ mask;
  return copy;
}

/** The same on every run. */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Rules that look alike, `count` of them from `first` on. */
export function rules(count: number, first = 0): string[] {
  return Array.from({ length: count }, (_, i) => {
    const id = String(first + i).padStart(8, "0");
    const host = ((first + i) * 2654435761) >>> 0;
    return `${id} alert tcp any any -> any 80 (msg:"sample ${host.toString(36)}"; content:"${host.toString(16)}"; rev:1;)`;
  });
}
