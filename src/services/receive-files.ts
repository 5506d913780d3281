/**
 * Takes the files of a submission into the object store as they arrive. The limits hold while bytes flow: a
 * file that is too large is refused after `limits.fileBytesMax` bytes, however many its sender still has.
 */
import { VerificationError, quote } from "../core/errors.js";
import { limits } from "../core/limits.js";
import type { FileFacts } from "../core/release/model.js";
import type { ObjectStore } from "../ports/object-store.js";
import { SourcePaths } from "./source-paths.js";

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
): Promise<FileFacts[]> {
  const paths = new SourcePaths();
  const received: FileFacts[] = [];
  let bytesLeft: number = limits.submissionBytesMax;
  for await (const file of files) {
    const path = paths.add(file.path);
    if (received.length >= limits.submissionFilesMax) {
      throw new VerificationError(
        "LIMIT_EXCEEDED",
        `expected at most ${limits.submissionFilesMax} files, got more`,
      );
    }
    const stored = await objects.put(limited(path, file.content, bytesLeft));
    bytesLeft -= stored.bytes;
    received.push({ path, ...stored });
  }
  return received.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function* limited(
  path: string,
  content: AsyncIterable<Uint8Array>,
  bytesLeft: number,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.length;
    if (bytes > limits.fileBytesMax) throw tooLarge(`${quote(path)} of at most ${limits.fileBytesMax} bytes`);
    if (bytes > bytesLeft) throw tooLarge(`a submission of at most ${limits.submissionBytesMax} bytes`);
    yield chunk;
  }
}

function tooLarge(expected: string): VerificationError {
  return new VerificationError("FILE_TOO_LARGE", `expected ${expected}, got more`);
}
