/**
 * A refusal that comes while its caller is still sending. Cutting the connection could lose the answer on
 * its way, so the rest is read and thrown away for a while: bounded in bytes and in time, since the caller
 * may never stop.
 */
import type { Request, Response } from "express";
import { limits } from "../core/limits.js";

const lingerMs = 30_000;

export function letCallerFinish(request: Request, response: Response): void {
  // Otherwise the server itself cuts the connection of a caller that asked for `Connection: close` (RFC 9112 §9.6).
  response.shouldKeepAlive = true;
  response.once("finish", () => {
    if (request.complete || request.destroyed) return;
    let left = limits.submissionBytesMax;
    const cut = () => request.socket.destroy();
    const deadline = setTimeout(cut, lingerMs);
    deadline.unref();
    request.once("close", () => clearTimeout(deadline));
    request.on("data", (chunk: Uint8Array) => {
      left -= chunk.length;
      if (left < 0) cut();
    });
    request.resume();
  });
}
