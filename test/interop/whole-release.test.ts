/**
 * Everything that one release is signed with, before strangers: by a renewed certificate, with the second signature announced and
 * beside it, and with signatures for ClamAV. What is added for some readers must not trouble the others.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Updater } from "tuf-js";
import { parseSignedData } from "../../src/core/pki/cms.js";
import { oids } from "../../src/core/pki/oids.js";
import { parseClamAVSignatures } from "../../src/core/release/clamav-signatures.js";
import { issueDevelopmentLeaves } from "../../src/issuing/development-pki.js";
import { publishedPolicy } from "../../src/services/published-trust.js";
import { developmentKeys } from "../core/pki/publisher.js";
import { feed } from "../services/desk.js";
import { testPostQuantum, verify } from "../support/post-quantum.js";
import { openService, type TestService } from "../support/service.js";

const has = (command: string): boolean => spawnSync("which", [command]).status === 0;
const haveOpenSSL = has("openssl");
const haveCerttool = has("certtool");
if (!haveOpenSSL) console.warn("openssl is not installed: it was not asked about a whole release");
if (!haveCerttool)
  console.warn("certtool (gnutls-bin) is not installed: it was not asked about a whole release");

const hdb = `${"0".repeat(31)}1:100:Sample.One\n`;
let service: TestService;
/** A file of the public tree. */
const tree = (path: string) => join(service.desk.folder, "public", path);
const scratch = (name: string, bytes?: Uint8Array | string): string => {
  const path = join(service.desk.folder, name);
  if (bytes !== undefined) writeFileSync(path, bytes);
  return path;
};
const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

beforeAll(async () => {
  const own = await testPostQuantum();
  service = await openService({
    alsoEmail: true,
    policy: { postQuantumKeys: [own.pem] },
    wrap: ({ settings }) => ({
      settings: { ...settings, clamavSignatures: true },
      ...{ postQuantum: own.signer, postQuantumVerifier: { verify } },
    }),
  });
  const { desk } = service;
  await desk.addRules("hashes", "clamav", { "a.hdb": hdb });
  await desk.release();
  // Another leaf for the same key: what a CA sends when the first one ends.
  const { publisherChain } = await issueDevelopmentLeaves({
    ...{ keys: developmentKeys, publisherSpki: desk.context.publisher.spki, now: desk.now, alsoEmail: true },
    tsuSpki: desk.context.publisher.spki,
  });
  const [before] = desk.context.publisherChain;
  expect(publisherChain[0]).not.toEqual(before);
  desk.context = { ...desk.context, publisherChain };
  await desk.addRules("more", "clamav", { "b.hdb": `${"0".repeat(31)}2:200:Sample.Two\n` });
  await desk.release();
  scratch("anchors.pem", (await publishedPolicy(desk.context)).codeSigningAnchors.join(""));
  const policy = await publishedPolicy(desk.context);
  scratch("both.pem", [...policy.codeSigningAnchors, ...policy.timeStampingAnchors].join(""));
});
afterAll(() => service.close());

describe.each([
  ["by the first certificate", 1],
  ["by the renewed certificate", 2],
])("a release %s, with everything that can be signed", (_which, release) => {
  const manifest = () => tree(`metadata/${release}.${feed}.json`);
  const evidence = () => tree(`evidence/${feed}/${release}.p7s`);

  it("has its second signature beside it", () => {
    expect(readFileSync(tree(`evidence/${feed}/${release}.mldsa.p7s`)).length).toBeGreaterThan(3309);
    expect(readFileSync(manifest(), "utf8")).toContain("postQuantum");
  });

  it.runIf(haveOpenSSL)(
    "is verified by openssl cms: CAdES, strictly, with revocation of the whole path",
    () => {
      const who = ["-inform", "DER", "-in", evidence(), "-CAfile", scratch("both.pem"), "-purpose", "any"];
      const strict = ["-cades", "-x509_strict", "-crl_check_all", "-binary", "-out", "/dev/null"];
      run("openssl", "cms", "-verify", ...who, ...strict, "-content", manifest());
      const other = tree(`metadata/${3 - release}.${feed}.json`);
      expect(() => run("openssl", "cms", "-verify", ...who, ...strict, "-content", other)).toThrow();
    },
  );

  it.runIf(haveOpenSSL)("has a time-stamp that openssl ts verifies", () => {
    const { signer } = parseSignedData(readFileSync(evidence()));
    const token = scratch("token.der", signer.unsignedAttributes.get(oids.timestampToken)?.bytes);
    const data = scratch("signature.bin", signer.signature);
    const args = ["-in", token, "-token_in", "-data", data, "-CAfile", scratch("both.pem")];
    expect(run("openssl", "ts", "-verify", ...args)).toContain("Verification: OK");
  });

  it.runIf(haveCerttool)("is verified by certtool", () => {
    const args = ["--p7-verify", "--inder", "--infile", evidence(), "--load-data", manifest()];
    run("certtool", ...args, "--load-ca-certificate", scratch("both.pem"));
  });

  it.runIf(haveOpenSSL)(
    "has signatures for ClamAV that openssl smime verifies for its default purpose",
    () => {
      const document = parseClamAVSignatures(readFileSync(tree(`evidence/${feed}/${release}.clamav.json`)));
      const signed = document.files.find(({ path }) => path === "rulemint.hdb");
      const der = scratch("clamav.p7s", signed?.cms);
      const content = scratch(
        "rulemint.hdb",
        release === 1 ? hdb : `${hdb}${"0".repeat(31)}2:200:Sample.Two\n`,
      );
      const who = ["-in", der, "-CAfile", scratch("anchors.pem"), "-inform", "DER", "-binary"];
      run("openssl", "smime", "-verify", ...who, "-content", content, "-out", "/dev/null");
    },
  );
});

describe("tuf-js", () => {
  it("takes the release with all of that, and its pack", async () => {
    for (const name of ["stranger", "stranger/metadata", "stranger/targets"]) mkdirSync(scratch(name));
    writeFileSync(scratch("stranger/metadata/root.json"), service.desk.root);
    const updater = new Updater({
      metadataDir: scratch("stranger/metadata"),
      targetDir: scratch("stranger/targets"),
      metadataBaseUrl: `${service.origin}/metadata`,
      targetBaseUrl: `${service.origin}/targets`,
    });
    await updater.refresh();
    const target = await updater.getTargetInfo(`${feed}/2.full.rmp`);
    const path = await updater.downloadTarget(target as NonNullable<typeof target>);
    expect(existsSync(path)).toBe(true);
  });
});
