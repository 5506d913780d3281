/** Lies in the signature itself: its form, its attributes, its algorithms. Tests only. */
import * as asn1js from "asn1js";
import { concatBytes } from "../../../src/core/encoding/bytes.js";
import { constructedTag, parseDER, tags } from "../../../src/core/encoding/der.js";
import { digestOIDs } from "../../../src/issuing/algorithms.js";
import {
  integer,
  none,
  objectID,
  octetString,
  sequence,
  spliced,
  tagged,
  taggedBytes,
  time,
  type Value,
} from "../../../src/issuing/asn1.js";
import { type AttributeList, sha256, signingCertificate, types } from "./forge.js";
import type { Lie } from "./lie.js";
import { content, type Holder, issue, now, sign, timestampInfo, token, type World } from "./world.js";

const without = (list: AttributeList, type: string): AttributeList => list.filter(([one]) => one !== type);
const other = new TextEncoder().encode("other content\n");
const sha1 = sequence(objectID("1.3.14.3.2.26"), none());

/** Another certificate of the publisher's key. */
const twinOf = ({ ca, leaf }: World, name: string) =>
  issue({ profile: "code-signing", name, issuer: ca, key: leaf.key, notAfter: "2027-07-01T00:00:00Z" });

/** RFC 5035 §4: the right hash, beside the issuer and serial number of another certificate. */
const namedLie = (part: "serial" | "issuer", other: (world: World) => Promise<Holder>): Lie => ({
  name: `signing-certificate-${part}-other`,
  code: "CMS_CERTIFICATE_MISMATCH",
  why: `the hash of the signer's certificate beside the ${part} of another one`,
  make: async (world) => {
    const named = signingCertificate(world.leaf.certificate, (await other(world)).certificate);
    const attributes = (good: AttributeList): AttributeList => [
      ...without(good, types.signingCertificateV2),
      [types.signingCertificateV2, named],
    ];
    return { cms: await sign(world, { attributes }) };
  },
});

/** The value of an attribute that nobody interprets stands at the ninth level. */
const nested = (levels: number) =>
  Array.from({ length: levels - 9 }).reduce<Value>((inner) => sequence(inner), sequence());
const nestedLie = (levels: number, code: Lie["code"], why: string): Lie => ({
  ...{ name: `nested-${levels}-levels`, code, why },
  make: async (world) => {
    const more: AttributeList = [["1.3.6.1.4.1.32473.8420.66", nested(levels)]];
    return { cms: await sign(world, { attributes: (good) => [...good, ...more] }) };
  },
});

