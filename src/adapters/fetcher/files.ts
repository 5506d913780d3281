/**
 * GET from a folder: a public tree that was carried to where no network is. Bounded as over http; what is no plain file is not there,
 * so that a pipe or a device on a foreign disk holds nobody up.
 */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { OperationError, VerificationError, quote } from "../../core/errors.js";
import type { Fetcher } from "../../ports/fetcher.js";

const notThere: readonly unknown[] = ["ENOENT", "ENOTDIR", "EISDIR", "ENXIO"];
const chunkBytes = 64 * 1024;

export const fileFetcher: Fetcher = {
  get: async (url, { bytesMax, rangeStart, rangeEnd, signal }) => {
    signal?.throwIfAborted();
    const { handle, size } = await openPlain(url);
    const start = rangeStart ?? 0;
    const end = Math.min(size, rangeEnd ?? size);
    if (end - start > bytesMax) {
      await handle.close();
      const message = `expected at most ${bytesMax} bytes at ${quote(url)}, got more`;
      throw new VerificationError("FETCH_TOO_LARGE", message);
    }
    const status = rangeStart === undefined ? 200 : 206;
    // Exactly what was measured: a file that grows meanwhile is cut, and verified like any other.
    return { status, etag: undefined, body: read(handle, url, { start, end }, signal) };
  },
};

async function openPlain(url: string): Promise<{ handle: FileHandle; size: number }> {
  let handle: FileHandle | undefined;
  try {
    // Not blocking: a pipe would wait for its writer.
    handle = await open(fileURLToPath(url), constants.O_RDONLY | constants.O_NONBLOCK);
    const facts = await handle.stat();
    if (facts.isFile()) return { handle, size: facts.size };
  } catch (cause) {
    if (!notThere.includes((cause as { code?: string }).code)) throw failed(url, cause);
  }
  await handle?.close();
  throw new OperationError("FETCH_NOT_FOUND", `expected ${quote(url)}, got no plain file`);
}

async function* read(
  handle: FileHandle,
  url: string,
  { start, end }: { readonly start: number; readonly end: number },
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    for (let at = start; at < end; ) {
      signal?.throwIfAborted();
      const chunk = new Uint8Array(Math.min(chunkBytes, end - at));
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, at);
      if (bytesRead === 0)
        throw new OperationError("FETCH_FAILED", `expected all of ${quote(url)}, got less`);
      at += bytesRead;
      yield chunk.subarray(0, bytesRead);
    }
  } catch (cause) {
    if (signal?.aborted || cause instanceof OperationError) throw cause;
    throw failed(url, cause);
  } finally {
    await handle.close();
  }
}

function failed(url: string, cause: unknown): OperationError {
  const said = (cause as { code?: string }).code ?? String(cause);
  return new OperationError("FETCH_FAILED", `expected ${quote(url)}, got ${quote(said)}`, { cause });
}
