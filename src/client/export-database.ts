/** From the database in use to the files that engines load. What reads and writes rules is loaded for it: most polls export nothing. */
import type { Sha256Hex } from "../core/brands.js";
import { hexText } from "../core/encoding/bytes.js";
import type { DigestFactory } from "../core/encoding/stream.js";
import { OperationError } from "../core/errors.js";
import { type Database, openDatabase } from "../core/format/database.js";
import { sectionRecords } from "../core/format/section-records.js";
import { countedRecords } from "../core/rules/counted-records.js";
import type { LeftOutRules } from "../core/rules/loadable.js";
import { type ExportedFile, type RuleKind, ruleKinds } from "../core/rules/model.js";
import { kindFacts } from "../core/rules/kind-facts.js";
import type { EndpointStore } from "../ports/endpoint-store.js";
import type { OpenObject } from "../ports/object-store.js";
import type { ExportChoices } from "./export-choices.js";
import { type KnownEngine, engineOf } from "./engine-choices.js";
import type { LocalExport } from "./local-rules/local-export.js";
import type { InstalledRelease, LeftOut, RuleCounts } from "./model.js";

/** The file that belongs beside an exported file, as `<path>.sign`; undefined when there is none. */
export type SignFile = (path: string, sha256: Sha256Hex) => Promise<Uint8Array | undefined>;

export interface ExportInput {
  readonly store: EndpointStore;
  readonly digest: DigestFactory;
  readonly feed: string;
  /** Of the database in use, whose digest has been compared. */
  readonly release: InstalledRelease;
  /** Instead of the one in use. */
  readonly database?: Database | undefined;
  readonly choices: ExportChoices;
  /** As they are now. */
  readonly engines: readonly KnownEngine[];
  /** Undefined is the endpoint's own. */
  readonly folder?: string | undefined;
  /** The owner's word about single rules. */
  readonly local?: LocalExport | undefined;
  readonly signFile?: SignFile | undefined;
  readonly inspect?: (folder: string) => Promise<void>;
}

export interface Exported {
  readonly files: number;
  readonly bytes: number;
  readonly leftOut: LeftOut;
  readonly rules: RuleCounts;
}

/** One folder a kind. @throws OperationError STORE_FULL, STORE_FAILED */
export async function exportDatabase(input: ExportInput): Promise<Exported> {
  const { store, digest, choices, release, signFile, local } = input;
  const leftOut: { [kind in RuleKind]?: LeftOutRules } = {};
  const rules: { [kind in RuleKind]?: number } = {};
  const createdAt = release.createdAt ?? "1970-01-01T00:00:00Z";
  const facts = { ...release, createdAt, feed: input.feed };
  const source = input.database ? undefined : await store.databases.open("database");
  if (source === undefined && input.database === undefined)
    throw new OperationError("STATE_CORRUPT", "expected a database, got none");
  try {
    const { exportInForms } = await import("../core/rules/export-in-forms.js");
    const { loadableRecords } = await import("../core/rules/loadable.js");
    const database = input.database ?? (await openDatabase(source as OpenObject, kindFacts, digest));
    async function* files(): AsyncGenerator<ExportedFile> {
      for (const kind of ruleKinds.filter((one) => choices.kinds.includes(one))) {
        const section = database.section(kind);
        if (section === undefined && !local?.hasOwn(kind)) continue;
        const published = section === undefined ? [] : await sectionRecords(section);
        // SPEC §16.8.1
        const all = local?.filter(kind, published) ?? published;
        const engine = engineOf(kind, input.engines);
        // SPEC §8.7.9
        const note = (left: LeftOutRules) => {
          if (Object.keys(left).length > 0) leftOut[kind] = left;
        };
        const loadable = engine === undefined ? all : loadableRecords(kind, all, engine, note);
        const isAll = loadable === published && kindFacts(kind).onlyRules === true;
        // A section as it is has its own number, and a faster way through it.
        if (isAll && section !== undefined) rules[kind] = section.facts.rules;
        const count = (drawn: number) => {
          rules[kind] = drawn;
        };
        const records = isAll ? published : countedRecords(kind, loadable, count);
        for (const file of exportInForms(kind, records, choices.forms, facts)) {
          yield* withSignature({ ...file, path: `${kind}/${file.path}` }, digest, signFile);
        }
      }
    }
    return { ...(await store.exports.replace(input.folder, files(), input.inspect)), leftOut, rules };
  } finally {
    await source?.close();
  }
}

/** Draws the file's bytes through a digest, and then asks for what belongs beside it. */
async function* withSignature(
  file: ExportedFile,
  factory: DigestFactory,
  signFile: SignFile | undefined,
): AsyncGenerator<ExportedFile> {
  if (signFile === undefined) return yield file;
  const digest = factory();
  const chunks = (function* () {
    for (const chunk of file.chunks) {
      digest.update(chunk);
      yield chunk;
    }
  })();
  // The store takes all of a file before it asks for the next.
  yield { path: file.path, chunks };
  const signature = await signFile(file.path, hexText(digest.finish()) as Sha256Hex);
  if (signature !== undefined) yield { path: `${file.path}.sign`, chunks: [signature] };
}
