/** Lies in the time-stamp: none, not for this signature, not by whom it should be, not now. Tests only. */
import * as asn1js from "asn1js";
import { namedBits, none, objectID, sequence, spliced, tagged, time } from "../../../src/issuing/asn1.js";
import { extension } from "../../../src/issuing/certificate-extensions.js";
import type { ErrorCode } from "../../../src/core/errors.js";
import { issuerAndSerial, types } from "./forge.js";
import type { Lie } from "./lie.js";
import { issue, type IssueOptions, now, sign, token, type TokenOptions, type World } from "./world.js";

const timeStamping = "1.3.6.1.5.5.7.3.8";
const codeSigning = "1.3.6.1.5.5.7.3.3";

const tokenLie = (
  name: string,
  code: ErrorCode,
  why: string,
  lie: (world: World) => Promise<TokenOptions>,
): Lie => ({
  ...{ name, code, why },
  make: async (world) => ({ cms: await sign(world, { token: await lie(world) }) }),
});

/** A token by a unit that is good but for `change`. */
const unitLie = (name: string, why: string, change: Partial<IssueOptions>): Lie =>
  tokenLie(name, "TIMESTAMP_UNTRUSTED", why, async (world) => ({
    tsu: await issue({ profile: "time-stamping", name: "time-stamp unit", issuer: world.tsaCA, ...change }),
  }));

const purposes =
  (critical: boolean, ...list: string[]): IssueOptions["bend"] =>
  (certificate) => {
    certificate.extensions = [
      ...(certificate.extensions ?? []).filter(({ extnID }) => extnID !== "2.5.29.37"),
      ...(list.length === 0 ? [] : [extension("2.5.29.37", critical, sequence(...list.map(objectID)))]),
    ];
  };

const unknown = extension("1.3.6.1.4.1.32473.8420.66", true, none());

