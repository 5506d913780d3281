/** `rulemint pki`: files in, named checks and one code out. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { formatPEM } from "../../src/core/encoding/pem.js";
import { encoded } from "../../src/issuing/asn1.js";
import { issueCRL } from "../../src/issuing/crls.js";
import { verifyCertificateFile, verifyCMSFile } from "../../src/main/compose-pki.js";
import { ocspResponse } from "../vectors/pki/ocsp.js";
import { createWorld, type Holder, issue } from "../vectors/pki/world.js";
import { run } from "./fake-doors.js";

const folder = mkdtempSync(join(tmpdir(), "rulemint-pki-"));
afterAll(() => rmSync(folder, { recursive: true }));
const vectors = fileURLToPath(new URL("../vectors/pki/", import.meta.url));
const doors = { pkiVerify: verifyCertificateFile, pkiVerifyCMS: verifyCMSFile };
const at = ["--time", "2026-09-01T12:00:00Z"];

const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

const world = await createWorld();
const seal = await issue({
  ...{
    profile: "regulated-seal",
    name: "seal",
    issuer: await issue({ profile: "seal-ca", name: "s", issuer: world.root }),
  },
  policyOIDs: ["2.16.756.1.999.1"],
});
const root = file("root.der", world.root.certificate);
const tsaRoot = file("tsa-root.pem", formatPEM(world.tsaRoot.certificate, "CERTIFICATE"));
const ca = file("ca.pem", formatPEM(world.ca.certificate, "CERTIFICATE"));
const leaf = file("leaf.pem", formatPEM(world.leaf.certificate, "CERTIFICATE"));
const chain = file("chain.pem", readFileSync(leaf, "utf8") + readFileSync(ca, "utf8"));

const list = async (name: string, { key, certificate }: Holder): Promise<string> => {
  const [thisUpdate, nextUpdate] = [new Date("2026-08-30T00:00:00Z"), new Date("2026-09-06T00:00:00Z")];
  const facts = {
    issuerKey: key,
    issuerCertificate: certificate,
    number: 7n,
    thisUpdate,
    nextUpdate,
    revoked: [],
  };
  return file(name, formatPEM(await issueCRL(facts), "X509 CRL"));
};

interface Verdict {
  verdict: string;
  checks: { title: string; clause: string; result: string; evidence: string[]; code?: string }[];
  path?: { subject: string }[];
}

async function answer(words: string[]): Promise<{ exit: number; said: Verdict }> {
  const { exit, stdout } = await run(["pki", ...words, ...at, "--json"], doors);
  return { exit, said: JSON.parse(stdout) };
}

describe("rulemint pki verify", () => {
  it("proves a leaf by its chain file, check by check", async () => {
    const { exit, said } = await answer(["verify", chain, "--anchors", root]);
    expect([exit, said.verdict]).toEqual([0, "proven"]);
    expect(said.checks.map(({ title, result }) => [title, result])).toEqual([
      ["certificates and lists", "proven"],
      ["leaf profile", "proven"],
      ["certificate path", "proven"],
    ]);
    expect(said.path?.map(({ subject }) => subject.replace(/.*CN=/, ""))).toEqual([
      "publisher",
      "issuing CA",
      "root",
    ]);
  });

  it("asks about revocation when lists are given, and refuses what they do not cover", async () => {
    const [ofCA, ofRoot] = [await list("ca.crl", world.ca), await list("root.crl", world.root)];
    const words = ["verify", chain, "--anchors", root, "--crls"];
    const { exit, said } = await answer([...words, ofCA, ofRoot]);
    expect([exit, said.checks.at(-1)]).toEqual([
      0,
      expect.objectContaining({ title: "revocation", result: "proven" }),
    ]);
    const half = await answer([...words, ofCA]);
    expect([half.exit, half.said.checks.at(-1)?.code]).toEqual([1, "REVOCATION_MISSING"]);
  });

  it("takes OCSP responses, alone and beside lists", async () => {
    const response = async (about: Holder, issuer: Holder) =>
      file(`${about.certificate.length}.ors`, encoded(await ocspResponse({ about, issuer })));
    const [ofLeaf, ofCA] = [await response(world.leaf, world.ca), await response(world.ca, world.root)];
    const words = ["verify", chain, "--anchors", root, "--ocsp"];
    const { exit, said } = await answer([...words, ofLeaf, ofCA]);
    expect([exit, said.checks.at(-1)?.evidence[0]]).toEqual([0, expect.stringContaining("OCSP response of")]);
    expect((await answer([...words, ofLeaf])).said.checks.at(-1)?.code).toBe("REVOCATION_MISSING");
    const lists = ["--crls", await list("root.crl", world.root)];
    expect((await answer([...words, ofLeaf, ...lists])).exit).toBe(0);
    expect((await answer([...words, chain])).said.checks.at(-1)?.code).toBe("REVOCATION_MALFORMED");
  });

  it.each([
    ["an intermediate that is missing", [leaf], "CERTIFICATE_UNTRUSTED"],
    ["an anchor for something else", [chain, "--anchors", tsaRoot], "CERTIFICATE_UNTRUSTED"],
    ["another purpose", [chain, "--purpose", "time-stamping"], "CERTIFICATE_USAGE"],
    ["time-stamping by its identifier", [chain, "--purpose", "1.3.6.1.5.5.7.3.8"], "CERTIFICATE_USAGE"],
    ["a purpose by its identifier", [chain, "--purpose", "1.3.6.1.5.5.7.3.4"], "CERTIFICATE_USAGE"],
    [
      "a seal that is none",
      [chain, "--purpose", "regulated-seal", "--seal-policy", "2.16.756.1.999"],
      "CERTIFICATE_USAGE",
    ],
    ["a policy that does not hold", [chain, "--policy-oid", "1.2.3"], "CERTIFICATE_POLICY"],
    ["no policy where one must hold", [chain, "--explicit-policy"], "CERTIFICATE_POLICY"],
  ])("refuses %s", async (_why, words, code) => {
    const anchors = words.includes("--anchors") ? [] : ["--anchors", root];
    const { exit, said } = await answer(["verify", ...words, ...anchors]);
    expect([exit, said.verdict, said.checks.at(-1)?.code]).toEqual([1, "refused", code]);
  });

  it("says it in words too", async () => {
    const { exit, stdout } = await run(["pki", "verify", chain, "--anchors", tsaRoot, ...at], doors);
    expect(exit).toBe(1);
    expect(stdout).toContain("proven  leaf profile (SPEC §6.5)");
    expect(stdout).toContain("Revocation was not asked: no revocation data given.");
    expect(stdout).toContain("REFUSED certificate path (RFC 5280 §6.1): CERTIFICATE_UNTRUSTED");
    expect(stdout).toContain("Verdict: REFUSED, CERTIFICATE_UNTRUSTED, as of 2026-09-01T12:00:00Z.");
  });

  it("proves a regulated seal, PEM or DER", async () => {
    const sealCA = (await issue({ profile: "seal-ca", name: "s", issuer: world.root })).certificate;
    const words = ["verify", file("seal.der", seal.certificate), "--intermediates", file("s.der", sealCA)];
    const asked = ["--anchors", root, "--purpose", "regulated-seal", "--seal-policy"];
    expect((await answer([...words, ...asked, "2.16.756.1.999"])).exit).toBe(0);
    expect((await answer([...words, ...asked, "2.16.756.1.99"])).said.checks.at(-1)?.code).toBe(
      "CERTIFICATE_POLICY",
    );
  });

  it("exits 2 for a seal of any policy", async () => {
    const words = ["pki", "verify", leaf, "--anchors", root, "--purpose", "regulated-seal"];
    const { exit, stderr } = await run(words, doors);
    expect([exit, stderr]).toEqual([2, expect.stringContaining("--seal-policy")]);
  });

  it("exits 2 for a file that is not there, or is no certificate", async () => {
    const none = await run(["pki", "verify", join(folder, "none"), "--anchors", root], doors);
    expect([none.exit, none.stderr]).toEqual([2, expect.stringContaining("USAGE")]);
  });
});

describe("rulemint pki verify-cms", () => {
  const words = (lie: string): string[] => [
    ...["verify-cms", "--content", join(vectors, "content")],
    ...["--signature", join(vectors, lie, "signature.p7s")],
  ];
  const anchors = ["--anchors", root, "--tsa-anchors", tsaRoot, "--without-revocation"];

  it("proves a signature under a policy file, with the verifier's named checks", async () => {
    const { exit, said } = await answer([...words("good"), "--policy", join(vectors, "policy.json")]);
    expect([exit, said.verdict]).toEqual([0, "proven"]);
    expect(said.checks.map(({ title }) => title)).toContain("certificate path");
    expect(
      said.checks.every(({ clause, evidence }) => /^(SPEC|RFC)/.test(clause) && evidence[0] !== ""),
    ).toBe(true);
  });

  it("proves it under anchors and names given as options", async () => {
    const named = ["--organization", "Vector AG", "--organization-identifier", "NTRCH-CHE-999.999.996"];
    const { exit, said } = await answer([...words("good"), ...anchors, ...named]);
    expect([exit, said.checks.at(-1)?.title]).toEqual([0, "organization identifier"]);
    expect(
      (await answer([...words("good"), ...anchors, "--organization", "Other AG"])).said.checks.at(-1)?.code,
    ).toBe("SWISS_POLICY");
  });

  const form = ["form"];
  const signed = [...form, "content digest", "signing certificate", "signature"];
  const stamped = [...signed, "time-stamp", "time-stamp authority"];
  const certified = [...stamped, "certificate path", "certificate profile"];
  const unrevoked = [...certified, "signer not revoked", "time-stamp authority not revoked"];

  it.each([
    ["embedded-content", [], "form", "CMS_CONTENT_EMBEDDED"],
    ["wrong-content", form, "signature", "CMS_DIGEST_MISMATCH"],
    ["time-stamp-other-signature", signed, "time-stamp", "TIMESTAMP_INVALID"],
    ["path-cycle", stamped, "certificate", "CERTIFICATE_UNTRUSTED"],
    ["leaf-expired", stamped, "certificate", "CERTIFICATE_EXPIRED"],
    ["revocation-leaf-revoked", certified, "revocation", "CERTIFICATE_REVOKED"],
    ["country-twice", unrevoked, "who signed", "SWISS_POLICY"],
  ])("refuses the vector %s and names what passed before", async (lie, passed, title, code) => {
    const { exit, said } = await answer([...words(lie), ...anchors]);
    expect([exit, said.verdict, said.checks.at(-1)?.code]).toEqual([1, "refused", code]);
    expect(said.checks.map(({ title: one, result }) => [one, result])).toEqual([
      ...passed.map((one) => [one, "proven"]),
      [title, "refused"],
    ]);
  });

  it("judges OCSP responses beside the signature", async () => {
    const status = { revokedAt: new Date("2026-08-31T12:00:00Z"), reason: 4 };
    const revoked = await ocspResponse({ about: world.leaf, issuer: world.ca, status });
    const { said } = await answer([...words("good"), ...anchors, "--ocsp", file("no.ors", encoded(revoked))]);
    expect(said.checks.at(-1)?.code).toBe("CERTIFICATE_REVOKED");
  });

  it("says that a policy names no purposes, where a seal has one", async () => {
    const lie = "seal-good-purpose";
    const policy = JSON.parse(readFileSync(join(vectors, lie, "policy.json"), "utf8"));
    const { sealPurposes, ...bare } = policy;
    const asked = ["--policy", file("bare.json", JSON.stringify(bare))];
    const { said } = await answer([...words(lie), ...asked]);
    expect(said.checks.at(-1)).toMatchObject({ title: "certificate", code: "CERTIFICATE_USAGE" });
    expect(said.checks.at(-1)?.evidence[0]).toContain(
      `the purpose of a seal (the policy names none), got ${sealPurposes[0]}`,
    );
  });

  it("says SWISS_POLICY of a policy for nobody's seal", async () => {
    const nobody = { ...JSON.parse(readFileSync(join(vectors, "seal-good", "policy.json"), "utf8")) };
    delete nobody.organizationIdentifier;
    const asked = ["--policy", file("nobody.json", JSON.stringify(nobody))];
    const { exit, stderr } = await run(["pki", ...words("seal-good"), ...asked], doors);
    expect([exit, stderr]).toEqual([1, expect.stringContaining("SWISS_POLICY")]);
  });

  it.each([
    ["without anchors", [], "--tsa-anchors"],
    ["for a seal of nobody", [...anchors, "--profile", "regulated-seal"], "--organization-identifier"],
  ])("exits 2 %s", async (_why, more, said) => {
    const { exit, stderr } = await run(["pki", ...words("good"), ...more], doors);
    expect([exit, stderr]).toEqual([2, expect.stringContaining(said)]);
  });
});
