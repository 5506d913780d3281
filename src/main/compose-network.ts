/** How an endpoint's owner chose to reach the network; the environment's proxy where they chose none, as other programs do it. */
import { environmentProxy } from "../adapters/fetcher/environment-proxy.js";
import type { HTTPFetcherOptions } from "../adapters/fetcher/http.js";
import { readConfig } from "../client/state.js";
import type { EndpointFiles } from "../ports/endpoint-store.js";

export async function networkOf(files: EndpointFiles): Promise<HTTPFetcherOptions> {
  if ((await files.read("config.json")) === undefined) return {};
  const { url, network } = await readConfig(files);
  const { proxy, direct, ca, bytesPerSecondMax } = network;
  const ways = proxy === undefined ? environmentProxy(url, process.env) : { proxy, noProxy: direct ?? [] };
  return { ...ways, ...(ca && { ca }), ...(bytesPerSecondMax && { bytesPerSecondMax }) };
}
