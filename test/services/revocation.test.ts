import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { hexText } from "../../src/core/encoding/bytes.js";
import { OperationError } from "../../src/core/errors.js";
import { parseCertificate } from "../../src/core/pki/certificate.js";
import { parseSignedData } from "../../src/core/pki/cms.js";
import { parseCRL } from "../../src/core/pki/crl.js";
import { issueDevelopmentCRL } from "../../src/issuing/development-crls.js";
import type { RevocationSource } from "../../src/ports/revocation-source.js";
import { mirrorRevocation, revocationDue } from "../../src/services/mirror-revocation.js";
import { developmentKeys } from "../core/pki/publisher.js";
import { type Desk, openDesk } from "./desk.js";

let desk: Desk;
afterEach(() => desk.close());

const addRules = (count: number) =>
  desk.addRules("hosts", "ioc", {
    "a.txt": Array.from({ length: count }, (_, i) => `host-${i}.example.com\n`).join(""),
  });
const crl = () => join(desk.folder, "public", "crl");
const heads = async () => (await readdir(crl())).filter((name) => name.endsWith(".crl")).sort();
const head = async (stem: string) => {
  const name = (await heads()).find((one) => one.startsWith(`${stem}-`)) as string;
  return parseCRL(Uint8Array.from(await readFile(join(crl(), name))));
};
const serialOf = (der: Uint8Array | undefined) => hexText(parseCertificate(der as Uint8Array).serial);
const secondsAgo = (seconds: number) => new Date(desk.now.getTime() - seconds * 1000);

describe("revocation lists", () => {
  it("SPEC §6.8.11 are mirrored, with a copy of each number, and embedded in what is sealed", async () => {
    desk = await openDesk();
    await addRules(3);
    expect(await desk.release()).toMatchObject({ state: "published" });
    expect((await heads()).map((name) => name.replace(/-[0-9a-f]{8}\.crl$/, ""))).toEqual([
      ...["issuing-ca", "root", "tsa-ca", "tsa-root"],
    ]);
    const { number, der } = await head("issuing-ca");
    const [folder] = (await readdir(crl())).filter((name) => /^issuing-ca-[0-9a-f]{8}$/.test(name));
    expect(Uint8Array.from(await readFile(join(crl(), `${folder}`, `${number}.crl`)))).toEqual(der);
    const p7s = await readFile(join(desk.folder, "public/evidence/endpoint/1.p7s"));
    expect(parseSignedData(Uint8Array.from(p7s)).revocation).toHaveLength(4);
  });

  it("SPEC §6.8.11 a release is not sealed with a certificate that is revoked", async () => {
    desk = await openDesk();
    await addRules(3);
    expect(await desk.release()).toMatchObject({ state: "published" });
    const serial = serialOf(desk.context.publisherChain[0]);
    desk.passDays(1);
    desk.revoked.push({ issuer: "issuing-ca", serial, revokedAt: secondsAgo(60) });
    await addRules(4);
    const second = await desk.release();
    expect(second).toMatchObject({
      state: "assayed",
      waitingFor: expect.stringMatching(/^CERTIFICATE_REVOKED: /),
    });
    expect((await head("issuing-ca")).entries).toHaveLength(1);
  });

  it("SPEC §6.8.11 a release waits while no list can be had, and goes on by itself", async () => {
    let broken = true;
    desk = await openDesk({
      wrap: ({ revocation }) => ({ revocation: sometimes(revocation, () => broken) }),
    });
    await addRules(3);
    const release = await desk.release();
    expect(release).toMatchObject({ state: "assayed", waitingFor: expect.stringMatching(/^FETCH_FAILED: /) });
    broken = false;
    desk.passDays(0.01);
    expect(await desk.advance()).toMatchObject({ state: "published", waitingFor: null });
  });

  it("SPEC §6.8.11 a release is sealed with the lists at hand while they last", async () => {
    let broken = false;
    desk = await openDesk({
      wrap: ({ revocation }) => ({ revocation: sometimes(revocation, () => broken) }),
    });
    await addRules(3);
    await desk.release();
    broken = true;
    desk.passDays(3);
    await addRules(4);
    expect(await desk.release()).toMatchObject({ state: "published" });
    desk.passDays(5);
    await addRules(5);
    expect(await desk.release()).toMatchObject({
      state: "assayed",
      waitingFor: expect.stringMatching(/^FETCH_FAILED/),
    });
  });

  it("SPEC §6.8.11 are asked for every hour, and a development list is issued again at half of its life", async () => {
    desk = await openDesk();
    await addRules(3);
    await desk.release();
    const { number } = await head("issuing-ca");
    expect((await revocationDue(desk.context)).getTime() - desk.now.getTime()).toBe(3_600_000);
    desk.passDays(3);
    await mirrorRevocation(desk.context, "when-due");
    expect((await head("issuing-ca")).number).toBe(number);
    desk.passDays(1);
    await mirrorRevocation(desk.context, "when-due");
    expect((await head("issuing-ca")).number).toBe(number + 4n * 86_400n);
  });

  it("SPEC §6.8.9 never go back, and are never a stranger's", async () => {
    let offer: (() => Promise<Uint8Array>) | undefined;
    desk = await openDesk({
      wrap: ({ revocation }) => ({
        revocation: {
          ...revocation,
          fetch: (point, current) => offer?.() ?? revocation.fetch(point, current),
        },
      }),
    });
    await addRules(3);
    await desk.release();
    const { der } = await head("issuing-ca");
    const older = new Date(desk.now.getTime() - 86_400_000);
    offer = () => issueDevelopmentCRL(developmentKeys, "issuing-ca", [], older);
    await mirrorRevocation(desk.context, "at-once");
    expect((await head("issuing-ca")).der).toEqual(der);
    const newer = new Date(desk.now.getTime() + 10_000);
    const stranger = { ...developmentKeys, issuingKey: developmentKeys.tsaKey };
    offer = () => issueDevelopmentCRL(stranger, "issuing-ca", [], newer);
    await mirrorRevocation(desk.context, "at-once");
    expect((await head("issuing-ca")).der).toEqual(der);
    const records = await desk.context.records.list<{ failure?: string | null }>("revocation");
    expect(records.filter(({ body }) => body.failure?.startsWith("REVOCATION_UNTRUSTED"))).toHaveLength(4);
  });
});

function sometimes(source: RevocationSource, broken: () => boolean): RevocationSource {
  return {
    ...source,
    fetch: async (point, current) => {
      if (broken()) throw new OperationError("FETCH_FAILED", "expected a list, got silence");
      return source.fetch(point, current);
    },
  };
}
