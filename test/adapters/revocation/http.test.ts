import { describe, expect, it } from "vitest";
import { openHTTPFetcher } from "../../../src/adapters/fetcher/http.js";
import { openHTTPRevocationSource } from "../../../src/adapters/revocation/http.js";
import { limits } from "../../../src/core/limits.js";
import { issueDevelopmentCRL } from "../../../src/issuing/development-crls.js";
import { developmentKeys, now } from "../../core/pki/publisher.js";
import { listen, stop } from "../../support/listen.js";

const list = await issueDevelopmentCRL(developmentKeys, "root", [], now);

/** Answers by path; every path that it does not know is 404. */
async function fetchFrom(paths: readonly string[], name = "root-00000000") {
  const answers: Record<string, Uint8Array> = {
    "/list.crl": list,
    "/page.html": new TextEncoder().encode("<html>not a list</html>"),
    "/huge.crl": new Uint8Array(limits.crlBytesMax + 1),
  };
  const server = await listen((request, response) => {
    const body = answers[request.url ?? ""];
    if (body === undefined) response.writeHead(404).end();
    else response.end(body);
  });
  const fetcher = openHTTPFetcher({ silenceMs: 2000 });
  try {
    const addresses = paths.map((path) => `${server.origin}${path}`);
    return await openHTTPRevocationSource(fetcher).fetch({ name, addresses }, undefined);
  } finally {
    await fetcher.close();
    await stop(server.server);
  }
}

describe("the HTTP source of revocation lists", () => {
  it("gives the list at the first address that has one", async () => {
    expect(await fetchFrom(["/list.crl"])).toEqual(list);
    expect(await fetchFrom(["/missing.crl", "/page.html", "/huge.crl", "/list.crl"])).toEqual(list);
  });

  it.each([
    ["no address", []],
    ["nothing there", ["/missing.crl"]],
    ["something else", ["/page.html"]],
    ["more than a list may have", ["/huge.crl"]],
    ["more addresses than anybody needs", ["/1", "/2", "/3", "/4", "/list.crl"]],
  ])("fails, to be tried again, when there is %s", async (_, paths) => {
    await expect(fetchFrom(paths)).rejects.toMatchObject({ code: "FETCH_FAILED" });
  });
});
