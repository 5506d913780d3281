/** Whole small files below one address. Nothing that comes out is believed. */
import { concatBytes } from "../core/encoding/bytes.js";
import { RulemintError } from "../core/errors.js";
import type { Fetcher } from "../ports/fetcher.js";

export interface RemoteFiles {
  /** @throws OperationError FETCH_NOT_FOUND, FETCH_FAILED; VerificationError FETCH_TOO_LARGE */
  read(path: string, bytesMax: number): Promise<Uint8Array>;
  /** Undefined when there is no such file. */
  find(path: string, bytesMax: number): Promise<Uint8Array | undefined>;
}

export function remoteFiles(fetcher: Fetcher, url: string): RemoteFiles {
  const base = url.replace(/\/+$/, "");
  const read = async (path: string, bytesMax: number): Promise<Uint8Array> => {
    const parts: Uint8Array[] = [];
    for await (const part of (await fetcher.get(`${base}/${path}`, { bytesMax })).body) parts.push(part);
    return concatBytes(...parts);
  };
  const find = async (path: string, bytesMax: number): Promise<Uint8Array | undefined> => {
    try {
      return await read(path, bytesMax);
    } catch (error) {
      if (error instanceof RulemintError && error.code === "FETCH_NOT_FOUND") return undefined;
      throw error;
    }
  };
  return { read, find };
}
