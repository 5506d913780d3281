/** The second signature: the one form that is taken, and every way in which another one is refused. */
import { beforeAll, describe, expect, it } from "vitest";
import { concatBytes, hexBytes } from "../../../src/core/encoding/bytes.js";
import { formatPEM } from "../../../src/core/encoding/pem.js";
import { mldsaPublicKey, mldsaSPKI, verifyMLDSA } from "../../../src/core/trust/mldsa.js";
import {
  derSorted,
  encoded,
  integer,
  none,
  objectID,
  octetString,
  sequence,
  setOf,
  tagged,
  taggedBytes,
  type Value,
} from "../../../src/issuing/asn1.js";
import { signMLDSA } from "../../../src/issuing/mldsa.js";
import { type TestPostQuantum, testPostQuantum, verify } from "../../support/post-quantum.js";

const content = new TextEncoder().encode("a manifest, bytes as served\n");
let own: TestPostQuantum;
let other: TestPostQuantum;
let good: Uint8Array;

beforeAll(async () => {
  [own, other] = [await testPostQuantum(), await testPostQuantum()];
  good = await signMLDSA(content, own.signer);
});

const judge = (cms: Uint8Array, change: Partial<Parameters<typeof verifyMLDSA>[0]> = {}) =>
  verifyMLDSA({ content, cms, key: own.key, verify, ...change });

const data = objectID("1.2.840.113549.1.7.1");
const sha512 = () => sequence(objectID("2.16.840.1.101.3.4.2.3"));
const sha256 = () => sequence(objectID("2.16.840.1.101.3.4.2.1"));
const mldsa65 = "2.16.840.1.101.3.4.3.18";
const attribute = (type: string, ...values: Value[]) => sequence(objectID(type), setOf(...values));
const contentType = () => attribute("1.2.840.113549.1.9.3", data);
const messageDigest = async (hash = "SHA-512", bytes = content) =>
  attribute("1.2.840.113549.1.9.4", octetString(new Uint8Array(await crypto.subtle.digest(hash, bytes))));

interface Bends {
  readonly versions?: readonly [data: number, signer: number];
  readonly announced?: Value[];
  readonly digest?: Value;
  readonly algorithm?: Value;
  readonly attributes?: Value[];
  readonly sid?: Value;
  readonly encapsulated?: Value[];
  readonly certificates?: Value[];
  readonly unsigned?: Value[];
  readonly signers?: (one: Value) => Value[];
  readonly signature?: (signature: Uint8Array) => Uint8Array;
  /** False: `attributes` as they come. */
  readonly sorted?: boolean;
}

/** A signature that is right but for what is bent: the bent attributes are signed. */
async function forge(bends: Bends): Promise<Uint8Array> {
  const listed = bends.attributes ?? [contentType(), await messageDigest()];
  const attributes = bends.sorted === false ? listed : derSorted(listed);
  // As the signer would have signed them: SET OF in the order in which they stand.
  const message = encoded(sequence(...attributes));
  message[0] = 0x31;
  const signature = await own.signer.sign(message);
  const info = sequence(
    integer(bends.versions?.[1] ?? 3),
    bends.sid ?? taggedBytes(0, hexBytes(own.key.sha256)),
    bends.digest ?? sha512(),
    ...(listed.length === 0 ? [] : [tagged(0, ...attributes)]),
    bends.algorithm ?? sequence(objectID(mldsa65)),
    octetString(bends.signature?.(signature) ?? signature),
    ...(bends.unsigned ?? []),
  );
  const body = sequence(
    integer(bends.versions?.[0] ?? 3),
    setOf(...(bends.announced ?? [bends.digest ?? sha512()])),
    sequence(...(bends.encapsulated ?? [data])),
    ...(bends.certificates ?? []),
    setOf(...(bends.signers?.(info) ?? [info])),
  );
  return encoded(sequence(objectID("1.2.840.113549.1.7.2"), tagged(0, body)));
}

const refused = (promise: Promise<void>) =>
  expect(promise).rejects.toThrowError(expect.objectContaining({ code: "PQ_SIGNATURE_INVALID" }));

