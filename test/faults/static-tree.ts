/** The public tree by somebody else's web server, which knows nothing of the service: it is there when the service is not. */
import { createServer } from "node:http";
import { createReadStream, statSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";

export interface StaticTree {
  readonly url: string;
  close(): Promise<void>;
}

/** `before` may hold an answer back: it is sent when the promise says so. */
export async function serveFolder(
  folder: string,
  before: (path: string) => Promise<void> = async () => undefined,
): Promise<StaticTree> {
  const server = createServer(async (request, response) => {
    await before(request.url ?? "/");
    const file = join(folder, normalize(new URL(request.url ?? "/", "http://tree").pathname));
    const facts = statSync(file, { throwIfNoEntry: false });
    if (!file.startsWith(folder) || !facts?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-length": facts.size });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((closed) => {
        server.closeAllConnections();
        server.close(() => closed());
      }),
  };
}
