/** Builds certificate revocation lists (RFC 5280 §5). The verifier in core/pki has its own reader and shares nothing with this. */
import * as asn1js from "asn1js";
import * as pkijs from "pkijs";
import { UsageError } from "../core/errors.js";
import { type IssuingKey, signatureIdentifier } from "./algorithms.js";
import {
  bitString,
  copied,
  encoded,
  integer,
  positiveInteger,
  sequence,
  spliced,
  tagged,
  taggedBytes,
  time,
  type Value,
  wholeSeconds,
} from "./asn1.js";
import { extension } from "./certificate-extensions.js";

export interface RevokedSerial {
  /** Octets of the certificate's serial number. */
  readonly serial: Uint8Array;
  readonly revokedAt: Date;
  /** CRLReason; left out when undefined, as RFC 5280 §5.3.1 asks for `unspecified`. */
  readonly reason?: number;
  readonly invalidSince?: Date;
  /** More extensions of the entry. */
  readonly extensions?: readonly pkijs.Extension[];
}

export interface CRLRequest {
  readonly issuerKey: IssuingKey;
  /** DER. */
  readonly issuerCertificate: Uint8Array;
  /** Higher in every list that follows. */
  readonly number: bigint;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly revoked: readonly RevokedSerial[];
  /** More extensions of the list, for those that are about a part. */
  readonly extensions?: readonly pkijs.Extension[];
}

/** DER. @throws UsageError USAGE when the list would end before it begins */
export async function issueCRL(request: CRLRequest): Promise<Uint8Array<ArrayBuffer>> {
  if (request.nextUpdate <= request.thisUpdate) {
    throw new UsageError("USAGE", "expected a revocation list that ends after it begins");
  }
  const { issuerKey, revoked } = request;
  const issuer = pkijs.Certificate.fromBER(copied(request.issuerCertificate));
  const algorithm = signatureIdentifier(issuerKey.scheme);
  const extensions = [
    ...keyIdentifierOf(issuer),
    extension("2.5.29.20", false, bigInteger(request.number)),
    ...(request.extensions ?? []),
  ];
  const tbs = encoded(
    sequence(
      ...[integer(1), algorithm, issuer.subject.toSchema()],
      ...[time(request.thisUpdate), time(request.nextUpdate)],
      // RFC 5280 §5.1.2.6: left out when nothing is revoked.
      ...(revoked.length === 0 ? [] : [sequence(...revoked.map(entry))]),
      tagged(0, sequence(...extensions.map((one) => one.toSchema()))),
    ),
  );
  return encoded(sequence(spliced(tbs), algorithm, bitString(await issuerKey.sign(tbs))));
}

function entry({ serial, revokedAt, reason, invalidSince, extensions = [] }: RevokedSerial): Value {
  const all = [...extensions];
  if (reason !== undefined) all.push(extension("2.5.29.21", false, new asn1js.Enumerated({ value: reason })));
  if (invalidSince !== undefined) {
    const valueDate = wholeSeconds(invalidSince);
    all.push(extension("2.5.29.24", false, new asn1js.GeneralizedTime({ valueDate })));
  }
  const own = all.length === 0 ? [] : [sequence(...all.map((one) => one.toSchema()))];
  return sequence(new asn1js.Integer({ valueHex: copied(serial) }), time(revokedAt), ...own);
}

/** RFC 5280 §5.2.1: the list names the key that signed it. */
function keyIdentifierOf(issuer: pkijs.Certificate): pkijs.Extension[] {
  const found = issuer.extensions?.find(({ extnID }) => extnID === "2.5.29.14");
  if (found === undefined) return [];
  const keyID = asn1js.fromBER(found.extnValue.valueBlock.valueHexView).result;
  if (!(keyID instanceof asn1js.OctetString)) return [];
  return [extension("2.5.29.35", false, sequence(taggedBytes(0, keyID.valueBlock.valueHexView)))];
}

/** A value that a context tag or an extension holds, from a number that may be large. */
export function bigInteger(value: bigint): asn1js.Integer {
  const hex = value.toString(16);
  const octets = Uint8Array.from((hex.length % 2 === 0 ? hex : `0${hex}`).match(/../g) ?? [], (pair) =>
    Number.parseInt(pair, 16),
  );
  return positiveInteger(octets);
}