export const cmsLies: readonly Lie[] = [
  {
    name: "wrong-content",
    code: "CMS_DIGEST_MISMATCH",
    why: "a good signature over other content",
    make: async (world) => ({ cms: await sign(world, { content: other }) }),
  },
  {
    name: "embedded-content",
    code: "CMS_CONTENT_EMBEDDED",
    why: "the content rides inside, so a reader could take out something that was not verified",
    make: async (world) => ({ cms: await sign(world, { embedded: true }) }),
  },
  {
    name: "embedded-other-content",
    code: "CMS_CONTENT_EMBEDDED",
    why: "signature wrapping: other, truly signed content inside, the asked one outside",
    make: async (world) => ({ cms: await sign(world, { content: other, embedded: true }) }),
  },
  {
    name: "time-stamp-wrapped",
    code: "CMS_CONTENT_EMBEDDED",
    why: "an expired signer's self-made TSTInfo with an old time as content, to date itself back",
    make: async (world) => {
      const old = timestampInfo(content, { time: new Date("2026-07-01T00:00:00Z") });
      const contentType = types.timestampInfo;
      return { cms: await sign(world, { content: old, embedded: true, contentType }) };
    },
  },
  {
    name: "content-type-not-data",
    code: "CMS_MALFORMED",
    why: "detached, but declared as something other than plain data",
    make: async (world) => ({ cms: await sign(world, { contentType: types.timestampInfo }) }),
  },
  {
    name: "no-signed-attributes",
    code: "CMS_SIGNED_ATTRIBUTES_MISSING",
    why: "a bare signature over content could come from another protocol that uses the key",
    make: async (world) => ({ cms: await sign(world, { attributes: "none" }) }),
  },
  {
    name: "signed-attributes-as-content",
    code: "CMS_SIGNED_ATTRIBUTES_MISSING",
    why: "the DER of a real signer's attributes presented as content that he signed",
    make: async (world) => {
      const real = parseDER(await sign(world));
      const signers = real.children[1]?.children[0]?.children.at(-1);
      const attributes = signers?.children[0]?.children.find(({ tag }) => tag === constructedTag(0));
      const forged = concatBytes(Uint8Array.of(0x31), attributes?.bytes.subarray(1) as Uint8Array);
      return { cms: await sign(world, { content: forged, attributes: "none" }) };
    },
  },
  {
    name: "content-type-differs",
    code: "CMS_ATTRIBUTES_INVALID",
    why: "the signed content type is not that of the content",
    make: async (world) => ({
      cms: await sign(world, {
        attributes: (good) => [
          ...without(good, types.contentType),
          [types.contentType, objectID(types.timestampInfo)],
        ],
      }),
    }),
  },
  ...[types.contentType, types.messageDigest, types.signingCertificateV2].map((type, i): Lie => {
    const name = ["content-type", "message-digest", "signing-certificate"][i] as string;
    return {
      name: `${name}-missing`,
      code: "CMS_ATTRIBUTES_INVALID",
      why: `the signed attribute ${name} is left out`,
      make: async (world) => ({ cms: await sign(world, { attributes: (good) => without(good, type) }) }),
    };
  }),
  {
    name: "message-digest-twice",
    code: "CMS_ATTRIBUTES_INVALID",
    why: "two message-digest attributes, of which one fits",
    make: async (world) => ({
      cms: await sign(world, {
        attributes: (good) => [...good, [types.messageDigest, octetString(sha256(other))]],
      }),
    }),
  },
  {
    name: "message-digest-two-values",
    code: "CMS_ATTRIBUTES_INVALID",
    why: "one message-digest attribute with two values, of which one fits",
    make: async (world) => ({
      cms: await sign(world, {
        attributes: (good) => [
          ...without(good, types.messageDigest),
          [types.messageDigest, octetString(sha256(content)), octetString(sha256(other))],
        ],
      }),
    }),
  },
  {
    name: "attributes-unsorted",
    code: "CMS_ATTRIBUTES_INVALID",
    why: "signed attributes that are not a DER SET OF",
    make: async (world) => ({
      cms: await sign(world, { order: "as-given", attributes: (good) => [...good].reverse() }),
    }),
  },
  {
    name: "signing-certificate-other",
    code: "CMS_CERTIFICATE_MISMATCH",
    why: "the signature names another certificate of the same key: substitution",
    make: async (world) => {
      const leaf = await issue({
        profile: "code-signing",
        name: "publisher two",
        issuer: world.ca,
        key: world.leaf.key,
      });
      return { cms: await sign(world, { essCertificate: leaf.certificate }) };
    },
  },
  {
    name: "signing-certificate-hash-other",
    code: "CMS_CERTIFICATE_MISMATCH",
    why: "the hash of another certificate of the same key, issuer and serial number",
    make: async (world) => ({
      cms: await sign(world, { essCertificate: (await twinOf(world, "publisher")).certificate }),
    }),
  },
  namedLie("serial", async (world) => twinOf(world, "publisher two")),
  namedLie("issuer", ({ tsaCA }) => issue({ profile: "code-signing", name: "publisher", issuer: tsaCA })),
  nestedLie(32, "success", "an attribute that nobody interprets, down to the last level that is read"),
  nestedLie(33, "CMS_MALFORMED", "the same, a level deeper"),
  {
    name: "sha1-digest",
    code: "CMS_ALGORITHM",
    why: "SHA-1 as digest algorithm",
    make: async (world) => ({ cms: await sign(world, { digestAlgorithm: sha1 }) }),
  },
  {
    name: "two-hashes",
    code: "CMS_ALGORITHM",
    why: "SHA-256 over the content, SHA-384 under the signature",
    make: async (world) => ({
      cms: await sign(world, { signatureAlgorithm: sequence(objectID("1.2.840.10045.4.3.3")) }),
    }),
  },
  {
    name: "announced-digest-differs",
    code: "CMS_ALGORITHM",
    why: "the list of digest algorithms does not say what the signer used",
    make: async (world) => ({
      cms: await sign(world, { announced: [sequence(objectID(digestOIDs["SHA-512"]))] }),
    }),
  },
  {
    name: "algorithm-parameters",
    code: "CMS_ALGORITHM",
    why: "parameters in an ECDSA algorithm identifier",
    make: async (world) => ({
      cms: await sign(world, { signatureAlgorithm: sequence(objectID("1.2.840.10045.4.3.2"), none()) }),
    }),
  },
  {
    name: "algorithm-protection-differs",
    code: "CMS_ALGORITHM",
    why: "the signed copy of the algorithms is not what stands beside the signature",
    make: async (world) => ({
      cms: await sign(world, {
        attributes: (good) => [
          ...good,
          [
            types.algorithmProtection,
            sequence(sequence(objectID(digestOIDs["SHA-512"])), tagged(1, objectID("1.2.840.10045.4.3.4"))),
          ],
        ],
      }),
    }),
  },
  {
    name: "second-signer",
    code: "CMS_MALFORMED",
    why: "a second, untrusted signer beside the good one",
    make: async (world) => {
      const mallory = await issue({ profile: "code-signing", name: "mallory" });
      const forged = parseDER(await sign(world, { leaf: mallory, chain: [] }));
      const signers = forged.children[1]?.children[0]?.children.at(-1);
      const second = spliced(signers?.children[0]?.bytes as Uint8Array);
      return { cms: await sign(world, { signers: (good) => [good, second] }) };
    },
  },
  {
    name: "no-signer",
    code: "CMS_MALFORMED",
    why: "certificates and nobody who signed",
    make: async (world) => ({ cms: await sign(world, { signers: () => [] }) }),
  },
  {
    name: "signer-by-key-identifier",
    code: "CMS_MALFORMED",
    why: "the signer named by a key identifier, which several certificates may share",
    make: async (world) => ({ cms: await sign(world, { sid: taggedBytes(0, sha256(world.leaf.key.spki)) }) }),
  },
  {
    name: "signer-version",
    code: "CMS_MALFORMED",
    why: "version 3 for a signer named by issuer and serial number",
    make: async (world) => ({ cms: await sign(world, { signerVersion: 3 }) }),
  },
  {
    name: "data-version",
    code: "CMS_MALFORMED",
    why: "version 3 for plain data",
    make: async (world) => ({ cms: await sign(world, { version: 3 }) }),
  },
  {
    name: "signer-certificate-missing",
    code: "CMS_SIGNER_NOT_FOUND",
    why: "the signer's certificate is not in the file",
    make: async (world) => ({ cms: await sign(world, { certificates: [world.ca.certificate] }) }),
  },
  {
    name: "signer-certificate-twice",
    code: "CMS_SIGNER_NOT_FOUND",
    why: "two certificates with the signer's issuer and serial number",
    make: async (world) => {
      const options = { profile: "code-signing", name: "publisher", issuer: world.ca } as const;
      const twin = await issue({ ...options, subject: { commonName: "twin" } });
      return { cms: await sign(world, { chain: [world.ca, twin] }) };
    },
  },
  {
    name: "certificate-unused",
    code: "CMS_MALFORMED",
    why: "a certificate that belongs to nobody in the path rides along",
    make: async (world) => ({ cms: await sign(world, { chain: [world.ca, world.tsaCA] }) }),
  },
  {
    name: "certificates-too-many",
    code: "LIMIT_EXCEEDED",
    why: "more certificates than any path has",
    make: async (world) => ({
      cms: await sign(world, { chain: Array.from({ length: 9 }, () => world.ca) }),
    }),
  },
  {
    name: "revocation-data-embedded",
    code: "REVOCATION_MALFORMED",
    why: "revocation data that is none inside the signature",
    make: async (world) => ({ cms: await sign(world, { revocation: [sequence(integer(1))] }) }),
  },
  {
    name: "signature-flipped",
    code: "CMS_SIGNATURE_INVALID",
    why: "one bit of the signature value",
    make: async (world) => ({
      cms: await sign(world, {
        signature: (good) => good.map((octet, i) => (i === good.length - 1 ? octet ^ 1 : octet)),
      }),
    }),
  },
  {
    name: "signature-not-canonical",
    code: "CMS_SIGNATURE_INVALID",
    why: "r with a needless zero octet: the same signature, other bytes",
    make: async (world) => ({ cms: await sign(world, { signature: padded }) }),
  },
  {
    name: "trailing-garbage",
    code: "CMS_MALFORMED",
    why: "bytes after the signature",
    make: async (world) => ({ cms: concatBytes(await sign(world), Uint8Array.of(0, 0)) }),
  },
  {
    name: "indefinite-length",
    code: "CMS_MALFORMED",
    why: "BER where DER is asked for",
    make: async (world) => {
      const good = parseDER(await sign(world));
      const end = Uint8Array.of(0, 0);
      return { cms: concatBytes(Uint8Array.of(tags.sequence, 0x80), good.content, end) };
    },
  },
  {
    name: "signing-time-malformed",
    code: "CMS_ATTRIBUTES_INVALID",
    why: "a signing time in a form that certificates may not use",
    make: async (world) => ({
      cms: await sign(world, {
        attributes: (good) => [
          ...without(good, types.signingTime),
          [types.signingTime, new asn1js.GeneralizedTime({ valueDate: now })],
        ],
      }),
    }),
  },
  {
    name: "unsigned-attribute-extra",
    code: "CMS_ATTRIBUTES_INVALID",
    why: "an unsigned attribute that nobody verifies beside the time-stamp",
    make: async (world) => ({
      cms: await sign(world, {
        unsigned: async (signature) => [
          [types.timestampToken, spliced(await token(world, signature))],
          [types.signingTime, time(now)],
        ],
      }),
    }),
  },
];

/** Rewrites SEQUENCE { r, s } with one more zero octet before r. */
function padded(good: Uint8Array): Uint8Array {
  const [r, s] = parseDER(good).children;
  const content = (node: typeof r): Uint8Array => node?.content as Uint8Array;
  const long = concatBytes(Uint8Array.of(0), content(r));
  const inner = concatBytes(
    ...[Uint8Array.of(2, long.length), long],
    ...[Uint8Array.of(2, content(s).length), content(s)],
  );
  return concatBytes(Uint8Array.of(tags.sequence, inner.length), inner);
}
