/**
 * A refusal that comes while its caller is still sending. Cutting the connection could lose the answer on
 * its way, so the rest is read and thrown away for a while: bounded in bytes and in time, since the caller
 * may never stop.
 */
import type { Request, Response } from "express";
import { limits } from "../core/limits.js";

const lingerMs = 30_000;

export function letCallerFinish(request: Request, response: Response): void {
  // RFC 9112 §9.6: of a caller that asked for `Connection: close` the server would cut the connection with the answer; it ends when all is read.
  const isLast = !response.shouldKeepAlive;
  response.shouldKeepAlive = true;
  const end = () => {
    if (isLast) request.socket.end();
  };
  response.once("finish", () => {
    if (request.complete) return end();
    if (request.destroyed) return;
    request.once("end", end);
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
