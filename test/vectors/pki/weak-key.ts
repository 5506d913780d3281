/** An RSA key that is too short, fixed so that its vector stays the same; PKCS#1 v1.5 signatures have no randomness. Tests only. */
import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import type { IssuingKey } from "../../../src/issuing/algorithms.js";

const pem = `-----BEGIN PRIVATE KEY-----
MIICeAIBADANBgkqhkiG9w0BAQEFAASCAmIwggJeAgEAAoGBAKcXP67eXiUgt0t5
kY8i+UBrQjAA6qJxXVcsfK/lGPWzyxR0L+tGZFK+xOtvp2OY7R9rp30L2qzPAego
SMvJRSjNO4blR1NDePmSw+wE0dXENa6Mh82C52pWfGlnOK4GerpVFsSTEKTAh+bK
zbsKCfo4/ZCWmNjFi0z7QSNlEwkdAgMBAAECgYEAh1VcPi1bQWUbMKVZUP65tQRq
ymijokiBmm6s2uaK7c7e6EUm3r/X1/Etm6eGgzPEsxNFyBFG33qXB8tBEtWFDjUL
9y9u9SbIQ81jr66ba6cUHAVvhVA6JqYdTUoBVRkekxGH5RgNAZ/fAzMnqwH1n/Gn
QiHMN6wli5e3zN4MZUECQQDPW78SPifo2DhNVfoQzNx01un7f8/N3R6xLVgRwZfU
Xy6XHQ53gkvc42JgV/efRGa2yf0rMOsOzVqpoUkkQ4NtAkEAzklcTq66oukL0vFs
qKNm9Y+Rx5WV2pVny5U+GkMYokc9XHQSqGQ4spAFGjCOHL2IPvhszsw4vF+9J9jn
VpRecQJBAJw2Ze98W9ySZ3f7eXQGoV50Obl6RDa2ilS38E0QJy2atyKohSmLQ1OZ
CZfDLY0Snr691LghFjQEiHSaSNvE8NECQFCfn3IpHEy7pKFnNj6azoy+9gz5S75I
km6g/8qn2qLiEPtnajtiID65xyS7QW++K9fgpDYW3z3QdU9zmMbf6iECQQCcDKqT
GCc04gk3oY91j7jDdyKc6Yh9Gayu71T73iYoWTCMxeTs3tVVtlS+kq3kB8dbAlLy
FsfOI3eEzEiBvVdb
-----END PRIVATE KEY-----`;

/** Its scheme is wrong on purpose: nothing in the issuer's vocabulary fits it. */
export function weakKey(): IssuingKey {
  const key = createPrivateKey(pem);
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  return {
    scheme: "ecdsa-p256-sha256",
    spki: Uint8Array.from(spki),
    sign: async (message) => Uint8Array.from(sign("sha256", message, key)),
  };
}
