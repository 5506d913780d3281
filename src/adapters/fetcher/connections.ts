/**
 * How servers are reached: directly or through a proxy, with which certificates. Connections are kept and used again.
 *
 * Node's own list of CAs always counts; a customer's CA counts beside it. A proxy is told its credentials, a server never.
 */
import { rootCertificates } from "node:tls";
import type { Dispatcher } from "undici";
import { UsageError, quote } from "../../core/errors.js";
import { Agent, ProxyAgent } from "./undici-parts.js";

export interface ConnectionOptions {
  /** `http://` or `https://`, perhaps with `user:password@`. */
  readonly proxy?: string;
  /** Hosts that are reached directly: `example.ch` also means what ends in `.example.ch`; `*` means all. */
  readonly noProxy?: readonly string[];
  /** PEM certificates that may vouch for servers and proxies, beside those that everybody trusts. */
  readonly ca?: string;
}

export interface Connections {
  for(url: URL): Dispatcher;
  /** On which nothing is kept, for requests with `reset`: each opens a connection. */
  fresh(url: URL): Dispatcher;
  /** The proxy's address without its password; undefined for what is reached directly. */
  proxyOf(url: URL): string | undefined;
  close(): Promise<void>;
}

/** To one server, or through one proxy. */
export const connectionsMax = 8;

/** Of the answer's head. */
const headerBytesMax = 16 * 1024;

/** @throws UsageError USAGE when the proxy is no http or https address */
export function openConnections(options: ConnectionOptions, silenceMs: number): Connections {
  const tls = {
    minVersion: "TLSv1.2" as const,
    ...(options.ca === undefined ? {} : { ca: [...rootCertificates, options.ca] }),
  };
  const shared = {
    connections: connectionsMax,
    maxHeaderSize: headerBytesMax,
    headersTimeout: silenceMs,
    bodyTimeout: silenceMs,
  };
  const through = options.proxy === undefined ? undefined : readProxy(options.proxy);
  const open = () => ({
    direct: new Agent({ ...shared, connect: { ...tls, timeout: silenceMs } }),
    proxy: through && openProxy(through, tls, shared),
  });
  const isDirect = ({ hostname }: URL) =>
    (options.noProxy ?? []).some((one) => one === "*" || hostname === one || hostname.endsWith(`.${one}`));
  type Ways = ReturnType<typeof open>;
  const choose = ({ direct, proxy }: Ways, url: URL) =>
    proxy === undefined || isDirect(url) ? direct : proxy;
  const kept = open();
  let fresh: Ways | undefined;
  return {
    for: (url) => choose(kept, url),
    fresh: (url) => {
      fresh ??= open();
      return choose(fresh, url);
    },
    proxyOf: (url) => (through === undefined || isDirect(url) ? undefined : through.address),
    close: async () => {
      const all = [kept, fresh].flatMap((ways) => [ways?.direct, ways?.proxy]);
      await Promise.all(all.map((one) => one?.destroy()));
    },
  };
}

interface Proxy {
  /** `http://host:port`, for people too. */
  readonly address: string;
  readonly token?: string;
}

function readProxy(text: string): Proxy {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    // Not the text itself: it may hold a password.
    throw new UsageError(
      "USAGE",
      `expected a proxy's http or https address, got ${quote(url?.protocol ?? "")}`,
    );
  }
  const name = [url.username, url.password].map(decodeURIComponent).join(":");
  const token = name === ":" ? {} : { token: `Basic ${Buffer.from(name).toString("base64")}` };
  return { address: url.origin, ...token };
}

function openProxy({ address, ...token }: Proxy, tls: object, shared: object): ProxyAgent {
  // Plain http goes to the proxy as a whole request, as proxies expect; https through a tunnel.
  return new ProxyAgent({
    ...shared,
    uri: address,
    ...token,
    proxyTls: tls,
    requestTls: tls,
    proxyTunnel: false,
  });
}
