/** The two implementations side by side, on the same files. */
import { compileSections } from "../../../src/core/release/compile.js";
import { encodeDatabase } from "../../../src/core/format/database.js";
import { memorySink } from "../../../src/core/encoding/stream.js";
import { sha256Hex } from "../../../src/core/brands.js";
import { referenceSections } from "../../../src/core/reference/compile.js";
import {
  type ReferenceDatabase,
  type ReferenceSection,
  writeDatabase,
} from "../../../src/core/reference/database.js";
import { referenceLanguages } from "../../../src/core/reference/languages.js";
import { ruleLanguage } from "../../../src/core/rules/registry.js";
import type { RuleKind, SourceFile } from "../../../src/core/rules/model.js";
import { nodeDigest } from "../../../src/adapters/node-digest.js";

/** What the first implementation makes of a ruleset whose rules with errors are left out. */
export async function firstDatabase(kind: RuleKind, files: readonly SourceFile[]): Promise<Uint8Array> {
  const language = ruleLanguage(kind);
  const parsed = files.filter(({ path }) => language.accepts(path)).map((file) => language.parse(file));
  const sink = memorySink();
  await encodeDatabase(compileSections([{ revision: revisionOf(kind), files: parsed }]), sink, nodeDigest);
  return sink.bytes();
}

export async function secondDatabase(
  kind: RuleKind,
  files: readonly SourceFile[],
): Promise<{ sections: ReferenceSection[]; database: ReferenceDatabase }> {
  const sections = referenceSections([{ ...revisionOf(kind), files }]);
  return { sections, database: await writeDatabase(sections) };
}

function revisionOf(kind: RuleKind) {
  return {
    ...{ ruleset: kind, kind, leaveOutInvalid: true, leftOut: [], files: [] },
    ...{
      submission: "s-000000000001",
      author: "ann",
      approvedBy: "ben",
      approvedAt: "2026-11-22T00:00:00.000Z",
    },
    digest: sha256Hex("0".repeat(64)),
  };
}

/** Line and record of every sound rule in one file, as each implementation reads it. */
export function readByBoth(kind: RuleKind, file: SourceFile): { first: string[]; second: string[] } {
  const { records, lines } = ruleLanguage(kind).parse(file);
  const reading = referenceLanguages[kind].read(file);
  return {
    first: records.map((record, i) => `${lines[i]}\t${record}`),
    second: reading.records.map(({ record, line }) => `${line}\t${record}`),
  };
}
