/** Lies in the signer's certificates: their shape, their purpose, their path. Tests only. */
import * as asn1js from "asn1js";
import * as pkijs from "pkijs";
import type { ErrorCode } from "../../../src/core/errors.js";
import type { IssuingKey } from "../../../src/issuing/algorithms.js";
import { integer, namedBits, none, objectID, sequence, taggedBytes } from "../../../src/issuing/asn1.js";
import { extension } from "../../../src/issuing/certificate-extensions.js";
import type { Lie } from "./lie.js";
import { type Holder, issue, type IssueOptions, p256, p384, sign, type World } from "./world.js";
import { weakKey } from "./weak-key.js";

const oid = {
  keyUsage: "2.5.29.15",
  basicConstraints: "2.5.29.19",
  authorityKeyID: "2.5.29.35",
  extKeyUsage: "2.5.29.37",
  unknown: "1.3.6.1.4.1.32473.8420.66",
};
const purpose = {
  any: "2.5.29.37.0",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  codeSigning: "1.3.6.1.5.5.7.3.3",
  timeStamping: "1.3.6.1.5.5.7.3.8",
};

export type Bend = (certificate: pkijs.Certificate) => void;
export const remove =
  (id: string): Bend =>
  (certificate) => {
    certificate.extensions = certificate.extensions?.filter(({ extnID }) => extnID !== id);
  };
export const add =
  (...more: pkijs.Extension[]): Bend =>
  (certificate) => {
    certificate.extensions = [...(certificate.extensions ?? []), ...more];
  };
export const replace =
  (...more: pkijs.Extension[]): Bend =>
  (certificate) => {
    for (const { extnID } of more) remove(extnID)(certificate);
    add(...more)(certificate);
  };
export const purposes = (...list: string[]): pkijs.Extension =>
  extension(oid.extKeyUsage, false, sequence(...list.map(objectID)));
const unknownCritical = add(extension(oid.unknown, true, none()));

/** A leaf that is good but for `change`, below the good CA. */
export const leafLie = (
  name: string,
  code: ErrorCode,
  why: string,
  change: Partial<IssueOptions> & { chain?: (world: World) => Holder[] },
): Lie => ({
  ...{ name, code, why },
  make: async (world) => {
    const options: IssueOptions = { profile: "code-signing", name: "publisher", issuer: world.ca, ...change };
    const leaf = await issue(options);
    return { cms: await sign(world, { leaf, chain: change.chain?.(world) ?? [world.ca] }) };
  },
});

/** A good leaf below CAs that are not. */
export const pathLie = (
  name: string,
  code: ErrorCode,
  why: string,
  chain: (world: World) => Promise<Holder[]>,
  leafOptions: Partial<IssueOptions> = {},
): Lie => ({
  ...{ name, code, why },
  make: async (world) => {
    const cas = await chain(world);
    const issuer = cas[0] as Holder;
    const leaf = await issue({ profile: "code-signing", name: "publisher", issuer, ...leafOptions });
    return { cms: await sign(world, { leaf, chain: cas }) };
  },
});

export const issuingCA = (world: World, change: Partial<IssueOptions> = {}): Promise<Holder> =>
  issue({ profile: "issuing-ca", name: "issuing CA", issuer: world.root, ...change });

