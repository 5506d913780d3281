/** The HTTP time-stamp client against servers that are down, late, wrong or hostile, and one that works. */
import { randomBytes } from "node:crypto";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTimestampAuthority } from "../../../src/adapters/timestamp/http.js";
import { parseCertificate } from "../../../src/core/pki/certificate.js";
import { verifyTimestamp } from "../../../src/core/pki/timestamp.js";
import { parsePEM } from "../../../src/core/encoding/pem.js";
import { developmentPolicies } from "../../../src/issuing/development-pki.js";
import { developmentTSA } from "../../../src/issuing/timestamp.js";
import { createPublisher, memorySigner, now, type Publisher, sha256 } from "../../core/pki/publisher.js";

type Behaviour = (query: Uint8Array, response: ServerResponse) => void | Promise<void>;

const servers: Server[] = [];
let publisher: Publisher;
let answer: (query: Uint8Array) => Promise<Uint8Array>;
const stamped = new TextEncoder().encode("a signature value");
const digest = sha256(stamped);

beforeAll(async () => {
  publisher = await createPublisher(await memorySigner("ecdsa-p256-sha256"));
  answer = developmentTSA({
    ...{
      signer: publisher.tsuSigner,
      chain: publisher.tsuChain,
      policyOID: developmentPolicies.timeStamping,
    },
    ...{ clock: { now: () => now }, randomBytes: (length) => randomBytes(length) },
  });
});
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(behaviour: Behaviour): Promise<string> {
  const server = createServer((request, response) => {
    const parts: Uint8Array[] = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => void behaviour(Buffer.concat(parts), response));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/tsa`;
}

const reply = (response: ServerResponse, bytes: Uint8Array, type = "application/timestamp-reply"): void => {
  response.writeHead(200, { "content-type": type }).end(bytes);
};
const good: Behaviour = async (query, response) => reply(response, await answer(query));

describe("time-stamps over HTTP", () => {
  it("brings back the token as it came, and it verifies", async () => {
    const tsa = openTimestampAuthority({ urls: [await serve(good)], timeoutMs: 5000 });
    const token = await tsa.stamp(digest);
    const anchors = publisher.policy.timeStampingAnchors
      .flatMap((pem) => parsePEM(pem, "CERTIFICATE"))
      .map(parseCertificate);
    const proven = await verifyTimestamp({ token, stamped, anchors, now, rsaBitsMin: 3072 });
    expect(proven.time).toEqual(now);
  });

  it("goes on to the next address", async () => {
    const down = await serve((_query, response) => void response.writeHead(503).end());
    const tsa = openTimestampAuthority({ urls: [down, await serve(good)], timeoutMs: 5000 });
    expect((await tsa.stamp(digest)).length).toBeGreaterThan(500);
  });

  const silent: Behaviour = () => undefined;
  const liars: [string, Behaviour, RegExp][] = [
    ["an error status", (_q, response) => void response.writeHead(500).end(), /status 200, got 500/],
    ["a web page", (_q, response) => reply(response, Buffer.from("<html>"), "text/html"), /timestamp-reply/],
    ["garbage", (_q, response) => reply(response, Buffer.from("garbage")), /TIMESTAMP_MALFORMED/],
    ["a redirect", (_q, response) => void response.writeHead(302, { location: "/x" }).end(), /redirect/],
    ["a broken connection", (_q, response) => void response.destroy(), /other side|socket|reset/i],
    ["silence", silent, /no answer in time/],
    ["too much", (_q, response) => reply(response, new Uint8Array(600_000)), /at most 524288 bytes/],
    [
      "a rejection",
      async (_q, response) => reply(response, await answer(Uint8Array.of(0x30, 0))),
      /status 2 "badDataFormat"/,
    ],
    [
      "another nonce",
      async (query, response) => {
        const other = Uint8Array.from(query);
        other[other.length - 4] = (other[other.length - 4] as number) ^ 1;
        reply(response, await answer(other));
      },
      /TIMESTAMP_INVALID: expected the nonce/,
    ],
    [
      "another imprint",
      async (query, response) => {
        const other = Uint8Array.from(query);
        other[30] = (other[30] as number) ^ 1;
        reply(response, await answer(other));
      },
      /TIMESTAMP_INVALID: expected the imprint/,
    ],
  ];

  it.each(liars)("refuses %s and says which address and why", async (_name, behaviour, why) => {
    const url = await serve(behaviour);
    const timeoutMs = behaviour === silent ? 50 : 5000;
    const stamp = openTimestampAuthority({ urls: [url], timeoutMs }).stamp(digest);
    await expect(stamp).rejects.toMatchObject({
      code: "TSA_UNAVAILABLE",
      message: expect.stringMatching(why),
    });
    await expect(stamp).rejects.toThrow(url);
  });

  it("names every address when all are down, and says so when there is none", async () => {
    const urls = ["http://127.0.0.1:9/a", "http://127.0.0.1:9/b"];
    const stamp = openTimestampAuthority({ urls, timeoutMs: 1000 }).stamp(digest);
    await expect(stamp).rejects.toThrow(/9\/a: .+9\/b: /);
    await expect(openTimestampAuthority({ urls: [], timeoutMs: 1 }).stamp(digest)).rejects.toThrow(
      "no address",
    );
  });
});
