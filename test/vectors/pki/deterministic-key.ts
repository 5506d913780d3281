/** ECDSA keys from a seed that always sign alike (RFC 6979 §3.2), so that vectors can be made again byte for byte. Tests only. */
import { createECDH, createHash, createHmac, createPublicKey } from "node:crypto";
import { formatECDSASignature } from "../../../src/core/encoding/der-ecdsa.js";
import type { IssuingKey } from "../../../src/issuing/algorithms.js";

const curves = {
  "ecdsa-p256-sha256": {
    ...{ name: "prime256v1", jwk: "P-256", hash: "sha256", octets: 32 },
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  "ecdsa-p384-sha384": {
    ...{ name: "secp384r1", jwk: "P-384", hash: "sha384", octets: 48 },
    order:
      0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  },
} as const;

const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
const octetsOf = (value: bigint, length: number): Buffer =>
  Buffer.from(value.toString(16).padStart(2 * length, "0"), "hex");

export function deterministicKey(seed: string, scheme: keyof typeof curves): IssuingKey {
  const curve = curves[scheme];
  const secret = (number(createHash("sha512").update(seed).digest()) % (curve.order - 1n)) + 1n;
  const point = multiplied(secret, curve);
  const coordinate = (start: number) => point.subarray(start, start + curve.octets).toString("base64url");
  const jwk = { kty: "EC", crv: curve.jwk, x: coordinate(1), y: coordinate(1 + curve.octets) };
  const spki = createPublicKey({ key: jwk, format: "jwk" }).export({ type: "spki", format: "der" });
  return { scheme, spki: Uint8Array.from(spki), sign: async (message) => signed(message, secret, curve) };
}

type Curve = (typeof curves)[keyof typeof curves];

function multiplied(scalar: bigint, curve: Curve): Buffer {
  const ecdh = createECDH(curve.name);
  ecdh.setPrivateKey(octetsOf(scalar, curve.octets));
  return ecdh.getPublicKey();
}

function signed(message: Uint8Array, secret: bigint, curve: Curve): Uint8Array {
  const { order, octets } = curve;
  const hash = number(createHash(curve.hash).update(message).digest());
  const nonce = nonceFor(hash % order, secret, curve);
  const r = number(multiplied(nonce, curve).subarray(1, 1 + octets)) % order;
  const s = (inverse(nonce, order) * (hash + r * secret)) % order;
  return formatECDSASignature(Buffer.concat([octetsOf(r, octets), octetsOf(s, octets)]));
}

/** RFC 6979 §3.2 for a hash as long as the order. */
function nonceFor(hash: bigint, secret: bigint, { hash: name, octets, order }: Curve): bigint {
  const mac = (key: Buffer, ...parts: Buffer[]) =>
    createHmac(name, key).update(Buffer.concat(parts)).digest();
  const seed = [octetsOf(secret, octets), octetsOf(hash, octets)];
  let key: Buffer = Buffer.alloc(octets, 0);
  let value: Buffer = Buffer.alloc(octets, 1);
  key = mac(key, value, Buffer.of(0), ...seed);
  value = mac(key, value);
  key = mac(key, value, Buffer.of(1), ...seed);
  value = mac(key, value);
  for (;;) {
    value = mac(key, value);
    const candidate = number(value);
    if (candidate > 0n && candidate < order) return candidate;
    key = mac(key, value, Buffer.of(0));
    value = mac(key, value);
  }
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n];
  while (a > 1n) {
    const quotient = a / b;
    [a, b, x, y] = [b, a % b, y, x - quotient * y];
  }
  return ((x % modulus) + modulus) % modulus;
}
