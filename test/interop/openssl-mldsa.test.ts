/** `openssl cms -verify` of 3.5 or later reads our second signature, and our key file. Said plainly where it is older. */
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawMLDSAKey, openNobleSigner } from "../../src/adapters/post-quantum/noble.js";
import { writeKeyFile } from "../../src/adapters/signer/key-file.js";
import { mldsaKey } from "../../src/core/trust/mldsa.js";
import { signMLDSA } from "../../src/issuing/mldsa.js";
import { temporaryFolder } from "../support/temporary.js";

const said = spawnSync("openssl", ["list", "-signature-algorithms"], { encoding: "utf8" });
const knowsMLDSA = said.status === 0 && said.stdout.includes("2.16.840.1.101.3.4.3.18");
if (!knowsMLDSA) console.warn("openssl is older than 3.5: it was not asked about the second signature");

const content = new TextEncoder().encode("a manifest, bytes as served\n");
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

describe.runIf(knowsMLDSA)("openssl", () => {
  it("verifies the second signature with a certificate around the bare key, and no other content", async () => {
    const pkcs8 = drawMLDSAKey();
    const signer = await openNobleSigner(pkcs8);
    const { sha256 } = await mldsaKey(signer.publicKey);
    const path = (name: string) => join(folder.path, name);
    await writeKeyFile(path("key.pem"), pkcs8, "passphrase");
    writeFileSync(path("content"), content);
    writeFileSync(path("other"), "other content");
    writeFileSync(path("signature"), await signMLDSA(content, signer));
    const openssl = (...args: string[]) =>
      execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    // CMS asks for certificates: one around the key, whose identifier is the one that the signature names.
    const identifier = (sha256.match(/../g) ?? []).join(":");
    openssl(
      ...["req", "-x509", "-key", path("key.pem"), "-passin", "pass:passphrase", "-subj", "/CN=bare key"],
      ...["-addext", `subjectKeyIdentifier=${identifier}`, "-days", "2", "-out", path("certificate.pem")],
    );
    const verify = (what: string) =>
      openssl(
        ...["cms", "-verify", "-noverify", "-binary", "-inform", "DER", "-in", path("signature")],
        ...["-content", path(what), "-certfile", path("certificate.pem"), "-out", "/dev/null"],
      );
    verify("content");
    expect(() => verify("other")).toThrow(/verification failure|digest/i);
  });
});
