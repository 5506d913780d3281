/** How an endpoint's owner chose to reach the network; the environment's proxy where they chose none, as other programs do it. */
import { environmentProxy } from "../adapters/fetcher/environment-proxy.js";
import type { HTTPFetcherOptions } from "../adapters/fetcher/http.js";
import { openFetcher } from "../adapters/fetcher/open.js";
import { readConfig } from "../client/state.js";
import type { EndpointFiles } from "../ports/endpoint-store.js";

export async function networkOf(files: EndpointFiles): Promise<HTTPFetcherOptions> {
  if ((await files.read("config.json")) === undefined) return {};
  const { url, network } = await readConfig(files);
  const { proxy, direct, ca, bytesPerSecondMax } = network;
  const ways = proxy === undefined ? environmentProxy(url, process.env) : { proxy, noProxy: direct ?? [] };
  return { ...ways, ...(ca && { ca }), ...(bytesPerSecondMax && { bytesPerSecondMax }) };
}

/** Connections are kept from poll to poll, until the owner changes how to reach the network. */
export class Connection {
  readonly #files: EndpointFiles;
  #settings = "";
  #fetcher: ReturnType<typeof openFetcher> | undefined;

  constructor(files: EndpointFiles) {
    this.#files = files;
  }

  async open(): Promise<ReturnType<typeof openFetcher>> {
    const options = await networkOf(this.#files);
    const settings = JSON.stringify(options);
    const before = this.#fetcher;
    if (before !== undefined && settings === this.#settings) return before;
    const fetcher = openFetcher(options);
    [this.#fetcher, this.#settings] = [fetcher, settings];
    await before?.close();
    return fetcher;
  }

  async close(): Promise<void> {
    await this.#fetcher?.close();
  }
}
