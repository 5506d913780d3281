/**
 * Where a rule of a release comes from: its lines, the submission that brought them, who wrote and who approved; and since when it has been
 * there. Everything but the history stands in documents whose digests are in the manifest.
 */
import type { Sha256Hex } from "../core/brands.js";
import type { ByteSource } from "../core/encoding/stream.js";
import { OperationError, UsageError, VerificationError, quote } from "../core/errors.js";
import { type Database, openDatabase } from "../core/format/database.js";
import type { RulePlace } from "../core/format/source-map.js";
import { openSourceMap, type SourceMap } from "../core/format/source-map-reader.js";
import type { ReleaseSources } from "../core/release/model.js";
import { verifySources } from "../core/release/rebuild.js";
import { type NumberedFile, numberedFiles } from "../core/release/source-map.js";
import { type RuleKind, ruleKinds } from "../core/rules/model.js";
import { ruleLanguage } from "../core/rules/registry.js";
import { parseManifest } from "../core/trust/manifest.js";
import { parseEnvelope } from "../core/trust/metadata.js";
import type { OpenObject } from "../ports/object-store.js";
import { sourcesOf } from "./build-release.js";
import { requireRelease } from "./documents.js";
import type { Identity, ReleaseRecord } from "./model.js";
import type { ReleaseName } from "./read-releases.js";
import { requireAnyRole } from "./roles.js";
import { readObject } from "./source-batches.js";
import { type RuleHistory, ruleHistory } from "./rule-history.js";
import { sourceMapOf, type SourceMapContext } from "./source-maps.js";

export interface ExplainedPlace {
  readonly ruleset: string;
  readonly path: string;
  readonly fileSha256: Sha256Hex;
  readonly firstLine: number;
  readonly lastLine: number;
  readonly submission: string;
  readonly submissionDigest: Sha256Hex;
  readonly author: string;
  readonly approvedBy: string;
  readonly approvedAt: string;
}

export interface ExplainedRule {
  readonly kind: RuleKind;
  readonly id: string;
  /** Its number among the records of its section. */
  readonly record: number;
  /** By ruleset, path and line. More than one where several sources say the same. */
  readonly places: readonly ExplainedPlace[];
  readonly history: RuleHistory;
}

export type ExplainContext = SourceMapContext;

/** One kind, or whichever has a rule of this id. */
export interface RuleName {
  readonly id: string;
  readonly kind?: RuleKind;
}

/**
 * Every rule of this id; names are unique in no kind but Sigma, Suricata and indicators.
 *
 * @throws PolicyError ROLE_REFUSED
 * @throws UsageError NOT_FOUND for no such release, none that was built, or no such rule
 */
export async function explainRule(
  context: ExplainContext,
  identity: Identity,
  { feed, release, id, kind }: ReleaseName & RuleName,
): Promise<ExplainedRule[]> {
  requireAnyRole(identity);
  const { body } = await requireRelease(context.records, feed, release);
  const sources = await sourcesOf(context, feed, release);
  await requireSignedSources(context, body, sources);
  const files = numberedFiles(sources);
  return withReleaseFiles(context, body, async (database, map) => {
    const found: ExplainedRule[] = [];
    for (const one of kind === undefined ? ruleKinds : [kind]) {
      for await (const { number, record } of database.rulesOf(one, id)) {
        const own = ruleLanguage(one).ruleID(record) as string;
        const places = (await map.placesOf(one, number)).map((place) => explainPlace(place, files));
        const history = await ruleHistory(context, body, { kind: one, id: own, record });
        found.push({ kind: one, id: own, record: number, places, history });
      }
    }
    if (found.length > 0) return found;
    throw new UsageError("NOT_FOUND", `expected a rule of release ${release} of ${feed}, got ${quote(id)}`);
  });
}

/** SPEC §15.1.6: records that somebody edited name other people than those that were signed. Before a manifest there is nothing to hold against. */
async function requireSignedSources(
  { objects }: ExplainContext,
  { manifestSha256, release }: ReleaseRecord,
  sources: ReleaseSources,
): Promise<void> {
  if (manifestSha256 === null) return;
  const manifest = await readObject(objects, manifestSha256);
  try {
    await verifySources(sources, parseManifest(parseEnvelope(manifest, "targets").signed).block);
  } catch (cause) {
    if (!(cause instanceof VerificationError)) throw cause;
    const message = `expected the sources of release ${release} as they were signed, got others: ${cause.message}`;
    throw new OperationError("STATE_CORRUPT", message, { cause });
  }
}

/** The file of the map; the caller closes it. @throws PolicyError ROLE_REFUSED; UsageError NOT_FOUND */
export async function openSourceMapFile(
  context: ExplainContext,
  identity: Identity,
  { feed, release }: ReleaseName,
): Promise<OpenObject & { readonly sha256: Sha256Hex }> {
  requireAnyRole(identity);
  const { body } = await requireRelease(context.records, feed, release);
  const { sha256 } = await withDatabase(context, body, (database) => sourceMapOf(context, body, database));
  const opened = await openStored(() => context.objects.open(sha256), sha256);
  const { length } = opened;
  return { length, sha256, read: (...span) => opened.read(...span), close: () => opened.close() };
}

async function withReleaseFiles<T>(
  context: ExplainContext,
  release: ReleaseRecord,
  use: (database: Database, map: SourceMap) => Promise<T>,
): Promise<T> {
  return withDatabase(context, release, async (database) => {
    const { sha256 } = await sourceMapOf(context, release, database);
    const map = await openStored(() => context.objects.open(sha256), sha256);
    try {
      return await use(database, await openSourceMap(map));
    } finally {
      await map.close();
    }
  });
}

/** @throws UsageError NOT_FOUND while it is not built */
async function withDatabase<T>(
  { databases, digest }: ExplainContext,
  { feed, release, database }: ReleaseRecord,
  use: (database: Database) => Promise<T>,
): Promise<T> {
  if (database === null) {
    throw new UsageError("NOT_FOUND", `expected a database of release ${release} of ${feed}, got none yet`);
  }
  const stored = await openStored(() => databases.open(database.sha256), database.sha256);
  try {
    return await use(await openDatabase(stored, undefined, digest));
  } finally {
    await stored.close();
  }
}

async function openStored<T extends ByteSource>(
  open: () => Promise<T | undefined>,
  sha256: Sha256Hex,
): Promise<T> {
  const found = await open();
  if (found !== undefined) return found;
  throw new OperationError("STORE_FAILED", `expected object ${sha256} in the store, got none`);
}

function explainPlace({ file, line, lines }: RulePlace, files: readonly NumberedFile[]): ExplainedPlace {
  const named = files[file];
  if (named === undefined) {
    throw new OperationError(
      "STATE_CORRUPT",
      `expected at most ${files.length} source files, got number ${file}`,
    );
  }
  const { ruleset, submission, digest, author, approvedBy, approvedAt } = named.revision;
  const { path, sha256 } = named.file;
  const lineSpan = { firstLine: line, lastLine: line + lines - 1 };
  const by = { submission, submissionDigest: digest, author, approvedBy, approvedAt };
  return { ruleset, path, fileSha256: sha256, ...lineSpan, ...by };
}
