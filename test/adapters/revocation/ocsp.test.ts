/** Questions to a real responder, `openssl ocsp`, and what core makes of its answers. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openHTTPFetcher } from "../../../src/adapters/fetcher/http.js";
import { openHTTPRevocationSource } from "../../../src/adapters/revocation/http.js";
import { hexText } from "../../../src/core/encoding/bytes.js";
import { limits } from "../../../src/core/limits.js";
import { type Certificate, parseCertificate } from "../../../src/core/pki/certificate.js";
import { oids } from "../../../src/core/pki/oids.js";
import { verifyNotRevoked } from "../../../src/core/pki/revocation.js";
import { ocspChoice, parseRevocationData } from "../../../src/core/pki/revocation-data.js";
import { defaultRevocationPolicy } from "../../../src/core/pki/revocation-rules.js";
import { revocationPlaces, type StatusPlace } from "../../../src/core/release/revocation-places.js";
import { issueDevelopmentCRL } from "../../../src/issuing/development-crls.js";
import { generateIssuingKey } from "../../../src/issuing/issuing-keys.js";
import { formatOCSPRequest } from "../../../src/issuing/ocsp-requests.js";
import { developmentKeys, leafWithAddresses } from "../../core/pki/publisher.js";
import { listen, stop } from "../../support/listen.js";
import { haveOpenSSL, OpenSSLResponder } from "../../support/ocsp-responder.js";
import { temporaryFolder } from "../../support/temporary.js";
import { delegatePEM } from "../../support/ocsp-delegate.js";

if (!haveOpenSSL) console.warn("openssl is not installed: its responder was not asked");

const now = new Date();
const root = parseCertificate(pemBytes(developmentKeys.rootCertificate));
const fetcher = openHTTPFetcher({ silenceMs: 5000 });
const source = openHTTPRevocationSource(fetcher, { timeoutMs: 5000 });
const ca = developmentKeys.issuingCertificate;
const closing: (() => Promise<unknown>)[] = [() => fetcher.close()];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

function pemBytes(pem: string): Uint8Array {
  return Uint8Array.from(Buffer.from(pem.replace(/-----[^-]+-----/g, ""), "base64"));
}

type Start = Partial<Parameters<typeof OpenSSLResponder.start>[0]>;

async function startResponder(options: Start = {}): Promise<OpenSSLResponder> {
  const { path: folder, remove } = await temporaryFolder();
  const signer = { certificate: ca, key: developmentKeys.issuingKey };
  const responder = await OpenSSLResponder.start({ folder, ca, signer, minutes: 600, ...options });
  closing.push(remove, () => responder.close());
  return responder;
}

/** A leaf whose responder is there. */
async function leafAt(ocspURL: string): Promise<readonly Certificate[]> {
  const { key } = await generateIssuingKey("ecdsa-p256-sha256");
  const chain = await leafWithAddresses(key.spki, now, { ocspURL });
  return [...chain.map(parseCertificate), root];
}

async function ask(path: readonly Certificate[]): Promise<Uint8Array> {
  const places = await revocationPlaces([path]);
  const { name, addresses, certificate, issuer } = places.find(
    ({ kind }) => kind === "status",
  ) as StatusPlace;
  const request = await formatOCSPRequest(certificate.der, issuer.der);
  return source.ask({ name, addresses, request });
}

/** The leaf's status, from the response alone; the CA's from a list. */
async function judge(path: readonly Certificate[], response: Uint8Array): Promise<string> {
  const list = await issueDevelopmentCRL(developmentKeys, "root", [], now);
  const later = new Date(Date.now() + 1000);
  const { evidence } = await verifyNotRevoked({
    ...{ path, purpose: oids.codeSigning, at: later, now: later, pool: [], as: "signer", rsaBitsMin: 3072 },
    ...parseRevocationData([list, ocspChoice(response)]),
    policy: defaultRevocationPolicy,
  });
  return evidence[0] ?? "";
}

