/**
 * A publisher whose certificate names a responder and delta lists: a real `openssl ocsp`, and an endpoint and an auditor that judge what
 * the service mirrors and embeds.
 */
import { execFileSync } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFilesystemEndpointStore } from "../../src/adapters/endpoint-store/filesystem.js";
import { openHTTPFetcher } from "../../src/adapters/fetcher/http.js";
import { type AuditRequest, auditRelease } from "../../src/audit/audit-release.js";
import { Updater } from "../../src/client/updater.js";
import { OperationError } from "../../src/core/errors.js";
import { hexText } from "../../src/core/encoding/bytes.js";
import { sha256Digest } from "../../src/core/encoding/sha256.js";
import { parseCertificate } from "../../src/core/pki/certificate.js";
import { parseSignedData } from "../../src/core/pki/cms.js";
import { parseOCSPResponse } from "../../src/core/pki/ocsp.js";
import { parseRevocationData } from "../../src/core/pki/revocation-data.js";
import { encoded, integer } from "../../src/issuing/asn1.js";
import { distributionPoint, extension } from "../../src/issuing/certificate-extensions.js";
import { issueCRL, type RevokedSerial } from "../../src/issuing/crls.js";
import { developmentAddress, developmentScheme } from "../../src/issuing/development-pki.js";
import { importIssuingKey } from "../../src/issuing/issuing-keys.js";
import { nodeDigest } from "../../src/adapters/node-digest.js";
import type { RevocationSource } from "../../src/ports/revocation-source.js";
import { mirrorRevocation, revocationDue } from "../../src/services/mirror-revocation.js";
import { refreshMetadata } from "../../src/services/refresh-metadata.js";
import { developmentKeys, type StatusAddresses } from "../core/pki/publisher.js";
import { serveFolder } from "../faults/static-tree.js";
import { haveOpenSSL, OpenSSLResponder } from "../support/ocsp-responder.js";
import { temporaryFolder } from "../support/temporary.js";
import { ocspResponse } from "../vectors/pki/ocsp.js";
import { type Desk, directWorkers, feed, openDesk } from "./desk.js";
import { testCodec } from "./test-codec.js";

if (!haveOpenSSL) console.warn("openssl is not installed: no release was sealed with responses");

const deltaURL = `${developmentAddress}issuing-ca-delta.crl`;
const closing: (() => Promise<unknown>)[] = [];
let desk: Desk;
let responder: OpenSSLResponder;
/** What is at the addresses of lists instead of what the development CAs would say, by the last part of the address. */
let offers: Record<string, (() => Promise<Uint8Array>) | undefined>;

