/** Whole small files of the public tree: from a server, or from a bundle. */
import { concatBytes } from "../core/encoding/bytes.js";
import { RulemintError } from "../core/errors.js";
import type { Fetcher } from "../ports/fetcher.js";

/** Reads by the paths of SPEC §9.1. Nothing that comes out is believed. */
export interface PublicFiles {
  /** @throws OperationError FETCH_NOT_FOUND, FETCH_FAILED; VerificationError FETCH_TOO_LARGE */
  read(path: string, bytesMax: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Undefined when there is no such file. */
  find(path: string, bytesMax: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/** Below one address. */
export function fetchedFiles(fetcher: Fetcher, baseURL: string): PublicFiles {
  const base = baseURL.replace(/\/+$/, "");
  return readingFrom(async (path, bytesMax) => {
    const answer = await fetcher.get(`${base}/${path}`, { bytesMax });
    const parts: Uint8Array[] = [];
    for await (const part of answer.body) parts.push(part);
    return concatBytes(...parts);
  });
}

/** `find` follows from `read`. */
export function readingFrom(read: PublicFiles["read"]): PublicFiles {
  return {
    read,
    find: async (path, bytesMax) => {
      try {
        return await read(path, bytesMax);
      } catch (error) {
        if (error instanceof RulemintError && error.code === "FETCH_NOT_FOUND") return undefined;
        throw error;
      }
    },
  };
}
