/**
 * Takes the files of a submission into the object store as they arrive. The limits hold while bytes flow: a
 * file that is too large is refused after `fileBytesMax` bytes, however many its sender still has.
 */
import { VerificationError, quote } from "../core/errors.js";
import type { FileFacts } from "../core/release/model.js";
import type { ObjectStore } from "../ports/object-store.js";
import { SourcePaths } from "./source-paths.js";
import { type SubmissionLimits, submissionLimitsMax } from "./submission-limits.js";

/** Disks flush many small files together in the time of a few. */
const filesAtOnce = 16;
const smallBytesMax = 64 * 1024;

export interface IncomingFile {
  readonly path: string;
  /** Read once, before the next file is asked for. */
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * In order of path.
 * @throws VerificationError PATH_UNSAFE, FILE_TOO_LARGE, LIMIT_EXCEEDED; OperationError of the store
 */
export async function receiveFiles(
  objects: ObjectStore,
  files: AsyncIterable<IncomingFile>,
  limits: SubmissionLimits = submissionLimitsMax,
): Promise<FileFacts[]> {
  const paths = new SourcePaths(limits.pathBytesMax);
  const received: FileFacts[] = [];
  const storing = new Set<Promise<void>>();
  let bytesLeft = limits.submissionBytesMax;
  let count = 0;
  try {
    for await (const file of files) {
      const path = paths.add(file.path);
      if (++count > limits.filesMax) throw tooMany(limits);
      const content = limited(path, file.content, bytesLeft, limits);
      const start = await takeSmall(content);
      bytesLeft -= start.bytes;
      const put = objects.put(start.rest === undefined ? start.chunks : joined(start.chunks, start.rest));
      const done = put.then((stored) => {
        received.push({ path, ...stored });
        if (start.rest !== undefined) bytesLeft -= stored.bytes - start.bytes;
      });
      // A large file is still on its way in; small ones are stored while the next arrives.
      if (start.rest !== undefined) await done;
      else await enter(storing, done);
    }
  } finally {
    await Promise.allSettled(storing);
  }
  await Promise.all(storing);
  return received.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Waits for a place among those that are being stored; an earlier failure ends the submission here. */
async function enter(storing: Set<Promise<void>>, done: Promise<void>): Promise<void> {
  storing.add(done);
  // Whoever waits for it gets its error; until then it must not count as one that nobody handles.
  done.catch(() => undefined);
  if (storing.size < filesAtOnce) return;
  const [first] = storing;
  await first;
  storing.delete(first as Promise<void>);
}

/** The whole file when it is small, else its beginning and the rest. */
async function takeSmall(content: AsyncGenerator<Uint8Array>) {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const next = await content.next();
    if (next.done === true) return { chunks, bytes, rest: undefined };
    chunks.push(next.value.slice());
    bytes += next.value.length;
    if (bytes > smallBytesMax) return { chunks, bytes, rest: content };
  }
}

async function* joined(
  chunks: readonly Uint8Array[],
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* chunks;
  yield* rest;
}

async function* limited(
  path: string,
  content: AsyncIterable<Uint8Array>,
  bytesLeft: number,
  limits: SubmissionLimits,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.length;
    if (bytes > limits.fileBytesMax) throw tooLarge(`${quote(path)} of at most ${limits.fileBytesMax} bytes`);
    if (bytes > bytesLeft) throw tooLarge(`a submission of at most ${limits.submissionBytesMax} bytes`);
    yield chunk;
  }
}

function tooMany({ filesMax }: SubmissionLimits): VerificationError {
  const message = `expected at most ${filesMax} files, got more`;
  return new VerificationError("LIMIT_EXCEEDED", message);
}

function tooLarge(expected: string): VerificationError {
  return new VerificationError("FILE_TOO_LARGE", `expected ${expected}, got more`);
}
