/**
 * The runs that a revision's files give, by key. What was parsed for an earlier release is found again: by the digest of the file, then by
 * that of each of its parts.
 */
import { hexText, utf8Bytes } from "../encoding/bytes.js";
import { sha256, sha256Digest } from "../encoding/sha256.js";
import { memorySource } from "../encoding/stream.js";
import { VerificationError } from "../errors.js";
import type { RuleKind, SourceFile } from "../rules/model.js";
import { ruleLanguage } from "../rules/registry.js";
import { compiledFiles, sourcePath } from "./compile.js";
import type { CompileInputs } from "./compile-inputs.js";
import { recall, remember } from "./compile-memory.js";
import type { FileFacts, Revision } from "./model.js";
import { readExactly } from "./rebuild.js";
import { type Run, type RunReport, openRun } from "./run.js";
import { sourceParts } from "./source-parts.js";

/** What is known of a run without opening it. */
export interface KnownRun extends Pick<RunReport, "errors" | "records" | "sequenceKey"> {
  readonly key: string;
}

/** The parts of a file, in order. */
interface FileParts {
  readonly runs: readonly KnownRun[];
}

/** Parts that are handed to the threads together: enough to keep a few busy while the next ones are read. */
const batchBytesMax = 8 * 1024 * 1024;
const batchPartsMax = 128;
/** A smaller run is read at once, so that thousands of small files do not stand open together. */
const heldBytesMax = 64 * 1024;

/**
 * Undefined when what to do with errors is for the parser's findings to say. With `look`, every run is there when this returns;
 * without, one that was remembered may have been cleared away since.
 */
export async function runsOf(
  inputs: CompileInputs,
  revision: Revision,
  look: boolean,
): Promise<KnownRun[] | undefined> {
  if (revision.leftOut.length > 0) return undefined;
  const files = compiledFiles(revision);
  const known = new Map<FileFacts, readonly KnownRun[]>();
  for (const file of look ? [] : files) {
    const parts = await recall<FileParts>(inputs.memory, fileKey(inputs, revision, file));
    if (parts !== undefined) known.set(file, parts.runs);
  }
  const missing = files.filter((file) => !known.has(file));
  if (!(await makeMissing(inputs, revision, missing, known))) return undefined;
  const runs = files.flatMap((file) => known.get(file) as readonly KnownRun[]);
  return revision.leaveOutInvalid || runs.every(({ errors }) => errors === 0) ? runs : undefined;
}

function fileKey(inputs: CompileInputs, revision: Revision, file: FileFacts): string {
  return keyOf(inputs, "file", revision.kind, sourcePath(revision, file), file.sha256);
}

/** Records that are the same whoever asks: of the compiler, the kind, the bytes, and as much of the path as the kind reads. */
function keyOf(
  { compilerSha256 }: CompileInputs,
  what: string,
  kind: RuleKind,
  path: string,
  digest: string,
): string {
  const ending = /\.([a-z0-9]{1,16})$/.exec(path.toLowerCase())?.[1] ?? "";
  const name = ruleLanguage(kind).byLine ? ending : shortDigest(path);
  return `${what}-${compilerSha256.slice(0, 16)}-${kind}-${name}-${digest}`;
}

function shortDigest(text: string): string {
  const digest = sha256Digest();
  digest.update(utf8Bytes(text));
  return hexText(digest.finish()).slice(0, 24);
}

interface Part {
  readonly file: FileFacts;
  readonly key: string;
  readonly source: SourceFile;
}

/** False when a parser failed. */
async function makeMissing(
  inputs: CompileInputs,
  revision: Revision,
  files: readonly FileFacts[],
  made: Map<FileFacts, readonly KnownRun[]>,
): Promise<boolean> {
  let under: Promise<boolean> = Promise.resolve(true);
  let sound = true;
  for await (const batch of batches(inputs, revision, files)) {
    // One batch is parsed while the next is read.
    sound = await under;
    if (!sound) return false;
    under = makeBatch(inputs, revision.kind, batch, made);
    under.catch(() => undefined);
  }
  if (!(await under)) return false;
  for (const file of files) {
    const runs = made.get(file) ?? [];
    made.set(file, runs);
    await remember(inputs.memory, fileKey(inputs, revision, file), { runs } satisfies FileParts);
  }
  return true;
}

async function* batches(
  inputs: CompileInputs,
  revision: Revision,
  files: readonly FileFacts[],
): AsyncGenerator<Part[], void, undefined> {
  let batch: Part[] = [];
  let bytes = 0;
  for (const file of files) {
    const path = sourcePath(revision, file);
    for await (const part of partsOf(revision.kind, await readExactly(file, inputs))) {
      const key = keyOf(inputs, "run", revision.kind, path, hexText(await sha256(part)));
      batch.push({ file, key, source: { path, bytes: part } });
      bytes += part.length;
      if (bytes < batchBytesMax && batch.length < batchPartsMax) continue;
      yield batch;
      [batch, bytes] = [[], 0];
    }
  }
  if (batch.length > 0) yield batch;
}

async function* partsOf(kind: RuleKind, bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  if (ruleLanguage(kind).byLine) yield* sourceParts(memorySource(bytes));
  else yield bytes;
}

/** A run of a failed parser is not remembered, and ends it: false. */
async function makeBatch(
  inputs: CompileInputs,
  kind: RuleKind,
  batch: readonly Part[],
  made: Map<FileFacts, readonly KnownRun[]>,
): Promise<boolean> {
  const known = await Promise.all(batch.map(({ key }) => withRun(inputs, kind, key, ({ report }) => report)));
  const fresh = batch.filter((_, i) => known[i] === undefined);
  const runs = await inputs.runs(
    kind,
    fresh.map(({ source }) => source),
  );
  const reports = new Map<string, RunReport>();
  for (const [i, { key }] of fresh.entries()) {
    const bytes = runs[i] as Uint8Array;
    const { report } = await openRun(memorySource(bytes), kind, inputs.digest);
    if (report.failed) return false;
    await inputs.memory.put(key, bytes);
    reports.set(key, report);
  }
  for (const [i, { file, key }] of batch.entries()) {
    const { errors, records, sequenceKey } = known[i] ?? (reports.get(key) as RunReport);
    const run = { key, errors, records, ...(sequenceKey !== undefined && { sequenceKey }) };
    made.set(file, [...(made.get(file) ?? []), run]);
  }
  return true;
}

/** Undefined when the run is gone or damaged. */
async function withRun<T>(
  inputs: CompileInputs,
  kind: RuleKind,
  key: string,
  work: (run: Run) => T,
): Promise<T | undefined> {
  const opened = await openKept(inputs, kind, key);
  try {
    return opened && work(opened.run);
  } finally {
    await opened?.close();
  }
}

export interface KeptRun {
  readonly run: Run;
  close(): Promise<void>;
}

/** A run that was made before; undefined when it is gone or damaged. */
export async function openKept(
  { memory, digest }: CompileInputs,
  kind: RuleKind,
  key: string,
): Promise<KeptRun | undefined> {
  const source = await memory.open(key);
  if (source === undefined) return undefined;
  let close = () => source.close();
  try {
    let bytes = source as Parameters<typeof openRun>[0];
    if (source.length <= heldBytesMax) {
      bytes = memorySource(await source.read(0, source.length));
      await source.close();
      close = async () => {};
    }
    return { run: await openRun(bytes, kind, digest), close };
  } catch (error) {
    await close();
    if (error instanceof VerificationError) return undefined;
    throw error;
  }
}
