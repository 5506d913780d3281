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
import { type FileGroup, endingOf, groupFiles } from "./file-groups.js";
import { type Run, type RunPart, type RunReport, openRun } from "./run.js";
import { sourceParts } from "./source-parts.js";

/** What is known of a run without opening it. */
export interface KnownRun extends Pick<RunReport, "errors" | "records" | "sequenceKey"> {
  readonly key: string;
}

/** The parts of a group of files, in order. */
interface GroupParts {
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
  const groups = groupFiles(revision.kind, compiledFiles(revision));
  const known = new Map<FileGroup, readonly KnownRun[]>();
  for (const group of look ? [] : groups) {
    const parts = await recall<GroupParts>(inputs.memory, groupKey(inputs, revision, group));
    if (parts !== undefined) known.set(group, parts.runs);
  }
  const missing = groups.filter((group) => !known.has(group));
  if (!(await makeMissing(inputs, revision, missing, known))) return undefined;
  const runs = groups.flatMap((group) => known.get(group) as readonly KnownRun[]);
  return revision.leaveOutInvalid || runs.every(({ errors }) => errors === 0) ? runs : undefined;
}

function groupKey(inputs: CompileInputs, revision: Revision, group: FileGroup): string {
  return keyOf(inputs, "file", revision.kind, sourcePath(revision, group[0]), digestOf(group));
}

/** Of a single file its own; of several, that of all of theirs. */
function digestOf(group: FileGroup): string {
  if (group.length === 1) return group[0].sha256;
  const digest = sha256Digest();
  digest.update(utf8Bytes(group.map(({ sha256 }) => sha256).join(" ")));
  return hexText(digest.finish());
}

/** Records that are the same whoever asks: of the compiler, the kind, the bytes, and as much of the path as the kind reads. */
function keyOf(
  { compilerSha256 }: CompileInputs,
  what: string,
  kind: RuleKind,
  path: string,
  digest: string,
): string {
  const name = isReadByLine(kind) ? endingOf(path) : shortDigest(path);
  return `${what}-${compilerSha256.slice(0, 16)}-${kind}-${name}-${digest}`;
}

const isReadByLine = (kind: RuleKind) => ruleLanguage(kind).readLines !== undefined;

function shortDigest(text: string): string {
  const digest = sha256Digest();
  digest.update(utf8Bytes(text));
  return hexText(digest.finish()).slice(0, 24);
}

interface Part {
  readonly group: FileGroup;
  readonly key: string;
  readonly sources: RunPart;
}

/** False when a parser failed. */
async function makeMissing(
  inputs: CompileInputs,
  revision: Revision,
  groups: readonly FileGroup[],
  made: Map<FileGroup, readonly KnownRun[]>,
): Promise<boolean> {
  let under: Promise<boolean> = Promise.resolve(true);
  let sound = true;
  for await (const batch of batches(inputs, revision, groups)) {
    // One batch is parsed while the next is read.
    sound = await under;
    if (!sound) return false;
    under = makeBatch(inputs, revision.kind, batch, made);
    under.catch(() => undefined);
  }
  if (!(await under)) return false;
  for (const group of groups) {
    const runs = made.get(group) ?? [];
    made.set(group, runs);
    await remember(inputs.memory, groupKey(inputs, revision, group), { runs } satisfies GroupParts);
  }
  return true;
}

async function* batches(
  inputs: CompileInputs,
  revision: Revision,
  groups: readonly FileGroup[],
): AsyncGenerator<Part[], void, undefined> {
  let batch: Part[] = [];
  let bytes = 0;
  for (const group of groups) {
    for await (const part of partsOf(inputs, revision, group)) {
      batch.push(part);
      for (const source of part.sources) bytes += source.bytes.length;
      if (bytes < batchBytesMax && batch.length < batchPartsMax) continue;
      yield batch;
      [batch, bytes] = [[], 0];
    }
  }
  if (batch.length > 0) yield batch;
}

/** Small files together, or the pieces of one. */
async function* partsOf(
  inputs: CompileInputs,
  revision: Revision,
  group: FileGroup,
): AsyncGenerator<Part, void, undefined> {
  const { kind } = revision;
  const read = async (file: FileFacts) => ({
    path: sourcePath(revision, file),
    bytes: await readExactly(file, inputs),
  });
  const [first, ...others] = await Promise.all(group.map(read));
  const { path, bytes } = first as SourceFile;
  const key = (digest: string) => keyOf(inputs, "run", kind, path, digest);
  if (others.length > 0) {
    yield { group, key: key(digestOf(group)), sources: [first as SourceFile, ...others] };
    return;
  }
  for await (const piece of isReadByLine(kind) ? sourceParts(memorySource(bytes)) : [bytes]) {
    const digest = piece.length === bytes.length ? digestOf(group) : hexText(await sha256(piece));
    yield { group, key: key(digest), sources: [{ path, bytes: piece }] };
  }
}

/** A run of a failed parser is not remembered, and ends it: false. */
async function makeBatch(
  inputs: CompileInputs,
  kind: RuleKind,
  batch: readonly Part[],
  made: Map<FileGroup, readonly KnownRun[]>,
): Promise<boolean> {
  const known = await Promise.all(batch.map(({ key }) => withRun(inputs, kind, key, ({ report }) => report)));
  const fresh = batch.filter((_, i) => known[i] === undefined);
  const runs = await inputs.runs(
    kind,
    fresh.map(({ sources }) => sources),
  );
  const reports = new Map<string, RunReport>();
  for (const [i, { key }] of fresh.entries()) {
    const bytes = runs[i] as Uint8Array;
    const { report } = await openRun(memorySource(bytes), kind, inputs.digest);
    if (report.failed) return false;
    await inputs.memory.put(key, bytes);
    reports.set(key, report);
  }
  for (const [i, { group, key }] of batch.entries()) {
    const { errors, records, sequenceKey } = known[i] ?? (reports.get(key) as RunReport);
    const run = { key, errors, records, ...(sequenceKey !== undefined && { sequenceKey }) };
    made.set(group, [...(made.get(group) ?? []), run]);
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
