/** A proxy that asks for a name and a password: forwards plain requests, tunnels the rest, and remembers what it saw. */
import { type IncomingMessage, type ServerResponse, createServer, request } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, type Socket, connect } from "node:net";

export interface TestProxy {
  readonly port: number;
  /** `GET http://…` or `CONNECT host:port`. */
  readonly seen: string[];
  close(): Promise<void>;
}

export async function openTestProxy(
  credentials: string,
  tls?: { readonly key: string; readonly cert: string },
): Promise<TestProxy> {
  const seen: string[] = [];
  const wanted = `Basic ${Buffer.from(credentials).toString("base64")}`;
  const isKnown = ({ headers }: IncomingMessage) => headers["proxy-authorization"] === wanted;
  const forward = (incoming: IncomingMessage, answer: ServerResponse) => {
    seen.push(`${incoming.method} ${incoming.url}`);
    if (!isKnown(incoming)) return void answer.writeHead(407, { "proxy-authenticate": "Basic" }).end();
    const { "proxy-authorization": _, ...headers } = incoming.headers;
    request(incoming.url as string, { headers }, (got) => {
      answer.writeHead(got.statusCode as number, got.headers);
      got.pipe(answer);
    }).end();
  };
  const sockets = new Set<Socket>();
  const server = tls === undefined ? createServer(forward) : createSecureServer(tls, forward);
  server.on("connection", (socket: Socket) => sockets.add(socket));
  server.on("connect", (incoming: IncomingMessage, socket: Socket) => {
    seen.push(`CONNECT ${incoming.url}`);
    if (!isKnown(incoming)) return void socket.end("HTTP/1.1 407 Who are you\r\n\r\n");
    const [host, port] = (incoming.url as string).split(":");
    const onward = connect(Number(port), host as string, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      onward.pipe(socket).pipe(onward);
    });
    sockets.add(onward);
    for (const one of [onward, socket]) one.on("error", () => undefined);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}
