/** The proxy that the environment names, as curl reads it: `http_proxy`, `HTTPS_PROXY`, `NO_PROXY`. This machine itself needs none. */
import type { ConnectionOptions } from "./connections.js";

const loopback = ["localhost", "127.0.0.1", "[::1]"];

export function environmentProxy(
  treeURL: string,
  environment: Readonly<Record<string, string | undefined>>,
): Pick<ConnectionOptions, "proxy" | "noProxy"> {
  const { http_proxy, https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY, no_proxy, NO_PROXY } = environment;
  // HTTP_PROXY in capitals is what a web server makes of a header that anybody may send.
  const own = treeURL.startsWith("https:") ? https_proxy || HTTPS_PROXY : http_proxy;
  const proxy = own || all_proxy || ALL_PROXY;
  if (!proxy) return {};
  const hosts = (no_proxy || NO_PROXY || "").split(",").map((one) => one.trim().replace(/^\./, ""));
  return { proxy, noProxy: [...loopback, ...hosts.filter((one) => one !== "")] };
}