export const leafLies: readonly Lie[] = [
  leafLie("leaf-expired", "CERTIFICATE_EXPIRED", "expired a day before the time-stamp", {
    ...{ notBefore: "2026-03-02T00:00:00Z", notAfter: "2026-08-31T12:00:00Z" },
  }),
  leafLie("leaf-not-yet-valid", "CERTIFICATE_EXPIRED", "valid from a day after the time-stamp", {
    notBefore: "2026-09-02T00:00:00Z",
  }),
  leafLie("leaf-too-long", "CERTIFICATE_VALIDITY", "461 days, issued after 2026-03-01", {
    ...{ notBefore: "2026-06-01T00:00:00Z", notAfter: "2027-09-05T00:00:00Z" },
  }),
  leafLie("leaf-for-servers", "CERTIFICATE_USAGE", "extended key usage serverAuth alone", {
    bend: replace(purposes(purpose.serverAuth)),
  }),
  leafLie("leaf-also-for-servers", "CERTIFICATE_USAGE", "codeSigning and serverAuth in one", {
    bend: replace(purposes(purpose.codeSigning, purpose.serverAuth)),
  }),
  leafLie("leaf-for-any-purpose", "CERTIFICATE_USAGE", "codeSigning and anyExtendedKeyUsage", {
    bend: replace(purposes(purpose.codeSigning, purpose.any)),
  }),
  leafLie("leaf-without-purpose", "CERTIFICATE_USAGE", "no extended key usage at all", {
    bend: remove(oid.extKeyUsage),
  }),
  leafLie("leaf-key-encipherment", "CERTIFICATE_USAGE", "key usage keyEncipherment alone", {
    bend: replace(extension(oid.keyUsage, true, namedBits([2]))),
  }),
  leafLie("leaf-key-usage-not-critical", "CERTIFICATE_USAGE", "key usage that may be ignored", {
    bend: replace(extension(oid.keyUsage, false, namedBits([0]))),
  }),
  leafLie("leaf-may-sign-certificates", "CERTIFICATE_USAGE", "keyCertSign on a leaf", {
    bend: replace(extension(oid.keyUsage, true, namedBits([0, 5]))),
  }),
  leafLie("leaf-unknown-critical", "CERTIFICATE_EXTENSION", "a critical extension nobody knows", {
    bend: unknownCritical,
  }),
  leafLie("leaf-extension-twice", "CERTIFICATE_MALFORMED", "two extended key usages", {
    bend: add(purposes(purpose.codeSigning)),
  }),
  leafLie("leaf-serial-zero", "CERTIFICATE_MALFORMED", "serial number 0", { serial: Uint8Array.of(0) }),
  leafLie("leaf-key-identifier-other", "CERTIFICATE_UNTRUSTED", "names another key than its issuer's", {
    bend: replace(extension(oid.authorityKeyID, false, sequence(taggedBytes(0, new Uint8Array(20))))),
  }),
  leafLie("leaf-key-identifier-missing", "CERTIFICATE_UNTRUSTED", "does not name its issuer's key", {
    bend: remove(oid.authorityKeyID),
  }),
  leafLie("leaf-version-1", "CERTIFICATE_MALFORMED", "a version 1 certificate", {
    bend: (certificate) => {
      certificate.version = 0;
      delete certificate.extensions;
    },
  }),
  leafLie("leaf-self-signed", "CERTIFICATE_UNTRUSTED", "signed by itself, with all the right words", {
    ...{ issuer: undefined, chain: () => [] },
    bend: replace(extension(oid.authorityKeyID, false, sequence(taggedBytes(0, new Uint8Array(20))))),
  }),
  leafLie("leaf-is-a-ca", "CERTIFICATE_USAGE", "a CA certificate that signs packs", {
    ...{ profile: "issuing-ca", key: p256("publisher") },
  }),
  {
    name: "leaf-rsa-1024",
    code: "CERTIFICATE_WEAK",
    why: "an RSA key of 1024 bits",
    make: async (world) => {
      const key = weakKey();
      const leaf = await issue({ profile: "code-signing", name: "publisher", issuer: world.ca, key });
      return { cms: await sign(world, { leaf, signatureAlgorithm: sequence(objectID(rsaSHA256), none()) }) };
    },
  },
  leafLie("leaf-sha1-signature", "CERTIFICATE_WEAK", "the CA's signature rests on SHA-1", {
    bend: (certificate) => {
      const schema = sequence(objectID("1.2.840.10045.4.1"));
      certificate.signature = new pkijs.AlgorithmIdentifier({ schema });
    },
  }),
];
const rsaSHA256 = "1.2.840.113549.1.1.11";

