/** A key for second signatures, in memory, and the policy that pins it. */
import { drawMLDSAKey, nobleVerifier, openNobleSigner } from "../../src/adapters/post-quantum/noble.js";
import type { Sha256Hex } from "../../src/core/brands.js";
import { formatPEM } from "../../src/core/encoding/pem.js";
import { mldsaKey, mldsaSPKI, type MLDSAKey } from "../../src/core/trust/mldsa.js";
import type { PostQuantumSigner } from "../../src/ports/post-quantum.js";

export const { verify } = nobleVerifier;

export interface TestPostQuantum {
  readonly signer: PostQuantumSigner;
  readonly key: MLDSAKey;
  readonly pem: string;
  readonly announcement: { readonly scheme: "ml-dsa-65"; readonly keySha256: Sha256Hex };
}

export async function testPostQuantum(): Promise<TestPostQuantum> {
  const signer = await openNobleSigner(drawMLDSAKey());
  const key = await mldsaKey(signer.publicKey);
  const pem = formatPEM(mldsaSPKI(signer.publicKey), "PUBLIC KEY");
  return { signer, key, pem, announcement: { scheme: "ml-dsa-65", keySha256: key.sha256 } };
}
