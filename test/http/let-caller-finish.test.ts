/** A caller that asked for `Connection: close` (RFC 9112 §9.6) gets the answer, is read to its end, and then the connection ends. */
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Request, Response } from "express";
import { expect, it } from "vitest";
import { letCallerFinish } from "../../src/http/let-caller-finish.js";

it.each([
  ["sends after the answer", 20_000_000],
  ["has sent all before", 0],
])("a caller who %s sees the connection end", async (_, late) => {
  const server = createServer((request, response) => {
    letCallerFinish(request as Request, response as Response);
    response.writeHead(413).end("no");
  });
  // So that nothing else ends it.
  server.keepAliveTimeout = 0;
  await once(server.listen(0, "127.0.0.1"), "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const head = ["POST / HTTP/1.1", "Host: desk", "Connection: close", `Content-Length: ${late}`];
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
  const ended = once(socket.resume(), "end");
  if (late > 0)
    await new Promise<void>((done, failed) => {
      socket.write(new Uint8Array(late), (error) => (error ? failed(error) : done()));
    });
  await ended;
  await new Promise((done) => server.close(done));
});
