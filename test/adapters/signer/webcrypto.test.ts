/** The file signer: its contract in all three schemes, and what a wrong passphrase or file gets. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawPassphrase } from "../../../src/adapters/signer/key-file.js";
import { readSecret } from "../../../src/adapters/signer/secrets.js";
import { createKeyFile, openWebCryptoSigner } from "../../../src/adapters/signer/webcrypto.js";
import { signerContract } from "../../contract/signer.js";

const folder = mkdtempSync(join(tmpdir(), "rulemint-signer-"));
const passphrase = "a passphrase für tests";
const pathOf = (scheme: string): string => join(folder, `${scheme}.key.pem`);
const schemes = ["ecdsa-p256-sha256", "rsa-pss-3072-sha256", "ed25519"] as const;

beforeAll(async () => {
  for (const scheme of schemes) await createKeyFile({ path: pathOf(scheme), passphrase, scheme });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

for (const scheme of schemes) {
  signerContract(`webcrypto, ${scheme}`, () =>
    openWebCryptoSigner({ path: pathOf(scheme), passphrase, scheme }),
  );
}

describe("key file", () => {
  const path = pathOf("ecdsa-p256-sha256");

  const scheme = (rounds: string) =>
    new RegExp(
      `PBES2[\\s\\S]*PBKDF2[\\s\\S]*INTEGER +:${rounds}\\n[\\s\\S]*hmacWithSHA256[\\s\\S]*aes-256-cbc`,
    );
  const shown = (file: string) => execFileSync("openssl", ["asn1parse", "-in", file], { encoding: "utf8" });

  it("is readable by its owner alone, and stretches what a person chose with 600,000 rounds", () => {
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, "utf8")).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
    expect(shown(path)).toMatch(scheme("0927C0"));
  });

  it("stretches 192 random bits with OpenSSL's 2,048 rounds, and only a whole drawn passphrase", async () => {
    const drawn = drawPassphrase();
    expect(Buffer.from(drawn.slice("drawn-".length), "base64url")).toHaveLength(24);
    for (const [i, [text, rounds]] of [
      [drawn, "0800"],
      [drawn.slice(0, -1), "0927C0"],
      ["drawn-", "0927C0"],
    ].entries()) {
      const file = join(folder, `drawn-${i}`);
      await createKeyFile({ path: file, passphrase: text as string, scheme: "ed25519" });
      expect(shown(file)).toMatch(scheme(rounds as string));
      expect(await openWebCryptoSigner({ path: file, passphrase: text as string })).toBeDefined();
    }
  });

  it("is opened by openssl with the passphrase", () => {
    const args = ["pkey", "-in", path, "-passin", `pass:${passphrase}`, "-noout", "-text"];
    expect(execFileSync("openssl", args, { encoding: "utf8" })).toContain("prime256v1");
  });

  it("SPEC §6.9.5 is never overwritten", async () => {
    const before = readFileSync(path);
    await expect(createKeyFile({ path, passphrase, scheme: "ed25519" })).rejects.toMatchObject({
      code: "KEY_EXISTS",
    });
    expect(readFileSync(path)).toEqual(before);
  });

  it.each([
    ["a wrong passphrase", { path, passphrase: "other" }, "SIGNER_PIN"],
    ["a missing file", { path: join(folder, "missing"), passphrase }, "SIGNER_UNAVAILABLE"],
    ["another scheme", { path, passphrase, scheme: "ed25519" as const }, "SIGNER_UNAVAILABLE"],
  ])("answers %s with its code", async (_name, options, code) => {
    await expect(openWebCryptoSigner(options)).rejects.toMatchObject({ code });
  });

  it("is refused when it is not encrypted", async () => {
    const plain = join(folder, "plain.pem");
    writeFileSync(plain, execFileSync("openssl", ["pkey", "-in", path, "-passin", `pass:${passphrase}`]));
    await expect(openWebCryptoSigner({ path: plain, passphrase })).rejects.toMatchObject({
      code: "SIGNER_UNAVAILABLE",
    });
  });
});

describe("secrets", () => {
  it("come from a file, without the line end, or from the environment", async () => {
    const file = join(folder, "pin");
    writeFileSync(file, "1234\n");
    expect(await readSecret({ file })).toBe("1234");
    process.env.RULEMINT_TEST_PIN = "5678";
    expect(await readSecret({ environment: "RULEMINT_TEST_PIN" })).toBe("5678");
  });

  it.each([
    ["an empty file", () => ({ file: emptyFile() })],
    ["a missing file", () => ({ file: join(folder, "no-pin") })],
    ["an unset variable", () => ({ environment: "RULEMINT_TEST_UNSET" })],
  ])("are missed by name in %s", async (_name, source) => {
    await expect(readSecret(source())).rejects.toMatchObject({ code: "CONFIGURATION" });
  });
});

function emptyFile(): string {
  const file = join(folder, "empty");
  writeFileSync(file, "\n");
  return file;
}
