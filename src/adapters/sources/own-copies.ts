/**
 * A rebuilder's own copy of the sources, by digest: what is kept is not asked for again, and what is there is verified each time it is
 * read, so a damaged copy is fetched anew. With independent sources the publisher is never asked for a file.
 */
import { createHash } from "node:crypto";
import type { Sha256Hex } from "../../core/brands.js";
import { OperationError } from "../../core/errors.js";
import type { CompileCache } from "../../ports/compile-cache.js";
import type { SourceArchive } from "../../ports/source-archive.js";

/** Where files come from that are not the publisher's: undefined for one that is not there. */
export interface IndependentSources {
  readonly places: readonly string[];
  find(sha256: Sha256Hex, bytes: number): Promise<Uint8Array | undefined>;
}

export function keepOwnCopies(
  publisher: SourceArchive,
  copies: CompileCache,
  independent?: IndependentSources,
): SourceArchive {
  const ask = async (sha256: Sha256Hex, bytesMax: number): Promise<Uint8Array> => {
    if (independent === undefined) return publisher.file(sha256, bytesMax);
    const found = await independent.find(sha256, bytesMax);
    if (found !== undefined) return found;
    const where = independent.places.join(", ");
    throw new OperationError("FETCH_NOT_FOUND", `expected a file of SHA-256 ${sha256} in ${where}, got none`);
  };
  return {
    sources: (feed, release) => publisher.sources(feed, release),
    file: async (sha256, bytesMax) => {
      const kept = await read(copies, sha256);
      if (kept !== undefined) return kept;
      const bytes = await ask(sha256, bytesMax);
      if (digestOf(bytes) === sha256) await copies.put(sha256, bytes);
      return bytes;
    },
  };
}

async function read(copies: CompileCache, sha256: Sha256Hex): Promise<Uint8Array | undefined> {
  const opened = await copies.open(sha256);
  if (opened === undefined) return undefined;
  try {
    const bytes = await opened.read(0, opened.length);
    return digestOf(bytes) === sha256 ? bytes : undefined;
  } finally {
    await opened.close();
  }
}

const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