export const pathLies: readonly Lie[] = [
  pathLie("path-length", "CERTIFICATE_PATH", "a sub-CA below a CA that may have none", async (world) => [
    await issue({ profile: "issuing-ca", name: "sub-CA", issuer: world.ca }),
    world.ca,
  ]),
  pathLie(
    "path-leaf-as-ca",
    "CERTIFICATE_PATH",
    "the publisher's leaf issues another leaf",
    async (world) => [world.leaf, world.ca],
    { name: "publisher two" },
  ),
  pathLie(
    "path-too-deep",
    "CERTIFICATE_UNTRUSTED",
    "more CAs between leaf and anchor than are looked at",
    async (world) => {
      const free = replace(
        extension(oid.basicConstraints, true, sequence(new asn1js.Boolean({ value: true }))),
      );
      const one = await issuingCA(world, { bend: free });
      const two = await issue({ profile: "issuing-ca", name: "two", issuer: one, bend: free });
      const three = await issue({ profile: "issuing-ca", name: "three", issuer: two, bend: free });
      return [three, two, one];
    },
  ),
  pathLie(
    "path-ca-missing",
    "CERTIFICATE_UNTRUSTED",
    "the issuing CA is another one's, of another name",
    async () => {
      const root = await issue({ profile: "root", name: "mallory's root" });
      return [await issue({ profile: "issuing-ca", name: "mallory's CA", issuer: root })];
    },
  ),
  pathLie(
    "path-same-name-root",
    "CERTIFICATE_UNTRUSTED",
    "an attacker's root with the pinned root's name",
    async (world) => {
      const root = await issue({ profile: "root", name: "root", key: p256("mallory") });
      return [await issuingCA(world, { issuer: root })];
    },
  ),
  {
    name: "path-signature-forged",
    code: "CERTIFICATE_UNTRUSTED",
    why: "the real CA's name and key identifier, and a signature by another key",
    make: async (world) => {
      const issuer = { key: p384("mallory"), certificate: world.ca.certificate };
      const leaf = await issue({ profile: "code-signing", name: "publisher", issuer });
      return { cms: await sign(world, { leaf }) };
    },
  },
  pathLie(
    "path-other-purpose-anchor",
    "CERTIFICATE_UNTRUSTED",
    "a path to the anchor that is pinned for time-stamps",
    async (world) => [await issuingCA(world, { issuer: world.tsaRoot })],
  ),
  pathLie(
    "path-ca-for-time-stamps",
    "CERTIFICATE_USAGE",
    "a CA that is meant for time-stamping leaves",
    async (world) => [await issue({ profile: "time-stamping-ca", name: "issuing CA", issuer: world.root })],
  ),
  pathLie(
    "path-ca-expired",
    "CERTIFICATE_EXPIRED",
    "the issuing CA had expired at the time-stamp",
    async (world) => [await issuingCA(world, { notAfter: "2026-08-01T00:00:00Z" })],
  ),
  pathLie(
    "path-ca-unknown-critical",
    "CERTIFICATE_EXTENSION",
    "a critical extension nobody knows, in the CA",
    async (world) => [await issuingCA(world, { bend: unknownCritical })],
  ),
  pathLie(
    "path-ca-without-cert-sign",
    "CERTIFICATE_USAGE",
    "a CA whose key may sign no certificates",
    async (world) => [
      await issuingCA(world, { bend: replace(extension(oid.keyUsage, true, namedBits([6]))) }),
    ],
  ),
  pathLie(
    "path-ca-constraints-not-critical",
    "CERTIFICATE_PATH",
    "basic constraints that may be ignored",
    async (world) => [
      await issuingCA(world, {
        bend: replace(
          extension(oid.basicConstraints, false, sequence(new asn1js.Boolean({ value: true }), integer(0))),
        ),
      }),
    ],
  ),
  pathLie(
    "path-ca-without-constraints",
    "CERTIFICATE_PATH",
    "no basic constraints in the CA",
    async (world) => [await issuingCA(world, { bend: remove(oid.basicConstraints) })],
  ),
  pathLie(
    "path-issuer-name-other-bytes",
    "CERTIFICATE_UNTRUSTED",
    "the issuer's name as PrintableString, the same to the eye",
    async (world) => [world.ca],
    {
      bend: (certificate) => {
        for (const one of certificate.issuer.typesAndValues) {
          const value = one.value as asn1js.BaseBlock & { getValue(): string };
          one.value = new asn1js.PrintableString({ value: value.getValue() });
        }
        const rdns = certificate.issuer.typesAndValues.map(
          (one) => new asn1js.Set({ value: [one.toSchema()] }),
        );
        certificate.issuer = pkijs.RelativeDistinguishedNames.fromBER(sequence(...rdns).toBER(false));
      },
    },
  ),
  {
    name: "path-cycle",
    code: "CERTIFICATE_UNTRUSTED",
    why: "two CAs that certify each other, so that a careless search never ends",
    make: async (world) => {
      const [a, b] = [p256("cycle a"), p256("cycle b")];
      const free = replace(
        extension(oid.basicConstraints, true, sequence(new asn1js.Boolean({ value: true }))),
      );
      const options = (name: string, key: IssuingKey) =>
        ({ profile: "issuing-ca", name, key, bend: free }) as const;
      const rootA = await issue({ profile: "root", name: "cycle a", key: a });
      const rootB = await issue({ profile: "root", name: "cycle b", key: b });
      const crossA = await issue({ ...options("cycle a", a), issuer: rootB });
      const crossB = await issue({ ...options("cycle b", b), issuer: rootA });
      const leaf = await issue({ profile: "code-signing", name: "publisher", issuer: crossA });
      return { cms: await sign(world, { leaf, chain: [crossA, crossB] }) };
    },
  },
];

