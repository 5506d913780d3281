/** Whatever address a person names: http, https, or a `file:` folder that holds a copy of the tree. */
import type { Fetcher } from "../../ports/fetcher.js";
import { fileFetcher } from "./files.js";
import { type HTTPFetcherOptions, openHTTPFetcher } from "./http.js";

export function openFetcher(options: HTTPFetcherOptions = {}): Fetcher & { close(): Promise<void> } {
  const overHTTP = openHTTPFetcher(options);
  return {
    get: (url, wanted) => (url.startsWith("file:") ? fileFetcher : overHTTP).get(url, wanted),
    close: () => overHTTP.close(),
  };
}
