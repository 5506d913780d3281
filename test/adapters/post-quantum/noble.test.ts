/** ML-DSA-65 by the library: the field's vectors, key files, and strangers who read our keys and signatures. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawMLDSAKey, nobleVerifier, openNobleSigner } from "../../../src/adapters/post-quantum/noble.js";
import { readKeyBytes, writeKeyFile } from "../../../src/adapters/signer/key-file.js";
import { hexBytes } from "../../../src/core/encoding/bytes.js";
import { parseDER } from "../../../src/core/encoding/der.js";
import { formatPEM } from "../../../src/core/encoding/pem.js";
import { mldsaPublicKey, mldsaSPKI } from "../../../src/core/trust/mldsa.js";
import { signMLDSA } from "../../../src/issuing/mldsa.js";
import { temporaryFolder } from "../../support/temporary.js";

const { verify } = nobleVerifier;
const message = new TextEncoder().encode("a message");
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

const wycheproof = fileURLToPath(
  new URL("../../../../shared/vectors/wycheproof-subset.tar.gz", import.meta.url),
);
if (!existsSync(wycheproof)) console.warn(`${wycheproof} is not there: ML-DSA was not held against it`);

interface Group {
  readonly publicKey: string;
  readonly publicKeyDer: string | null;
  readonly tests: readonly { tcId: number; msg: string; sig: string; ctx?: string; result: string }[];
}

describe.runIf(existsSync(wycheproof))("Wycheproof ML-DSA-65", () => {
  it("gives every verdict that it asks for, with an empty context", async () => {
    const text = execFileSync("tar", ["-xzOf", wycheproof, "./mldsa_65_verify_test.json"], {
      maxBuffer: 2 ** 26,
    });
    const { testGroups } = JSON.parse(text.toString()) as { testGroups: readonly Group[] };
    const wrong: number[] = [];
    let right = 0;
    for (const { publicKey, publicKeyDer, tests } of testGroups) {
      const key = hexBytes(publicKey);
      if (publicKeyDer && key.length === 1952) {
        expect(mldsaPublicKey(formatPEM(hexBytes(publicKeyDer), "PUBLIC KEY"))).toEqual(key);
      }
      for (const { tcId, msg, sig, ctx = "", result } of tests) {
        const valid = await verify({ publicKey: key, message: hexBytes(msg), signature: hexBytes(sig) });
        // RFC 9882 §3.1: the context is empty, so a signature for another one is not for us.
        if (valid === (result === "valid" && ctx === "")) right++;
        else wrong.push(tcId);
      }
    }
    console.log(`Wycheproof ML-DSA-65: ${right} of ${right + wrong.length} as expected`);
    expect(wrong).toEqual([]);
    expect(right).toBe(210);
  });
});

describe("the signer", () => {
  it("signs what its public key verifies, and nothing once it is closed", async () => {
    const signer = await openNobleSigner(drawMLDSAKey());
    const signature = await signer.sign(message);
    expect(signature).toHaveLength(3309);
    expect(await verify({ publicKey: signer.publicKey, message, signature })).toBe(true);
    expect(await verify({ publicKey: signer.publicKey, message: signature, signature })).toBe(false);
    expect(await verify({ publicKey: new Uint8Array(3), message, signature })).toBe(false);
    await signer.close();
    await expect(signer.sign(message)).rejects.toThrowError(/open signer/);
  });

  it("keeps its key in an encrypted file that says nothing without its passphrase", async () => {
    const path = join(folder.path, "post-quantum.key");
    const pkcs8 = drawMLDSAKey();
    await writeKeyFile(path, pkcs8, "passphrase");
    expect(await readKeyBytes(path, "passphrase")).toEqual(pkcs8);
    const wrong = await readKeyBytes(path, "another").then(
      // The padding of a wrong key is right once in 256: then the bytes are no key.
      (bytes) => openNobleSigner(bytes).catch((error: unknown) => error),
      (error: unknown) => error,
    );
    expect(wrong).toMatchObject({ code: expect.stringMatching(/^SIGNER_(PIN|UNAVAILABLE)$/) });
    await expect(readKeyBytes(join(folder.path, "none"), "x")).rejects.toThrowError(/key file/);
    writeFileSync(path, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n");
    await expect(readKeyBytes(path, "x")).rejects.toThrowError(
      expect.objectContaining({ code: "SIGNER_UNAVAILABLE" }),
    );
  });

  it.each([[new Uint8Array(54)], [drawMLDSAKey().subarray(1)], [new Uint8Array()]])(
    "opens ML-DSA-65 seeds alone",
    async (pkcs8) => {
      await expect(openNobleSigner(pkcs8)).rejects.toThrowError(
        expect.objectContaining({ code: "SIGNER_UNAVAILABLE" }),
      );
    },
  );
});

const python = "from cryptography.hazmat.primitives.asymmetric import mldsa; mldsa.MLDSA65PublicKey";
const haveStranger = spawnSync("python3", ["-c", python]).status === 0;
if (!haveStranger) console.warn("no Python cryptography with ML-DSA: no stranger was asked about ours");

describe.runIf(haveStranger)("OpenSSL, by way of Python cryptography", () => {
  it("reads our keys, verifies our signature over the signed attributes, and signs what we verify", async () => {
    const pkcs8 = drawMLDSAKey();
    const signer = await openNobleSigner(pkcs8);
    const content = message;
    const cms = await signMLDSA(content, signer);
    const file = (name: string, bytes: Uint8Array) => {
      const path = join(folder.path, name);
      writeFileSync(path, bytes);
      return path;
    };
    await writeKeyFile(join(folder.path, "for-strangers.key"), pkcs8, "passphrase");
    const signature = join(folder.path, "theirs.sig");
    const script = `
import sys, hashlib
from cryptography.hazmat.primitives import serialization as s
pub = s.load_der_public_key(open(sys.argv[1], "rb").read())
private = s.load_pem_private_key(open(sys.argv[2], "rb").read(), b"passphrase")
assert private.public_key() == pub
attributes = open(sys.argv[3], "rb").read()
pub.verify(open(sys.argv[4], "rb").read(), attributes)
assert hashlib.sha512(b"a message").digest() in attributes
open(sys.argv[5], "wb").write(private.sign(b"a message"))
`;
    const { attributes, value } = partsOf(cms);
    const args = [
      file("key.der", mldsaSPKI(signer.publicKey)),
      join(folder.path, "for-strangers.key"),
      file("attributes.der", attributes),
      file("ours.sig", value),
      signature,
    ];
    execFileSync("python3", ["-c", script, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    const theirs = new Uint8Array(readFileSync(signature));
    expect(await verify({ publicKey: signer.publicKey, message, signature: theirs })).toBe(true);
  });
});

/** RFC 5652 §5.4: the attributes as SET OF, and the signature value. */
function partsOf(cms: Uint8Array): { attributes: Uint8Array; value: Uint8Array } {
  const [, content] = parseDER(cms).children;
  const info = content?.children[0]?.children.at(-1)?.children[0]?.children ?? [];
  const attributes = Uint8Array.from(info[3]?.bytes ?? []);
  attributes[0] = 0x31;
  return { attributes, value: info[5]?.content ?? new Uint8Array() };
}
