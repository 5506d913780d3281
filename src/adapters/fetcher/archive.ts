/** The public tree inside an update bundle (SPEC §9.4), for an endpoint that has no network: whatever server it asks, the archive answers. */
import type { ByteSource } from "../../core/encoding/stream.js";
import { readTarIndex } from "../../core/encoding/tar-index.js";
import { OperationError, VerificationError, quote } from "../../core/errors.js";
import type { Fetcher } from "../../ports/fetcher.js";

const pieceBytes = 1024 * 1024;

/** `bases` are the addresses that it stands for. @throws VerificationError BUNDLE_MALFORMED */
export async function openArchiveFetcher(source: ByteSource, bases: readonly string[]): Promise<Fetcher> {
  const members = await readTarIndex(source);
  return {
    get: async (url, { bytesMax, rangeStart, rangeEnd, onBytes, signal }) => {
      const base = bases.map((one) => `${one.replace(/\/+$/, "")}/`).find((one) => url.startsWith(one));
      const member = base === undefined ? undefined : members.get(url.slice(base.length));
      if (member === undefined) {
        throw new OperationError("FETCH_NOT_FOUND", `expected ${quote(url)} in the bundle, got nothing`);
      }
      const start = rangeStart ?? 0;
      const end = Math.min(member.bytes, rangeEnd ?? member.bytes);
      const left = end - start;
      if (left > bytesMax) {
        const message = `expected at most ${bytesMax} bytes of ${quote(url)}, got ${left}`;
        throw new VerificationError("FETCH_TOO_LARGE", message);
      }
      const { offset } = member;
      async function* body(): AsyncGenerator<Uint8Array> {
        for (let at = start; at < end; at += pieceBytes) {
          signal?.throwIfAborted();
          const piece = await source.read(offset + at, Math.min(pieceBytes, end - at));
          onBytes?.(piece.length);
          yield piece;
        }
      }
      return { status: rangeStart === undefined ? 200 : 206, etag: undefined, body: body() };
    },
  };
}
