/** Stored bytes as an answer. They are named by their digest, so they may be kept for ever by the one who asked. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Request, Response } from "express";
import type { ByteSource } from "../core/encoding/stream.js";

const pieceBytes = 256 * 1024;

export async function sendBytes(
  request: Request,
  response: Response,
  sha256: string,
  source: ByteSource,
): Promise<void> {
  response.set("ETag", `"${sha256}"`).set("Cache-Control", "private, no-cache");
  if (request.fresh) {
    response.status(304).end();
    return;
  }
  response.type("application/octet-stream").set("Content-Length", String(source.length));
  await pipeline(Readable.from(pieces(source)), response);
}

async function* pieces(source: ByteSource): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < source.length; offset += pieceBytes) {
    yield await source.read(offset, Math.min(pieceBytes, source.length - offset));
  }
}