describe("the second signature", () => {
  it("SPEC §6.10.2 is taken in the form that we make, and in the same form made by hand", async () => {
    await judge(good);
    await judge(await forge({}));
  });

  it("SPEC §6.10.3 is about this content and by this key", async () => {
    await refused(judge(good, { content: new Uint8Array(content.length) }));
    await refused(judge(good, { key: other.key }));
    // The key identifier says one key, the other one signed.
    await refused(judge(good, { key: { ...own.key, publicKey: other.key.publicKey } }));
    await refused(judge(await signMLDSA(content, other.signer)));
  });

  const rows: [lie: string, bends: () => Bends | Promise<Bends>][] = [
    ["signed attributes missing", () => ({ attributes: [] })],
    [
      "signed attributes unsorted",
      async () => ({ attributes: [await messageDigest(), contentType()], sorted: false }),
    ],
    [
      "an attribute twice",
      async () => ({ attributes: [contentType(), await messageDigest(), contentType()] }),
    ],
    [
      "two message digests in one attribute",
      async () => ({
        attributes: [
          contentType(),
          attribute(
            "1.2.840.113549.1.9.4",
            octetString(new Uint8Array(64)),
            octetString(new Uint8Array(64).fill(1)),
          ),
        ],
      }),
    ],
    ["content-type missing", async () => ({ attributes: [await messageDigest()] })],
    ["message-digest missing", () => ({ attributes: [contentType()] })],
    [
      "content-type of another type",
      async () => ({
        attributes: [
          attribute("1.2.840.113549.1.9.3", objectID("1.2.840.113549.1.7.2")),
          await messageDigest(),
        ],
      }),
    ],
    [
      "the digest of other content",
      async () => ({ attributes: [contentType(), await messageDigest("SHA-512", new Uint8Array(3))] }),
    ],
    [
      "SHA-256 instead",
      async () => ({ digest: sha256(), attributes: [contentType(), await messageDigest("SHA-256")] }),
    ],
    ["another digest announced", () => ({ announced: [sha256()] })],
    ["two digests announced", () => ({ announced: [sha256(), sha512()] })],
    [
      "algorithm protection of another algorithm",
      async () => ({
        attributes: [
          contentType(),
          await messageDigest(),
          attribute(
            "1.2.840.113549.1.9.52",
            sequence(sha512(), tagged(1, objectID("2.16.840.1.101.3.4.3.17"))),
          ),
        ],
      }),
    ],
    ["ML-DSA-44's identifier", () => ({ algorithm: sequence(objectID("2.16.840.1.101.3.4.3.17")) })],
    [
      "the pre-hash variant's identifier",
      () => ({ algorithm: sequence(objectID("2.16.840.1.101.3.4.3.33")) }),
    ],
    ["ECDSA's identifier: a downgrade", () => ({ algorithm: sequence(objectID("1.2.840.10045.4.3.4")) })],
    ["algorithm parameters", () => ({ algorithm: sequence(objectID(mldsa65), none()) })],
    ["version 1", () => ({ versions: [1, 3] })],
    ["a signer of version 1", () => ({ versions: [3, 1] })],
    ["a signer named by serial number", () => ({ sid: sequence(sequence(), integer(1)) })],
    ["another key identifier", () => ({ sid: taggedBytes(0, hexBytes(other.key.sha256)) })],
    ["half a key identifier", () => ({ sid: taggedBytes(0, hexBytes(own.key.sha256).subarray(0, 20)) })],
    ["content inside", () => ({ encapsulated: [data, tagged(0, octetString(content))] })],
    ["another content type", () => ({ encapsulated: [objectID("1.2.840.113549.1.7.2")] })],
    ["certificates", () => ({ certificates: [tagged(0, sequence())] })],
    ["unsigned attributes", async () => ({ unsigned: [tagged(1, await messageDigest())] })],
    ["no signer", () => ({ signers: () => [] })],
    ["two signers", () => ({ signers: (one) => [one, one] })],
    ["a longer signature", () => ({ signature: (bytes) => concatBytes(bytes, Uint8Array.of(0)) })],
    ["an empty signature", () => ({ signature: () => new Uint8Array() })],
  ];
  it.each(rows)("SPEC §6.10.2 refuses %s", async (_lie, bends) => refused(judge(await forge(await bends()))));

  it("refuses a signature over bare content", async () => {
    const signature = await own.signer.sign(content);
    await refused(judge(await forge({ attributes: [], signature: () => signature })));
  });

  it("refuses it cut anywhere, grown, or with any byte changed", async () => {
    await refused(judge(concatBytes(good, Uint8Array.of(0))));
    const head = 260;
    for (let at = 0; at < head; at++) {
      await refused(judge(good.subarray(0, at)));
      const flipped = Uint8Array.from(good);
      flipped[at] = (flipped[at] as number) ^ 1;
      await refused(judge(flipped));
    }
    // Behind the head lies the signature value; every so many of its bytes.
    for (let at = head; at < good.length; at += 61) {
      const flipped = Uint8Array.from(good);
      flipped[at] = (flipped[at] as number) ^ 0x80;
      await refused(judge(flipped));
    }
  });

  it("SPEC §5.5.4 reads ML-DSA-65 keys and no others", () => {
    expect(mldsaPublicKey(own.pem)).toEqual(own.key.publicKey);
    const wrong = [
      mldsaSPKI(own.key.publicKey.subarray(1)),
      concatBytes(mldsaSPKI(own.key.publicKey), Uint8Array.of(0)),
      mldsaSPKI(own.key.publicKey).fill(0, 0, 10),
    ];
    for (const spki of wrong) {
      expect(() => mldsaPublicKey(formatPEM(spki, "PUBLIC KEY"))).toThrowError(
        expect.objectContaining({ code: "ENCODING_MALFORMED" }),
      );
    }
    expect(() => mldsaPublicKey(own.pem + own.pem)).toThrowError(/ML-DSA-65/);
  });
});