describe.runIf(haveOpenSSL)("a responder", () => {
  let responder: OpenSSLResponder;
  let path: readonly Certificate[];
  const serial = () => hexText((path[0] as Certificate).serial);
  beforeAll(async () => {
    responder = await startResponder();
    path = await leafAt(responder.url);
  });

  it("SPEC §6.8.1 says good, and core believes it", async () => {
    await responder.say(serial(), "good");
    expect(await judge(path, await ask(path))).toContain("OCSP response of");
  });

  it("SPEC §6.8.4 says revoked, and core believes it", async () => {
    await responder.say(serial(), { revokedAt: new Date(now.getTime() - 60_000), reason: "superseded" });
    await expect(judge(path, await ask(path))).rejects.toMatchObject({ code: "CERTIFICATE_REVOKED" });
  });

  it("SPEC §6.8.2 knows nothing about a certificate, and nothing follows from that", async () => {
    const stranger = await leafAt(responder.url);
    await expect(judge(stranger, await ask(stranger))).rejects.toMatchObject({ code: "REVOCATION_MISSING" });
  });

  it("SPEC §6.8.7 may be a delegate, named by its key, and then brings its certificate", async () => {
    const signer = await delegatePEM({ nocheck: true });
    const delegate = await startResponder({ signer, more: ["-resp_key_id"] });
    const other = await leafAt(delegate.url);
    await delegate.say(hexText((other[0] as Certificate).serial), "good");
    expect(await judge(other, await ask(other))).toContain("OCSP response of");
  });

  it("SPEC §6.8.7 is not believed when its certificate could have been revoked itself", async () => {
    const delegate = await startResponder({ signer: await delegatePEM({ nocheck: false }) });
    const other = await leafAt(delegate.url);
    await delegate.say(hexText((other[0] as Certificate).serial), "good");
    await expect(judge(other, await ask(other))).rejects.toMatchObject({ code: "REVOCATION_UNTRUSTED" });
  });

  it("fails, to be asked again, when its answer does not say how long it holds", async () => {
    const endless = await startResponder({ minutes: undefined });
    const other = await leafAt(endless.url);
    await endless.say(hexText((other[0] as Certificate).serial), "good");
    await expect(ask(other)).rejects.toMatchObject({
      code: "FETCH_FAILED",
      message: expect.stringContaining("REVOCATION_MALFORMED: expected nextUpdate"),
    });
  });

  it("is asked with GET where POST is refused, and at the next address when there is no answer", async () => {
    const asked: string[] = [];
    const { server, origin } = await listen((request, response) => {
      asked.push(`${request.method} ${request.url?.slice(0, 6)}`);
      if (request.method !== "GET") return void response.writeHead(405).end();
      void fetch(`${responder.url}${request.url?.slice("/ocsp".length)}`).then(async (answer) => {
        response.writeHead(200, { "content-type": "application/ocsp-response" });
        response.end(new Uint8Array(await answer.arrayBuffer()));
      });
    });
    closing.push(() => stop(server));
    const certificate = (await leafAt(`${origin}/ocsp/`))[0] as Certificate;
    await responder.say(hexText(certificate.serial), "good");
    const request = await formatOCSPRequest(certificate.der, (path[1] as Certificate).der);
    const addresses = ["http://127.0.0.1:9/", `${origin}/ocsp/`];
    const response = await source.ask({ name: "one", addresses, request });
    expect(await judge([certificate, ...path.slice(1)], response)).toContain("OCSP response of");
    expect(asked).toEqual(["POST /ocsp/", "GET /ocsp/"]);
  });
});

describe("what answers in place of a responder", () => {
  const page = new TextEncoder().encode("<html>");
  it.each([
    ["a web page", 200, "text/html", page],
    ["garbage that says what it should be", 200, "application/ocsp-response", page],
    // RFC 6960 §4.2.1: unauthorized.
    ["a refusal", 200, "application/ocsp-response", Uint8Array.of(0x30, 3, 0x0a, 1, 6)],
    ["an error", 500, "application/ocsp-response", page],
    [
      "more than a response may have",
      200,
      "application/ocsp-response",
      new Uint8Array(limits.crlBytesMax + 1),
    ],
  ])("fails, to be asked again: %s", async (_, status, type, body) => {
    const { server, origin } = await listen((_request, response) => {
      response.writeHead(status, { "content-type": type }).end(body);
    });
    const request = await formatOCSPRequest(pemBytes(ca), pemBytes(developmentKeys.rootCertificate));
    const asked = source.ask({ name: "one", addresses: [origin], request });
    await expect(asked).rejects.toMatchObject({ code: "FETCH_FAILED" });
    await stop(server);
  });

  it("fails when there is no address at all", async () => {
    const asked = source.ask({ name: "one", addresses: [], request: new Uint8Array() });
    await expect(asked).rejects.toThrow("expected an OCSP response one, got no address");
  });
});
