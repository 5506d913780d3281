/**
 * The sources of a release, compiled again by somebody who trusts neither the list nor the files: every file must be the one that
 * the list names, and the list must be the one that the manifest names.
 */
import { equalBytes, hexBytes } from "../encoding/bytes.js";
import { sha256 } from "../encoding/sha256.js";
import type { DigestFactory } from "../encoding/stream.js";
import { VerificationError, quote } from "../errors.js";
import type { ParsedFile, RuleKind, SourceFile } from "../rules/model.js";
import type { ManifestBlock } from "../trust/model.js";
import {
  type CompiledSection,
  type ParsedRevision,
  compileSections,
  compiledFiles,
  sourcePath,
} from "./compile.js";
import type { FileFacts, ReleaseSources, Revision } from "./model.js";
import { sourceTreeDigest } from "./manifest.js";
import { formatApprovals, formatRevision } from "./sources.js";

export interface RebuildInputs {
  /** The file's bytes from wherever they are kept; they are checked here. */
  read(file: FileFacts): Promise<Uint8Array>;
  /** `core/rules`, perhaps on several threads; answers in the order of the files. */
  parse(kind: RuleKind, files: readonly SourceFile[]): Promise<ParsedFile[]>;
  /** What `parse` would say of a file whose digest and length are these, when that is known: it is not read then. */
  recall?(kind: RuleKind, file: FileFacts): ParsedFile | undefined;
  /** A faster one than the platform's for thousands of small files. */
  readonly digest?: DigestFactory;
}

/** A file larger than this is parsed alone. Small enough that a ruleset of a few megabytes is read and parsed side by side. */
const batchBytesMax = 512 * 1024;
/** Small files come over a network one round trip each. */
const readsAtOnce = 64;

/**
 * SPEC §2.3: source tree and approvals are the ones that the manifest was signed with, every revision's digest is the one that
 * was approved, and nobody approved an own revision.
 *
 * @throws VerificationError ASSAY_MISMATCH
 */
export async function verifySources(sources: ReleaseSources, block: ManifestBlock): Promise<void> {
  const tree = await sourceTreeDigest(sources);
  if (tree !== block.sourceTreeSha256) throw mismatch(`source tree ${block.sourceTreeSha256}`, tree);
  const approvals = await sha256(formatApprovals(sources));
  if (!equalBytes(approvals, hexBytes(block.approvalsSha256))) {
    throw mismatch(`approvals ${block.approvalsSha256}`, "another list");
  }
  for (const revision of sources.revisions) {
    if (!equalBytes(await sha256(formatRevision(revision)), hexBytes(revision.digest))) {
      throw mismatch(`the revision of ${quote(revision.ruleset)} that was approved`, "another one");
    }
    if (revision.author === revision.approvedBy) {
      throw mismatch(`two people behind ${quote(revision.ruleset)}`, quote(revision.author));
    }
  }
}

/** @throws VerificationError ASSAY_MISMATCH, RULES_INVALID, RULE_CONFLICT; whatever `inputs` throw */
export async function rebuildSections(
  sources: ReleaseSources,
  inputs: RebuildInputs,
): Promise<CompiledSection[]> {
  const parsed: ParsedRevision[] = [];
  for (const revision of sources.revisions) {
    parsed.push({ revision, files: await parseRevision(revision, inputs) });
  }
  return compileSections(parsed);
}

async function parseRevision(revision: Revision, inputs: RebuildInputs): Promise<ParsedFile[]> {
  const files = compiledFiles(revision);
  const known = files.map((file) =>
    inputs.recall?.(revision.kind, { ...file, path: sourcePath(revision, file) }),
  );
  const unknown = files.filter((_, i) => known[i] === undefined);
  const fresh = (await parseFiles(revision, unknown, inputs)).values();
  return known.map((one) => one ?? (fresh.next().value as ParsedFile));
}

/** Reading goes one batch ahead of parsing: one waits for a network, the other for processors. */
async function parseFiles(
  revision: Revision,
  files: readonly FileFacts[],
  inputs: RebuildInputs,
): Promise<ParsedFile[]> {
  const parsed: ParsedFile[] = [];
  let ready: SourceFile[] = [];
  for (const batch of [...batches(files), []]) {
    const [done, next] = await Promise.all([
      ready.length > 0 ? inputs.parse(revision.kind, ready) : [],
      readBatch(revision, batch, inputs),
    ]);
    parsed.push(...done);
    ready = next;
  }
  return parsed;
}

async function readBatch(
  revision: Revision,
  batch: readonly FileFacts[],
  inputs: RebuildInputs,
): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for (let i = 0; i < batch.length; i += readsAtOnce) {
    const few = batch.slice(i, i + readsAtOnce).map(async (file) => {
      return { path: sourcePath(revision, file), bytes: await readExactly(file, inputs) };
    });
    files.push(...(await Promise.all(few)));
  }
  return files;
}

/** Files in order, together within the limit; a larger one stands alone. */
function batches(files: readonly FileFacts[]): FileFacts[][] {
  const all: FileFacts[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const file of files) {
    if (bytes + file.bytes > batchBytesMax) {
      all.push([]);
      bytes = 0;
    }
    (all.at(-1) as FileFacts[]).push(file);
    bytes += file.bytes;
  }
  return all;
}

/** SPEC §10.2.6: the file is the one that the list names. @throws VerificationError ASSAY_MISMATCH */
export async function readExactly(
  file: FileFacts,
  { read, digest }: Pick<RebuildInputs, "read" | "digest">,
): Promise<Uint8Array> {
  const bytes = await read(file);
  if (bytes.length === file.bytes) {
    const found = digest === undefined ? await sha256(bytes) : digested(bytes, digest);
    if (equalBytes(found, hexBytes(file.sha256))) return bytes;
  }
  throw mismatch(`${quote(file.path)} with SHA-256 ${file.sha256}`, "other bytes");
}

function digested(bytes: Uint8Array, digest: DigestFactory): Uint8Array {
  const running = digest();
  running.update(bytes);
  return running.finish();
}

function mismatch(expected: string, got: string): VerificationError {
  return new VerificationError("ASSAY_MISMATCH", `expected ${expected}, got ${got}`);
}
