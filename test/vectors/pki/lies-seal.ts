/** Regulated seals (ZertES): one that is good, and lies about holder, issuer, use and term. Tests only. */
import type { SignaturePolicy } from "../../../src/core/pki/model.js";
import { namedBits } from "../../../src/issuing/asn1.js";
import { extension } from "../../../src/issuing/certificate-extensions.js";
import type { Lie } from "./lie.js";
import { add, purposes, remove, replace } from "./lies-certificate.js";
import { issue, type IssueOptions, sign } from "./world.js";

/** An arc of an imagined issuer below the Swiss one. */
const arc = "2.16.756.1.999";
const sealPurpose = "1.3.6.1.5.5.7.3.36";
const serverAuth = "1.3.6.1.5.5.7.3.1";
const keyUsage = "2.5.29.15";

/** A seal that is good but for `change`, below a CA for seals that is good but for `above`. */
const sealLie = (
  name: string,
  code: Lie["code"],
  why: string,
  change: Partial<IssueOptions> = {},
  above: Partial<IssueOptions> = {},
  asked: Partial<SignaturePolicy> = {},
): Lie => ({
  ...{ name: `seal-${name}`, code, why },
  make: async (world) => {
    const ca = await issue({ profile: "seal-ca", name: "seal CA", issuer: world.root, ...above });
    const leaf = await issue({
      ...{ profile: "regulated-seal", name: "seal of Vector AG", issuer: ca, policyOIDs: [`${arc}.1.2.3`] },
      ...change,
    });
    const seal = { profile: "regulated-seal", sealPolicies: [arc], sealPurposes: [sealPurpose] } as const;
    return { cms: await sign(world, { leaf, chain: [ca] }), policy: { ...world.policy, ...seal, ...asked } };
  },
});

export const sealLies: readonly Lie[] = [
  sealLie("good", "success", "a seal without extended key usage, for nonRepudiation"),
  sealLie("good-purpose", "success", "a seal with one of the policy's purposes, for digitalSignature", {
    bend: (certificate) => {
      replace(extension(keyUsage, true, namedBits([0])), purposes(sealPurpose))(certificate);
    },
  }),
  sealLie("code-signing-leaf", "CERTIFICATE_POLICY", "a code-signing certificate where a seal is asked for", {
    ...{ profile: "code-signing", policyOIDs: ["2.23.140.1.4.1"], bend: replace(purposes(sealPurpose)) },
  }),
  sealLie("other-purpose", "CERTIFICATE_USAGE", "a purpose that the policy does not have", {
    bend: add(purposes("1.3.6.1.5.5.7.3.4")),
  }),
  sealLie("also-for-servers", "CERTIFICATE_USAGE", "the policy's purpose and serverAuth", {
    bend: add(purposes(sealPurpose, serverAuth)),
  }),
  sealLie("key-encipherment", "CERTIFICATE_USAGE", "a key that is for encryption", {
    bend: replace(extension(keyUsage, true, namedBits([2]))),
  }),
  sealLie("key-usage-missing", "CERTIFICATE_USAGE", "no key usage", { bend: remove(keyUsage) }),
  sealLie("too-long", "CERTIFICATE_VALIDITY", "three years and a day", {
    ...{ notBefore: "2026-06-01T00:00:00Z", notAfter: "2029-06-01T00:00:00Z" },
  }),
  sealLie("policy-missing", "CERTIFICATE_POLICY", "no policy that says that it is regulated", {
    policyOIDs: [],
  }),
  sealLie(
    "policy-of-a-longer-arc",
    "CERTIFICATE_POLICY",
    "a policy whose text begins like the arc, not its numbers",
    {
      policyOIDs: [`${arc}9.1`],
    },
  ),
  sealLie("identifier-other", "SWISS_POLICY", "the seal of another organisation", {
    subject: { organizationIdentifier: "NTRCH-CHE-109.357.012" },
  }),
  sealLie(
    "identifier-not-asked",
    "SWISS_POLICY",
    "a policy that does not say whose seal",
    {},
    {},
    { organizationIdentifier: undefined as unknown as string },
  ),
  sealLie(
    "issuer-abroad",
    "SWISS_POLICY",
    "an issuer that is not established in Switzerland",
    {},
    {
      subject: { country: "DE" },
    },
  ),
  sealLie(
    "ca-for-code",
    "CERTIFICATE_USAGE",
    "a CA that is for code signing, not for seals",
    {},
    {
      profile: "issuing-ca",
    },
  ),
  {
    name: "seal-where-code-signing-is-asked",
    code: "CERTIFICATE_USAGE",
    why: "a seal, where the policy asks for a code-signing certificate",
    make: async (world) => {
      const ca = await issue({ profile: "seal-ca", name: "seal CA", issuer: world.root });
      const leaf = await issue({ profile: "regulated-seal", name: "seal of Vector AG", issuer: ca });
      return { cms: await sign(world, { leaf, chain: [ca] }) };
    },
  },
];
