/** The PKI of the vectors: two pinned roots, two CAs, a publisher and an authority who behave, and an attacker with his own. Tests only. */
import type * as pkijs from "pkijs";
import { formatPEM } from "../../../src/core/encoding/pem.js";
import type { SignaturePolicy } from "../../../src/core/pki/model.js";
import { defaultRevocationPolicy } from "../../../src/core/pki/revocation-rules.js";
import { digestOIDs, type IssuingKey } from "../../../src/issuing/algorithms.js";
import * as asn1js from "asn1js";
import {
  encoded,
  integer,
  none,
  objectID,
  octetString,
  positiveInteger,
  sequence,
  spliced,
  type Value,
} from "../../../src/issuing/asn1.js";
import type { CertificateProfile } from "../../../src/issuing/certificate-extensions.js";
import { issueBentCertificate } from "../../../src/issuing/certificates.js";
import { organizationIdentifier, type Subject } from "../../../src/issuing/names.js";
import { deterministicKey } from "./deterministic-key.js";
import { type Forgery, forgeSignedData, sha256, types } from "./forge.js";

export const now = new Date("2026-09-01T12:00:00Z");
export const content = new TextEncoder().encode("the content that was asked about\n");

export interface Holder {
  readonly key: IssuingKey;
  readonly certificate: Uint8Array;
}

export interface IssueOptions {
  readonly profile: CertificateProfile;
  readonly name: string;
  readonly key?: IssuingKey;
  /** None: signs itself. */
  readonly issuer?: Holder;
  readonly subject?: Partial<Subject>;
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly serial?: Uint8Array;
  readonly policyOIDs?: readonly string[];
  readonly bend?: (certificate: pkijs.Certificate) => void;
}

export const p256 = (seed: string): IssuingKey => deterministicKey(seed, "ecdsa-p256-sha256");
export const p384 = (seed: string): IssuingKey => deterministicKey(seed, "ecdsa-p384-sha384");

export const subject = (commonName: string): Subject => ({
  country: "CH",
  organization: "Vector AG",
  organizationIdentifier: organizationIdentifier("99999999"),
  commonName,
});

export async function issue(options: IssueOptions): Promise<Holder> {
  const isCA = options.profile === "root" || options.profile.endsWith("-ca");
  const key = options.key ?? (isCA ? p384(options.name) : p256(options.name));
  const lasting = isCA ? "2046-01-01T00:00:00Z" : "2027-08-01T00:00:00Z";
  const certificate = await issueBentCertificate(
    {
      profile: options.profile,
      subject: { ...subject(options.name), ...options.subject },
      spki: key.spki,
      issuerKey: options.issuer?.key ?? key,
      ...(options.issuer === undefined ? {} : { issuerCertificate: options.issuer.certificate }),
      ...(options.policyOIDs === undefined ? {} : { policyOIDs: options.policyOIDs }),
      serial: options.serial ?? sha256(new TextEncoder().encode(options.name)).subarray(0, 16),
      notBefore: new Date(options.notBefore ?? (isCA ? "2026-01-01T00:00:00Z" : "2026-06-01T00:00:00Z")),
      notAfter: new Date(options.notAfter ?? lasting),
    },
    options.bend ?? (() => undefined),
  );
  return { key, certificate };
}

export interface World {
  readonly root: Holder;
  readonly ca: Holder;
  readonly leaf: Holder;
  readonly tsaRoot: Holder;
  readonly tsaCA: Holder;
  readonly tsu: Holder;
  readonly policy: SignaturePolicy;
}

/** Its CAs are on P-384, unless they are given other keys. */
export async function createWorld(keyOf: (ca: string) => IssuingKey = p384): Promise<World> {
  const authority = (profile: CertificateProfile, name: string, issuer?: Holder) =>
    issue({ profile, name, key: keyOf(name), ...(issuer && { issuer }) });
  const root = await authority("root", "root");
  const ca = await authority("issuing-ca", "issuing CA", root);
  const leaf = await issue({ profile: "code-signing", name: "publisher", issuer: ca });
  const tsaRoot = await authority("root", "time-stamping root");
  const tsaCA = await authority("time-stamping-ca", "time-stamping CA", tsaRoot);
  const tsu = await issue({ profile: "time-stamping", name: "time-stamp unit", issuer: tsaCA });
  const pem = (holder: Holder) => [formatPEM(holder.certificate, "CERTIFICATE")];
  const policy: SignaturePolicy = {
    ...{ schema: 1, country: "CH", organization: "Vector AG" },
    organizationIdentifier: organizationIdentifier("99999999"),
    ...{ codeSigningAnchors: pem(root), timeStampingAnchors: pem(tsaRoot) },
    // Vectors about revocation ask for it; in all others it would hide what they are about.
    revocation: { ...defaultRevocationPolicy, required: false },
  };
  return { root, ca, leaf, tsaRoot, tsaCA, tsu, policy };
}

export interface TokenOptions {
  readonly time?: Date;
  readonly tsu?: Holder;
  readonly certificates?: readonly Uint8Array[];
  readonly hashOID?: string;
  /** After everything else in the TSTInfo. */
  readonly extra?: readonly Value[];
  readonly forgery?: Partial<Forgery>;
}

export function timestampInfo(stamped: Uint8Array, options: TokenOptions = {}): Uint8Array {
  const imprint = sequence(
    sequence(objectID(options.hashOID ?? digestOIDs["SHA-256"]), none()),
    octetString(sha256(stamped)),
  );
  const valueDate = options.time ?? now;
  return encoded(
    sequence(
      ...[integer(1), objectID("1.3.6.1.4.1.32473.8420.9"), imprint, positiveInteger(Uint8Array.of(7, 7))],
      new asn1js.GeneralizedTime({ valueDate }),
      ...(options.extra ?? []),
    ),
  );
}

export function token(world: World, stamped: Uint8Array, options: TokenOptions = {}): Promise<Uint8Array> {
  const tsu = options.tsu ?? world.tsu;
  return forgeSignedData({
    ...{ key: tsu.key, certificate: tsu.certificate, signingTime: options.time ?? now },
    certificates: options.certificates ?? [tsu.certificate, world.tsaCA.certificate],
    ...{ content: timestampInfo(stamped, options), embedded: true, contentType: types.timestampInfo },
    ...options.forgery,
  });
}

/** A signature that is good but for what `lie` changes. */
export function sign(
  world: World,
  lie: Partial<Forgery> & { leaf?: Holder; chain?: readonly Holder[]; token?: TokenOptions } = {},
): Promise<Uint8Array> {
  const { leaf = world.leaf, chain = [world.ca], token: tokenLie, ...forgery } = lie;
  return forgeSignedData({
    ...{ key: leaf.key, certificate: leaf.certificate, content, signingTime: now },
    certificates: [leaf, ...chain].map(({ certificate }) => certificate),
    unsigned: async (signature) => [[types.timestampToken, spliced(await token(world, signature, tokenLie))]],
    ...forgery,
  });
}
