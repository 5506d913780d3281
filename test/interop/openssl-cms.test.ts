/** Strangers read what we sign, and we read what they sign: `openssl cms`, `openssl ts`, `certtool`, both schemes. */
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseDER } from "../../src/core/encoding/der.js";
import { parsePEM } from "../../src/core/encoding/pem.js";
import { verifySignedData } from "../../src/core/pki/signed-data.js";
import { verifyPath } from "../../src/core/pki/path.js";
import { generateIssuingKey } from "../../src/issuing/issuing-keys.js";
import { parseSignedData } from "../../src/core/pki/cms.js";
import { nameText } from "../../src/core/pki/names.js";
import { oids } from "../../src/core/pki/oids.js";
import { formatTimestampQuery, parseTimestampResponse } from "../../src/adapters/timestamp/messages.js";
import { parseCertificate } from "../../src/core/pki/certificate.js";
import { verifyTimestamp } from "../../src/core/pki/timestamp.js";
import { answerTimestampQuery } from "../../src/issuing/timestamp.js";
import { formatCertificateRequest } from "../../src/issuing/certificate-requests.js";
import { developmentPolicies } from "../../src/issuing/development-pki.js";
import type { Signer } from "../../src/ports/signer.js";
import { createKeyFile, openWebCryptoSigner } from "../../src/adapters/signer/webcrypto.js";
import { generateTokenKey, openPKCS11Signer } from "../../src/adapters/signer/pkcs11.js";
import { createTokens, haveSoftHSM, softHSMModule } from "../adapters/signer/softhsm.js";
import {
  content,
  createPublisher,
  developmentKeys,
  memorySigner,
  type Publisher,
  sha256,
} from "../core/pki/publisher.js";

const has = (command: string): boolean => spawnSync("which", [command]).status === 0;
const haveOpenSSL = has("openssl");
const haveCerttool = has("certtool");
if (!haveOpenSSL) console.warn("openssl is not installed: interoperability of signatures was not tested");
if (!haveCerttool)
  console.warn("certtool (gnutls-bin) is not installed: it was not asked about our signatures");