beforeEach(async () => {
  offers = {};
  const { path: folder, remove } = await temporaryFolder();
  const { issuingCertificate: ca, issuingKey: key } = developmentKeys;
  const facts = { folder, ca, signer: { certificate: ca, key }, minutes: 4 * 24 * 60 };
  responder = await OpenSSLResponder.start(facts);
  closing.push(remove, () => responder.close());
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function open(addresses: StatusAddresses): Promise<void> {
  desk = await openDesk({ addresses, wrap: ({ revocation }) => ({ revocation: offering(revocation) }) });
  closing.push(() => desk.close());
  await responder.say(serial(), "good");
}

function offering(source: RevocationSource): RevocationSource {
  return {
    ...source,
    fetch: (point, current) => {
      const file = (point.addresses[0] as string).split("/").at(-1) as string;
      return offers[file]?.() ?? source.fetch(point, current);
    },
  };
}

const leaf = () => parseCertificate(desk.context.publisherChain[0] as Uint8Array);
const serial = () => hexText(leaf().serial);
const secondsAgo = (seconds: number) => new Date(desk.now.getTime() - seconds * 1000);
const names = async (folder: string) =>
  (await readdir(join(desk.folder, "public", folder))).filter((name) => name.includes(".")).sort();
const read = async (path: string) => Uint8Array.from(await readFile(join(desk.folder, "public", path)));
const response = async () => parseOCSPResponse(await read(`ocsp/${(await names("ocsp"))[0]}`));
const embedded = async (release = 1) =>
  parseRevocationData(parseSignedData(await read(`evidence/endpoint/${release}.p7s`)).revocation);
const release = async (count: number) => {
  const hosts = Array.from({ length: count }, (_, i) => `host-${i}.example.com\n`).join("");
  await desk.addRules("hosts", "ioc", { "a.txt": hosts });
  return desk.release();
};

/** A delta of the issuing CA, a minute younger than the desk's clock is. */
async function delta(revoked: readonly RevokedSerial[], more: { number?: bigint } = {}): Promise<Uint8Array> {
  const { number = BigInt(Math.floor(desk.now.getTime() / 1000)) + 60n } = more;
  return issueCRL({
    issuerKey: await importIssuingKey(developmentKeys.issuingKey, developmentScheme),
    issuerCertificate: parsePEMBytes(developmentKeys.issuingCertificate),
    ...{ number, thisUpdate: secondsAgo(60), nextUpdate: secondsAgo(-86_400), revoked },
    extensions: [extension("2.5.29.27", true, integer(1))],
  });
}
const parsePEMBytes = (pem: string) =>
  Uint8Array.from(Buffer.from(pem.replace(/-----[^-]+-----/g, ""), "base64"));

describe.runIf(haveOpenSSL)("responses and deltas", () => {
  it("SPEC §6.8.11 are mirrored and embedded, and openssl verifies the signature that carries them", async () => {
    await open({ ocspURL: responder.url, deltaURL });
    offers["issuing-ca-delta.crl"] = () => delta([]);
    expect(await release(3)).toMatchObject({ state: "published" });
    expect((await names("crl")).map((name) => name.replace(/-[0-9a-f]{8}\.crl$/, ""))).toEqual([
      ...["issuing-ca", "issuing-ca-delta", "root", "tsa-ca", "tsa-root"],
    ]);
    expect(await names("ocsp")).toEqual([expect.stringMatching(new RegExp(`^${serial().slice(0, 40)}-`))]);
    const { lists, responses } = await embedded();
    expect(lists.filter(({ baseNumber }) => baseNumber !== undefined)).toHaveLength(1);
    expect([lists.length, responses.length]).toEqual([5, 1]);
    const anchors = join(desk.folder, "anchors.pem");
    await writeFile(anchors, developmentKeys.rootCertificate + developmentKeys.tsaRootCertificate);
    const at = (path: string) => join(desk.folder, "public", path);
    const files = ["-in", at("evidence/endpoint/1.p7s"), "-content", at("metadata/1.endpoint.json")];
    const strict = ["-cades", "-binary", "-purpose", "any", "-x509_strict", "-crl_check_all"];
    const flags = ["-inform", "DER", "-CAfile", anchors, "-out", "/dev/null"];
    execFileSync("openssl", ["cms", "-verify", ...files, ...flags, ...strict], { stdio: "pipe" });
    const p7 = ["--p7-verify", "--inder", "--infile", at("evidence/endpoint/1.p7s")];
    const load = ["--load-data", at("metadata/1.endpoint.json"), "--load-ca-certificate", anchors];
    execFileSync("certtool", [...p7, ...load], { stdio: "pipe" });
  });

  it("SPEC §6.8.11 a response alone vouches: no list is waited for, and the answer is asked for anew", async () => {
    await open({ ocspURL: responder.url });
    offers["issuing-ca.crl"] = async () => {
      throw new OperationError("FETCH_FAILED", "expected a list, got silence");
    };
    expect(await release(3)).toMatchObject({ state: "published" });
    const { responses, lists } = await embedded();
    expect([responses.length, lists.length]).toEqual([1, 3]);
  });

  it("SPEC §6.8.11 nothing is sealed with a certificate that a response says is revoked", async () => {
    await open({ ocspURL: responder.url });
    await responder.say(serial(), { revokedAt: secondsAgo(3600), reason: "superseded" });
    expect(await release(3)).toMatchObject({
      ...{ state: "assayed", waitingFor: expect.stringMatching(/^CERTIFICATE_REVOKED: /) },
    });
  });

  it("SPEC §6.8.11 nothing is sealed with a certificate that a delta lists", async () => {
    await open({ deltaURL });
    offers["issuing-ca-delta.crl"] = () =>
      delta([{ serial: leaf().serial, revokedAt: secondsAgo(3600), reason: 4 }]);
    expect(await release(3)).toMatchObject({
      ...{ state: "assayed", waitingFor: expect.stringMatching(/^CERTIFICATE_REVOKED: /) },
    });
  });

  it("RFC 5280 §5.2.6 deltas that only the list itself names are found as well", async () => {
    await open({});
    offers["issuing-ca.crl"] = async () =>
      issueCRL({
        issuerKey: await importIssuingKey(developmentKeys.issuingKey, developmentScheme),
        issuerCertificate: parsePEMBytes(developmentKeys.issuingCertificate),
        ...{ number: 7n, thisUpdate: secondsAgo(600), nextUpdate: secondsAgo(-86_400), revoked: [] },
        extensions: [extension("2.5.29.46", false, distributionPoint(deltaURL))],
      });
    offers["issuing-ca-delta.crl"] = () => delta([], { number: 8n });
    expect(await release(3)).toMatchObject({ state: "published" });
    expect((await embedded()).lists.filter(({ baseNumber }) => baseNumber !== undefined)).toHaveLength(1);
  });

  it("SPEC §6.8.11 are asked for every hour, and every five minutes once half of their life is over", async () => {
    await open({ ocspURL: responder.url });
    let asked = 0;
    const { revocation } = desk.context;
    const ask: RevocationSource["ask"] = (question) => {
      asked++;
      return revocation.ask(question);
    };
    desk.context = { ...desk.context, revocation: { ...revocation, ask } };
    await release(3);
    expect(asked).toBe(1);
    await mirrorRevocation(desk.context, "when-due");
    expect(asked).toBe(1);
    expect((await revocationDue(desk.context)).getTime() - desk.now.getTime()).toBe(3_600_000);
    desk.passDays(1 / 24);
    await mirrorRevocation(desk.context, "when-due");
    expect(asked).toBe(2);
    // The responder's clock is the machine's: its answers, which live for four days, do not get younger with the desk's.
    desk.passDays(2.5);
    await mirrorRevocation(desk.context, "when-due");
    expect(asked).toBe(3);
    expect((await revocationDue(desk.context)).getTime() - desk.now.getTime()).toBe(300_000);
  });

  it("SPEC §6.8.12 only a list that belongs to an address takes its place: no other CA's, and no delta", async () => {
    await open({ deltaURL });
    offers["issuing-ca-delta.crl"] = () => delta([]);
    await release(3);
    const [complete] = (await names("crl")).filter((name) => /^issuing-ca-[0-9a-f]{8}\.crl$/.test(name));
    const before = await read(`crl/${complete}`);
    // Authentic both, and with higher numbers: whoever stands on the way to the CA can put them there.
    const root = async () => {
      const issuerKey = await importIssuingKey(developmentKeys.rootKey, developmentScheme);
      const issuerCertificate = parsePEMBytes(developmentKeys.rootCertificate);
      const times = { thisUpdate: secondsAgo(60), nextUpdate: secondsAgo(-86_400) };
      return issueCRL({ ...{ issuerKey, issuerCertificate, number: 2n ** 60n, revoked: [] }, ...times });
    };
    for (const offer of [root, () => delta([], { number: 2n ** 60n })]) {
      offers["issuing-ca.crl"] = offer;
      await mirrorRevocation(desk.context, "at-once");
      expect(await read(`crl/${complete}`)).toEqual(before);
    }
    const records = await desk.context.records.list<{ failure?: string | null }>("revocation");
    const failures = records.flatMap(({ body }) => body.failure ?? []);
    expect(failures).toEqual([expect.stringMatching(/^REVOCATION_UNTRUSTED: /)]);
  });

  it("SPEC §6.8.9 an older response does not take the place of a newer one, nor does a stranger's", async () => {
    await open({ ocspURL: responder.url });
    await release(3);
    const newest = (await response()).der;
    const issuer = await holder(developmentKeys.issuingCertificate, developmentKeys.issuingKey);
    const stranger = await holder(developmentKeys.tsaCertificate, developmentKeys.tsaKey);
    const about = { certificate: leaf().der, key: issuer.key };
    const { revocation } = desk.context;
    for (const answer of [
      { about, issuer, stampedAt: secondsAgo(3600) },
      { about, issuer, responder: stranger, stampedAt: secondsAgo(-7200) },
    ]) {
      const ask = async () => encoded(await ocspResponse(answer));
      desk.context = { ...desk.context, revocation: { ...revocation, ask } };
      await mirrorRevocation(desk.context, "at-once");
      expect((await response()).der).toEqual(newest);
    }
  });

  it("SPEC §6.8.9 an endpoint and an auditor judge what the tree has, and the endpoint never forgets a no", async () => {
    await open({ ocspURL: responder.url });
    await release(3);
    const tree = await serveFolder(join(desk.folder, "public"));
    const fetcher = openHTTPFetcher();
    closing.push(tree.close, fetcher.close);
    const store = await openFilesystemEndpointStore(join(desk.folder, "endpoint"));
    const facts = { store, fetcher, codec: testCodec, digest: nodeDigest, onEvent: () => undefined };
    const endpoint = new Updater({ ...facts, clock: { now: () => desk.now } });
    await endpoint.init({ url: tree.url, root: desk.root });
    expect(await endpoint.update()).toMatchObject({ outcome: "updated", release: 1 });
    const audited = async () => (await auditOf({ fetcher, url: tree.url })).steps.at(-1)?.code ?? "proven";
    expect(await audited()).toBe("proven");

    // Revoked from a day before the stamp on, because the key was stolen then.
    const path = `ocsp/${(await names("ocsp"))[0]}`;
    const good = await read(path);
    await responder.say(serial(), { revokedAt: secondsAgo(86_400), reason: "keyCompromise" });
    desk.passDays(1.1);
    await mirrorRevocation(desk.context, "when-due");
    await refreshMetadata(desk.context);
    expect((await response()).statuses[0]?.status.revoked).toMatchObject({ reason: 1 });
    await expect(endpoint.update()).rejects.toMatchObject({ code: "CERTIFICATE_REVOKED" });
    expect(await audited()).toBe("CERTIFICATE_REVOKED");
    // Whoever puts the old answer back gains nothing at this endpoint.
    await writeFile(join(desk.folder, "public", path), good);
    await expect(endpoint.update()).rejects.toMatchObject({ code: "CERTIFICATE_REVOKED" });
    expect(await endpoint.status()).toMatchObject({ installed: { release: 1 } });
  });
});

function auditOf({ fetcher, url }: Pick<AuditRequest, "fetcher" | "url">) {
  return auditRelease({
    ...{ url, root: desk.root, feed, at: desk.now, fetcher, rebuild: false },
    workshop: { codec: testCodec, digest: sha256Digest, workers: directWorkers, archive: undefined },
  });
}

async function holder(certificatePEM: string, keyPEM: string) {
  const key = await importIssuingKey(keyPEM, developmentScheme);
  return { key, certificate: parsePEMBytes(certificatePEM) };
}
