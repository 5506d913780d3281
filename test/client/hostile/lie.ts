/** What the tables of lies are made of. A lie is what a publisher, a mirror or the network does to an endpoint that has release 1. */
import type { ServerResponse } from "node:http";
import type { ErrorCode } from "../../../src/core/errors.js";
import { metadataPath } from "../../../src/core/release/tree-paths.js";
import type { Behaviour } from "../../simulator/server.js";
import { type Scene, indicators } from "../endpoint.js";

export type Lie = (scene: Scene) => unknown;
/** The name as it stands in docs/HOSTILE.md, and what the endpoint answers. */
export type LieRow = readonly [name: string, wanted: ErrorCode, lie: Lie];

export const honest2: Lie = ({ publisher }) => publisher.release(indicators(2));

/** Release 2 is sound; then `lie` spoils what is served. */
export const after =
  (lie: Lie): Lie =>
  async (one) => {
    await honest2(one);
    await lie(one);
  };

export const serve =
  (pattern: RegExp, behaviour: Behaviour): Lie =>
  ({ server }) =>
    server.behaviours.push([pattern, behaviour]);

export const endless: Behaviour = (_request, response) => {
  const more = () =>
    void (response.destroyed || response.write(Buffer.alloc(65_536, 0x20), () => setImmediate(more)));
  more();
};
export const silent: Behaviour = () => undefined;
export const dripping: Behaviour = (_request, response) => drip(response, () => response.write(" "));

/** Twenty times a second, until the other side has had enough. */
export function drip(response: ServerResponse, write: () => unknown): void {
  const timer = setInterval(write, 50);
  response.on("close", () => clearInterval(timer));
}

/** Past Node's own server: these bytes are the answer, and then the connection stays open unless `isEnd`. */
export const raw =
  (
    head: string,
    body: Uint8Array | ((bytes: Uint8Array) => Uint8Array) = new Uint8Array(),
    isEnd = false,
  ): Behaviour =>
  (_request, response, bytes = new Uint8Array()) => {
    const { socket } = response;
    socket?.write(head);
    socket?.write(typeof body === "function" ? body(bytes) : body);
    if (isEnd) socket?.end();
  };

export type AnyManifest = Awaited<ReturnType<Scene["publisher"]["release"]>>;

/** Puts an old file back where a newer one is served. */
export const replay =
  (path: string, old: Uint8Array | undefined): Lie =>
  (one) =>
    one.publisher.tree.set(path, old as Uint8Array);

/** Rewrites the newest manifest file and everything that points to it. */
export async function resign(
  { publisher }: Scene,
  change: (file: { signed: unknown; signatures: unknown[] }) => unknown,
): Promise<void> {
  const path = metadataPath(publisher.feed, publisher.newest);
  const file = change(JSON.parse(new TextDecoder().decode(publisher.tree.get(path))));
  publisher.tree.set(path, new TextEncoder().encode(JSON.stringify(file)));
  await publisher.publishSnapshot();
}

export function replaced(bytes: Uint8Array, from: string, to: string): Uint8Array {
  return new TextEncoder().encode(new TextDecoder().decode(bytes).replace(from, to));
}