const folder = mkdtempSync(join(tmpdir(), "rulemint-openssl-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, bytes?: Uint8Array | string): string => {
  const path = join(folder, name);
  if (bytes !== undefined) writeFileSync(path, bytes);
  return path;
};
const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
/** The commands judge certificates by the clock of the machine, so the leaves are issued for it. */
const today = new Date();

const kinds = haveSoftHSM ? (["webcrypto", "pkcs11"] as const) : (["webcrypto"] as const);
const schemes = ["ecdsa-p256-sha256", "rsa-pss-3072-sha256"] as const;
const signers = kinds.flatMap((kind) => schemes.map((scheme) => [kind, scheme] as const));

async function openSigner([kind, scheme]: (typeof signers)[number]): Promise<Signer> {
  if (kind === "webcrypto") {
    const key = { path: file(`${scheme}.key`), passphrase: "passphrase", scheme };
    await createKeyFile(key);
    return openWebCryptoSigner(key);
  }
  const key = { ...{ modulePath: softHSMModule, tokenLabel: "interop", pin }, keyLabel: scheme, scheme };
  await generateTokenKey(key);
  return openPKCS11Signer(key);
}

const pin = "135790";
beforeAll(() => {
  if (haveSoftHSM) createTokens(folder, pin, "interop");
});

describe.runIf(haveOpenSSL).each(signers)("%s, %s", (kind, scheme) => {
  let publisher: Publisher;
  let cms: string;
  let data: string;
  let anchors: string;

  beforeAll(async () => {
    publisher = await createPublisher(await openSigner([kind, scheme]), today);
    cms = file(`${kind}.${scheme}.p7s`, await publisher.sign(content));
    data = file("content", content);
    anchors = file(`${kind}.${scheme}.anchors.pem`, publisher.anchorsPem);
  });

  it("is verified by openssl cms, strictly, as CAdES", () => {
    const args = ["-inform", "DER", "-in", cms, "-content", data, "-CAfile", anchors];
    const strict = ["-cades", "-purpose", "any", "-binary", "-x509_strict", "-out", "/dev/null"];
    run("openssl", "cms", "-verify", ...args, ...strict);
  });

  it("is verified by openssl cms with revocation of the whole path, from the signature and the anchors alone", () => {
    const args = ["-inform", "DER", "-in", cms, "-content", data, "-CAfile", anchors, "-crl_check_all"];
    const strict = ["-cades", "-purpose", "any", "-binary", "-x509_strict", "-out", "/dev/null"];
    run("openssl", "cms", "-verify", ...args, ...strict);
  });

  it("is refused by openssl cms over other content", () => {
    const other = file("other", "something else");
    const args = ["-inform", "DER", "-in", cms, "-content", other, "-CAfile", anchors];
    expect(() => run("openssl", "cms", "-verify", ...args, "-purpose", "any", "-binary")).toThrow(
      /digest|verif/i,
    );
  });

  it.runIf(haveCerttool)("is verified by certtool", () => {
    const args = ["--p7-verify", "--inder", "--infile", cms, "--load-data", data];
    run("certtool", ...args, "--load-ca-certificate", anchors);
  });

  it("carries a token that openssl ts verifies", () => {
    const signed = parseSignedData(readFileSync(cms));
    const token = signed.signer.unsignedAttributes.get(oids.timestampToken);
    const tokenFile = file("token.der", token?.bytes);
    const signature = file("signature.bin", signed.signer.signature);
    const args = ["-in", tokenFile, "-token_in", "-data", signature, "-CAfile", anchors];
    expect(run("openssl", "ts", "-verify", ...args)).toContain("Verification: OK");
  });

  it("has certificates that openssl verify accepts, strictly", () => {
    const leaf = file("leaf.der", publisher.chain[0]);
    const ca = file("ca.pem", developmentKeys.issuingCertificate);
    run("openssl", "x509", "-inform", "DER", "-in", leaf, "-out", file("leaf.pem"));
    run("openssl", "verify", "-x509_strict", "-CAfile", anchors, "-untrusted", ca, file("leaf.pem"));
    const tsu = file("tsu.der", publisher.tsuChain[0]);
    const tsaCA = file("tsa-ca.pem", developmentKeys.tsaCertificate);
    run("openssl", "x509", "-inform", "DER", "-in", tsu, "-out", file("tsu.pem"));
    const purpose = ["-purpose", "timestampsign", "-untrusted", tsaCA, file("tsu.pem")];
    run("openssl", "verify", "-x509_strict", "-CAfile", anchors, ...purpose);
  });

  it("asks for a certificate in a request that openssl verifies", async () => {
    const subject = { country: "CH", organization: "Example AG", commonName: "Example AG" };
    const request = await formatCertificateRequest({ subject, key: publisher.signer });
    const path = file("request.der", request);
    expect(run("openssl", "req", "-inform", "DER", "-in", path, "-verify", "-noout", "-subject")).toContain(
      "O = Example AG",
    );
  });
});

describe.runIf(haveOpenSSL).each([
  ["ecdsa-p256-sha256", []],
  ["ecdsa-p384-sha384", []],
  ["rsa-pss-3072-sha256", []],
  ["rsa-pss-3072-sha256", ["-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:digest"]],
] as const)("openssl cms signs with %s %s", (scheme, options) => {
  it("and we verify signature, attributes and path", async () => {
    const { pem, key } = await generateIssuingKey(scheme);
    // Of this signer, only the public key is asked: openssl holds the private one.
    const signer = { ...key, scheme, close: async () => undefined } as unknown as Signer;
    const publisher = await createPublisher(signer, today);
    run("openssl", "x509", "-inform", "DER", "-in", file("l.der", publisher.chain[0]), "-out", file("l.pem"));
    const ca = file("signing-ca.pem", developmentKeys.issuingCertificate);
    const who = ["-signer", file("l.pem"), "-inkey", file("l.key", pem), "-certfile", ca, ...options];
    const hash = scheme.slice(-"sha256".length);
    const form = ["-binary", "-cades", "-nosmimecap", "-md", hash, "-outform", "DER"];
    run(
      "openssl",
      "cms",
      "-sign",
      "-in",
      file("content", content),
      ...who,
      ...form,
      "-out",
      file("theirs.p7s"),
    );
    const signed = parseSignedData(readFileSync(file("theirs.p7s")));
    const contentDigest = createHash(hash).update(content).digest();
    const leaf = await verifySignedData(signed, contentDigest);
    const anchors = publisher.policy.codeSigningAnchors
      .flatMap((one) => parsePEM(one, "CERTIFICATE"))
      .map(parseCertificate);
    const rules = { purpose: oids.codeSigning, at: today, anchors, rsaBitsMin: 3072 };
    expect(await verifyPath(leaf, signed.certificates, rules)).toHaveLength(3);
  });
});

describe.runIf(haveOpenSSL)("openssl ts", () => {
  let publisher: Publisher;
  beforeAll(async () => {
    publisher = await createPublisher(await memorySigner("ecdsa-p256-sha256"), today);
  });
  const answerer = () => ({
    signer: publisher.tsuSigner,
    chain: publisher.tsuChain,
    now: today,
    serial: Uint8Array.of(0x81, 2, 3),
    policyOID: developmentPolicies.timeStamping,
  });

  it.each([["-sha256", "-cert"], ["-sha512", "-cert"], ["-sha384", "-no_nonce", "-cert"], ["-sha256"]])(
    "asks, we answer, it verifies: %s %s %s",
    async (...options) => {
      const data = file("content", content);
      const query = file("query.tsq");
      run(
        "openssl",
        "ts",
        "-query",
        "-data",
        data,
        ...options.filter((one) => one !== undefined),
        "-out",
        query,
      );
      const response = file("response.tsr", await answerTimestampQuery(readFileSync(query), answerer()));
      const anchors = file("ts.anchors.pem", publisher.anchorsPem);
      const chain = file("ts.chain.pem");
      const pems = publisher.tsuChain.map((der, i) => {
        const path = file(`ts.${i}.der`, der);
        return run("openssl", "x509", "-inform", "DER", "-in", path);
      });
      writeFileSync(chain, pems.join(""));
      const args = ["-in", response, "-queryfile", query, "-CAfile", anchors, "-untrusted", chain];
      expect(run("openssl", "ts", "-verify", ...args)).toContain("Verification: OK");
    },
  );

  it("is told why a query is refused", async () => {
    const query = file("sha1.tsq");
    run("openssl", "ts", "-query", "-data", file("content", content), "-sha1", "-out", query);
    const response = file("sha1.tsr", await answerTimestampQuery(readFileSync(query), answerer()));
    const shown = run("openssl", "ts", "-reply", "-in", response, "-text");
    expect(shown).toContain("Status: Rejected");
    expect(shown).toContain("unrecognized or unsupported algorithm");
  });

  it("answers our query, and we verify its token", async () => {
    const stamped = new TextEncoder().encode("a signature value");
    const digest = sha256(stamped);
    const nonce = Uint8Array.from([0xff, 1, 2, 3, 4, 5, 6, 7]);
    const query = file("ours.tsq", formatTimestampQuery(digest, nonce));
    const response = file("theirs.tsr");
    run("openssl", "ts", "-reply", "-config", foreignAuthority(), "-queryfile", query, "-out", response);
    const token = await parseTimestampResponse(readFileSync(response), { sha256: digest, nonce });
    expect(parseDER(token).bytes).toEqual(token);
    const anchors = parsePEM(readFileSync(file("foreign-root.pem"), "utf8"), "CERTIFICATE").map(
      parseCertificate,
    );
    const now = new Date(Date.now() + 1000);
    const proven = await verifyTimestamp({ token, stamped, anchors, now, rsaBitsMin: 3072 });
    const [unit] = proven.path;
    expect(unit && nameText(unit.subject)).toBe("C=CH, O=Foreign TSA, CN=unit");
  });
});

/** A root, a unit and the configuration, all made by openssl itself. */
function foreignAuthority(): string {
  const extensions = file(
    "foreign.ext",
    "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\nauthorityKeyIdentifier=keyid\n",
  );
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes"];
  const rootFiles = ["-keyout", file("foreign-root.key"), "-out", file("foreign-root.pem")];
  const rootUsage = ["-addext", "keyUsage=critical,keyCertSign"];
  run(
    "openssl",
    "req",
    "-x509",
    ...ec,
    ...rootFiles,
    "-subj",
    "/C=CH/O=Foreign/CN=root",
    "-days",
    "30",
    ...rootUsage,
  );
  const unitFiles = ["-keyout", file("foreign.key"), "-out", file("foreign.csr")];
  run(
    "openssl",
    "req",
    "-newkey",
    "rsa:3072",
    "-nodes",
    ...unitFiles,
    "-subj",
    "/C=CH/O=Foreign TSA/CN=unit",
  );
  const ca = ["-CA", file("foreign-root.pem"), "-CAkey", file("foreign-root.key"), "-extfile", extensions];
  const unit = ["-in", file("foreign.csr"), "-out", file("foreign.pem")];
  run("openssl", "x509", "-req", ...unit, ...ca, "-days", "30", "-set_serial", "4711");
  file("foreign-serial", "01\n");
  return file(
    "foreign.conf",
    [
      ...["[tsa]", "default_tsa=t", "[t]", `serial=${file("foreign-serial")}`, "crypto_device=builtin"],
      ...[`signer_cert=${file("foreign.pem")}`, `certs=${file("foreign-root.pem")}`],
      ...[`signer_key=${file("foreign.key")}`, "signer_digest=sha256", "default_policy=1.2.3.4"],
      ...["digests=sha256,sha384,sha512", "accuracy=secs:1,millisecs:500", "ordering=yes", "tsa_name=yes"],
      ...["ess_cert_id_chain=yes", "ess_cert_id_alg=sha256"],
    ].join("\n"),
  );
}