export const subjectLies: readonly Lie[] = [
  leafLie("country-other", "SWISS_POLICY", "an organisation in Germany", { subject: { country: "DE" } }),
  leafLie("country-missing", "SWISS_POLICY", "no country in the subject", {
    bend: (certificate) => rename(certificate, ([type]) => type !== "2.5.4.6"),
  }),
  leafLie("country-twice", "SWISS_POLICY", "Switzerland and Germany", {
    bend: (certificate) => {
      rename(certificate, () => true, [["2.5.4.6", new asn1js.PrintableString({ value: "DE" })]]);
    },
  }),
  leafLie("country-utf8", "SWISS_POLICY", "the country as UTF8String", {
    bend: (certificate) => {
      const value = new asn1js.Utf8String({ value: "CH" });
      rename(certificate, ([type]) => type !== "2.5.4.6", [["2.5.4.6", value]]);
    },
  }),
  leafLie("country-lower-case", "SWISS_POLICY", "the country in lower case", { subject: { country: "ch" } }),
  leafLie("organization-other", "SWISS_POLICY", "another organisation of the same country", {
    subject: { organization: "Vector Holding AG" },
  }),
  leafLie("identifier-other", "SWISS_POLICY", "another organisation's identifier", {
    subject: { organizationIdentifier: "NTRCH-CHE-109.357.012" },
  }),
  {
    name: "policy-check-digit",
    code: "SWISS_POLICY",
    why: "policy and certificate agree on a UID whose check digit is wrong",
    make: async (world) => {
      const organizationIdentifier = "NTRCH-CHE-999.999.995";
      const leaf = await issue({
        profile: "code-signing",
        name: "publisher",
        issuer: world.ca,
        subject: { organizationIdentifier },
      });
      return { cms: await sign(world, { leaf }), policy: { ...world.policy, organizationIdentifier } };
    },
  },
];

/** Rebuilds the subject from the attributes that pass, and more. */
function rename(
  certificate: pkijs.Certificate,
  keep: (attribute: readonly [string, asn1js.AsnType]) => boolean,
  more: readonly (readonly [string, asn1js.AsnType])[] = [],
): void {
  const all = certificate.subject.typesAndValues.map(({ type, value }) => [type, value] as const);
  const rdns = [...all.filter(keep), ...more].map(
    ([type, value]) => new asn1js.Set({ value: [sequence(objectID(type), value)] }),
  );
  certificate.subject = pkijs.RelativeDistinguishedNames.fromBER(sequence(...rdns).toBER(false));
}
