/** The poll that almost every endpoint makes almost every time, by our endpoint at our service, as bytes on the wire. */
import { mkdir, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { dirname, join } from "node:path";
import express from "express";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemHandler } from "../../src/http/problem.js";
import { openFilesystemTree } from "../../src/adapters/public-tree/filesystem.js";
import { servePublicFiles } from "../../src/http/public-files.js";
import { UsageError } from "../../src/core/errors.js";
import { type Scene, indicators, openScene } from "../client/endpoint.js";
import { listen, stop } from "../support/listen.js";

let scene: Scene;
const closing: (() => unknown)[] = [];
beforeAll(async () => {
  scene = await openScene();
});
afterAll(async () => {
  for (const close of closing) await close();
  await scene.close();
});

/** The tree behind the handlers that stand before it in the service. */
async function serveTree(): Promise<string> {
  const folder = join(scene.folder, "tree");
  for (const [path, bytes] of scene.publisher.tree) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
  const app = express();
  app.disable("x-powered-by").disable("etag");
  app.use(servePublicFiles(await openFilesystemTree(folder)));
  app.use(() => {
    throw new UsageError("NOT_FOUND", "expected a published file");
  });
  app.use(problemHandler(false));
  const { server, origin } = await listen(app);
  closing.push(() => stop(server));
  return origin;
}

/** Counts what goes through, both ways. */
async function countedWay(origin: string): Promise<{ url: string; wire: () => string; forget: () => void }> {
  let wire = "";
  const server = createServer((socket) => {
    const onward = connect(Number(new URL(origin).port), "127.0.0.1");
    for (const one of [socket, onward]) {
      one.on("data", (bytes: Buffer) => {
        wire += bytes.toString("latin1");
      });
      one.on("error", () => undefined);
    }
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  closing.push(() => server.close());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    wire: () => wire,
    forget: () => {
      wire = "";
    },
  };
}

describe("a poll that finds nothing new", () => {
  it("is one request, and at most 300 bytes on the wire, both ways together", async () => {
    await scene.publisher.release(indicators(1));
    const { url, wire, forget } = await countedWay(await serveTree());
    const endpoint = await scene.endpointOn("counted");
    await endpoint.updater.init({ url, root: scene.publisher.root });
    await endpoint.updater.update();
    expect(wire()).toMatch(/accept-encoding: gzip/i);
    expect(wire()).toMatch(/content-encoding: gzip/i);
    forget();
    expect(await endpoint.updater.update()).toMatchObject({ outcome: "current" });
    expect(wire().match(/^[A-Z]+ \/.*$/gm)).toEqual([
      expect.stringMatching(/^GET .metadata.timestamp.json HTTP/),
    ]);
    expect(wire()).toMatch(/^HTTP.1.1 304 /m);
    console.log(`no-change poll: ${wire().length} bytes`);
    expect(wire().length).toBeLessThanOrEqual(300);
    await endpoint.close();
  });

  it("what it does find comes with a head of at most 400 bytes", async () => {
    const origin = await serveTree();
    for (const path of ["metadata/timestamp.json", ...scene.publisher.tree.keys()]) {
      const { headers } = await fetch(`${origin}/${path}`);
      const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`);
      expect(lines.join("").length, path).toBeLessThanOrEqual(400);
      expect(headers.get("x-content-type-options"), path).toBe("nosniff");
    }
  });
});
