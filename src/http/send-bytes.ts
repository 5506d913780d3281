/** Stored bytes as an answer, in pieces. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Request, Response } from "express";
import type { ByteSource } from "../core/encoding/stream.js";
import { callerHas } from "./entity-tag.js";

const pieceBytes = 256 * 1024;

/** Closes the source. With a digest the answer has a tag and may be asked for conditionally. */
export async function sendBytes(
  request: Request,
  response: Response,
  source: OpenObject,
  sha256?: string,
): Promise<void> {
  try {
    if (sha256 !== undefined) response.set("ETag", `"${sha256}"`);
    if (sha256 !== undefined && callerHas(request, `"${sha256}"`)) {
      response.status(304).end();
      return;
    }
    response.type("application/octet-stream").set("Content-Length", String(source.length));
    await pipeline(Readable.from(pieces(source)), response);
  } finally {
    await source.close();
  }
}

/** One after another, each with its length in front: 8 bytes, most significant first. */
export async function sendAll(response: Response, sources: readonly ByteSource[]): Promise<void> {
  const bytes = sources.reduce((sum, { length }) => sum + 8 + length, 0);
  response.type("application/octet-stream").set("Content-Length", String(bytes));
  await pipeline(Readable.from(framed(sources)), response);
}

async function* framed(sources: readonly ByteSource[]): AsyncGenerator<Uint8Array> {
  for (const source of sources) {
    const length = new Uint8Array(8);
    new DataView(length.buffer).setBigUint64(0, BigInt(source.length));
    yield length;
    yield* pieces(source);
  }
}

/** What a service hands out to be read once. */
export interface OpenObject extends ByteSource {
  close(): Promise<void>;
}

async function* pieces(source: ByteSource): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < source.length; offset += pieceBytes) {
    yield await source.read(offset, Math.min(pieceBytes, source.length - offset));
  }
}