export const timestampLies: readonly Lie[] = [
  tokenLie(
    "time-stamp-unknown-critical",
    "TIMESTAMP_MALFORMED",
    "a critical extension in TSTInfo",
    async () => ({
      extra: [tagged(1, unknown.toSchema())],
    }),
  ),
  unitLie("time-stamp-unit-unknown-critical", "a critical extension of the unit that nobody knows", {
    bend: (certificate) => {
      certificate.extensions = [...(certificate.extensions ?? []), unknown];
    },
  }),
  {
    name: "time-stamp-missing",
    code: "TIMESTAMP_MISSING",
    why: "nobody but the signer says when it was made",
    make: async (world) => ({ cms: await sign(world, { unsigned: async () => [] }) }),
  },
  {
    name: "time-stamp-other-signature",
    code: "TIMESTAMP_INVALID",
    why: "a good token, over another signature",
    make: async (world) => {
      const other = spliced(await token(world, new TextEncoder().encode("another signature")));
      return { cms: await sign(world, { unsigned: async () => [[types.timestampToken, other]] }) };
    },
  },
  {
    name: "time-stamp-two-tokens",
    code: "CMS_ATTRIBUTES_INVALID",
    why: "two tokens in one attribute; which one counts?",
    make: async (world) => ({
      cms: await sign(world, {
        unsigned: async (signature) => {
          const earlier = token(world, signature, { time: new Date("2026-08-01T00:00:00Z") });
          const both = [await token(world, signature), await earlier];
          return [[types.timestampToken, ...both.map(spliced)]];
        },
      }),
    }),
  },
  {
    name: "time-stamp-garbage",
    code: "TIMESTAMP_MALFORMED",
    why: "the attribute holds something else",
    make: async (world) => ({
      cms: await sign(world, { unsigned: async () => [[types.timestampToken, sequence(time(now))]] }),
    }),
  },
  tokenLie("time-stamp-future", "TIMESTAMP_INVALID", "a time an hour ahead of now", async () => ({
    time: new Date("2026-09-01T13:00:00Z"),
  })),
  tokenLie("time-stamp-sha1-imprint", "TIMESTAMP_MALFORMED", "the imprint rests on SHA-1", async () => ({
    hashOID: "1.3.14.3.2.26",
  })),
  tokenLie("time-stamp-flipped", "TIMESTAMP_INVALID", "one bit of the authority's signature", async () => ({
    forgery: { signature: (good) => good.map((octet, i) => (i === good.length - 1 ? octet ^ 1 : octet)) },
  })),
  tokenLie(
    "time-stamp-no-signed-attributes",
    "TIMESTAMP_MALFORMED",
    "a token without signed attributes",
    async () => ({
      forgery: { attributes: "none" },
    }),
  ),
  tokenLie("time-stamp-detached", "TIMESTAMP_MALFORMED", "a token without its TSTInfo", async () => ({
    forgery: { embedded: false },
  })),
  tokenLie("time-stamp-plain-data", "TIMESTAMP_MALFORMED", "TSTInfo declared as plain data", async () => ({
    forgery: { contentType: types.data },
  })),
  tokenLie(
    "time-stamp-unsigned-attribute",
    "TIMESTAMP_MALFORMED",
    "unsigned attributes in the token",
    async () => ({
      forgery: { unsigned: async () => [[types.signingTime, time(now)]] },
    }),
  ),
  tokenLie(
    "time-stamp-by-the-publisher",
    "TIMESTAMP_UNTRUSTED",
    "the code-signing leaf stamps its own time",
    async (world) => ({
      ...{ tsu: world.leaf, certificates: [world.leaf.certificate, world.ca.certificate] },
    }),
  ),
  tokenLie(
    "time-stamp-untrusted-authority",
    "TIMESTAMP_UNTRUSTED",
    "an authority below nobody's anchor",
    async () => {
      const root = await issue({ profile: "root", name: "mallory's root" });
      const tsu = await issue({ profile: "time-stamping", name: "time-stamp unit", issuer: root });
      return { tsu, certificates: [tsu.certificate, root.certificate] };
    },
  ),
  tokenLie(
    "time-stamp-unit-below-code-signing-root",
    "TIMESTAMP_UNTRUSTED",
    "a unit below the anchor that is pinned for code",
    async (world) => {
      const tsa = await issue({ profile: "time-stamping-ca", name: "time-stamping CA", issuer: world.root });
      const tsu = await issue({ profile: "time-stamping", name: "time-stamp unit", issuer: tsa });
      return { tsu, certificates: [tsu.certificate, tsa.certificate] };
    },
  ),
  tokenLie(
    "time-stamp-certificate-swapped",
    "TIMESTAMP_INVALID",
    "a trusted unit's certificate named by somebody else's signature",
    async (world) => {
      const mallory = await issue({ profile: "time-stamping", name: "mallory" });
      return {
        tsu: mallory,
        certificates: [world.tsu.certificate, world.tsaCA.certificate],
        forgery: { sid: issuerAndSerial(world.tsu.certificate), essCertificate: world.tsu.certificate },
      };
    },
  ),
  tokenLie(
    "time-stamp-trusted-bystander",
    "TIMESTAMP_UNTRUSTED",
    "an untrusted signer in a bag that also holds a trusted unit",
    async (world) => {
      const mallory = await issue({ profile: "time-stamping", name: "mallory" });
      const certificates = [world.tsu.certificate, world.tsaCA.certificate, mallory.certificate];
      return { tsu: mallory, certificates };
    },
  ),
  unitLie("time-stamp-purpose-not-critical", "timeStamping, but not critical", {
    bend: purposes(false, timeStamping),
  }),
  unitLie("time-stamp-two-purposes", "timeStamping and codeSigning", {
    bend: purposes(true, timeStamping, codeSigning),
  }),
  unitLie("time-stamp-no-purpose", "no extended key usage", { bend: purposes(true) }),
  unitLie("time-stamp-unit-expired", "the unit had expired at its own time", {
    ...{ notBefore: "2026-01-02T00:00:00Z", notAfter: "2026-08-01T00:00:00Z" },
  }),
  unitLie("time-stamp-unit-is-a-ca", "a CA certificate that stamps", {
    bend: (certificate) => {
      const ca = sequence(new asn1js.Boolean({ value: true }));
      const usage = extension("2.5.29.15", true, namedBits([0, 5]));
      certificate.extensions = [
        ...(certificate.extensions ?? []).filter(({ extnID }) => extnID !== "2.5.29.15"),
        ...[extension("2.5.29.19", true, ca), usage],
      ];
    },
  }),
  {
    name: "time-stamp-before-the-certificate",
    code: "CERTIFICATE_EXPIRED",
    why: "a token from before the signer had a certificate",
    make: async (world) => {
      const options = { profile: "code-signing", name: "publisher", issuer: world.ca } as const;
      const leaf = await issue({ ...options, notBefore: "2026-08-01T00:00:00Z" });
      return { cms: await sign(world, { leaf, token: { time: new Date("2026-07-01T00:00:00Z") } }) };
    },
  },
];
