/** A good signature with the revocation data of its two paths, and what may be bent in it. Tests only. */
import type { ErrorCode } from "../../../src/core/errors.js";
import { parseCertificate } from "../../../src/core/pki/certificate.js";
import type { RevocationPolicy } from "../../../src/core/pki/model.js";
import { defaultRevocationPolicy } from "../../../src/core/pki/revocation-rules.js";
import {
  derSorted,
  encoded,
  integer,
  namedBits,
  none,
  sequence,
  spliced,
  tagged,
  taggedBytes,
  type Value,
} from "../../../src/issuing/asn1.js";
import { extension } from "../../../src/issuing/certificate-extensions.js";
import { type CRLRequest, issueCRL, type RevokedSerial } from "../../../src/issuing/crls.js";
import type { Lie } from "./lie.js";
import { at } from "./ocsp.js";
import { type Holder, sign, type World } from "./world.js";

export type ListChange = Partial<Omit<CRLRequest, "issuerKey" | "issuerCertificate">>;

/** A list that is good but for `change`: of yesterday, for a week, with nobody on it. */
export async function list(issuer: Holder, change: ListChange = {}): Promise<Value> {
  const facts = { number: 7n, thisUpdate: at(-24), nextUpdate: at(6 * 24), revoked: [], ...change };
  const { key: issuerKey, certificate: issuerCertificate } = issuer;
  return spliced(await issueCRL({ ...facts, issuerKey, issuerCertificate }));
}

type Authority = "root" | "ca" | "tsaRoot" | "tsaCA";
type Items = Partial<Record<Authority, Value | undefined>> & { more?: readonly Value[] };

/** A good signature with the four lists of its paths, some of them replaced or left out. */
export const lie = (
  name: string,
  code: ErrorCode | "success",
  why: string,
  items: (world: World) => Promise<Items>,
  options: {
    policy?: Partial<RevocationPolicy>;
    chain?: (world: World) => Promise<readonly Holder[]>;
    version?: number;
  } = {},
): Lie => ({
  ...{ name: `revocation-${name}`, code, why },
  make: async (world) => {
    const { more = [], ...changed } = await items(world);
    const authorities: Authority[] = ["root", "ca", "tsaRoot", "tsaCA"];
    const usual = await Promise.all(
      authorities.map((name) => (name in changed ? changed[name] : list(world[name]))),
    );
    const revocation = derSorted([...usual.filter((one) => one !== undefined), ...more]);
    const chain = await (options.chain?.(world) ?? [world.ca]);
    const policy = { ...world.policy, revocation: { ...defaultRevocationPolicy, ...options.policy } };
    const { version } = options;
    return { cms: await sign(world, { revocation, chain, ...(version && { version }) }), policy };
  },
});

export const serialOf = ({ certificate }: Holder): Uint8Array => parseCertificate(certificate).serial;
export const revoked = (holder: Holder, hours: number, more: Partial<RevokedSerial> = {}): ListChange => ({
  revoked: [{ serial: serialOf(holder), revokedAt: at(hours), ...more }],
});
export const minute = 1 / 60;
export const reason = { keyCompromise: 1, superseded: 4, certificateHold: 6, removeFromCRL: 8 };
export const unknown = extension("1.3.6.1.4.1.32473.8420.66", true, none());
export const scope = (...parts: Value[]) => extension("2.5.29.28", true, sequence(...parts));
export const delta = (base: number) => extension("2.5.29.27", true, integer(base));
export const yes = (number: number) => taggedBytes(number, Uint8Array.of(0xff));
export const someReasons = () => {
  const bits = encoded(namedBits([reason.keyCompromise]));
  return taggedBytes(3, bits.subarray(2));
};
export const nameOf = (holder: Holder): Value =>
  tagged(4, spliced(parseCertificate(holder.certificate).subject.der));
export const certificateIssuer = (holder: Holder) => extension("2.5.29.29", true, sequence(nameOf(holder)));
