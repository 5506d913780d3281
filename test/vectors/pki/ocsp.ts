/** OCSP responses for the vectors (RFC 6960), good unless told otherwise. Tests only. */
import { createHash } from "node:crypto";
import * as asn1js from "asn1js";
import { parseDER } from "../../../src/core/encoding/der.js";
import { parseCertificate } from "../../../src/core/pki/certificate.js";
import { signatureIdentifier } from "../../../src/issuing/algorithms.js";
import {
  bitString,
  encoded,
  none,
  objectID,
  octetString,
  sequence,
  spliced,
  tagged,
  taggedBytes,
  type Value,
} from "../../../src/issuing/asn1.js";
import { extension } from "../../../src/issuing/certificate-extensions.js";
import { add, replace, purposes } from "./lies-certificate.js";
import { type Holder, issue, now } from "./world.js";

const hour = 3_600_000;
export const at = (hours: number): Date => new Date(now.getTime() + hours * hour);
const sha1 = (bytes: Uint8Array): Uint8Array => createHash("sha1").update(bytes).digest();
const moment = (valueDate: Date): Value => new asn1js.GeneralizedTime({ valueDate });

export interface Answer {
  readonly about: Holder;
  readonly issuer: Holder;
  /** Who signs, and whose certificate travels along; the issuer when absent. */
  readonly responder?: Holder;
  readonly status?: "good" | "unknown" | { revokedAt: Date; reason: number };
  /** Hours from the time of the stamp. */
  readonly from?: number;
  readonly until?: number;
  /** When the stamp is; the vectors' own time when absent. */
  readonly stampedAt?: Date;
  readonly serial?: Uint8Array;
  readonly critical?: boolean;
}

/** A delegate of the issuer; `nocheck` and the purpose may be left out. */
export function responder(
  issuer: Holder,
  options: { purpose?: string; nocheck?: boolean } = {},
): Promise<Holder> {
  const { purpose = "1.3.6.1.5.5.7.3.9", nocheck = true } = options;
  return issue({
    ...{ profile: "code-signing", name: "OCSP responder", issuer },
    bend: (certificate) => {
      replace(purposes(purpose))(certificate);
      if (nocheck) add(extension("1.3.6.1.5.5.7.48.1.5", false, none()))(certificate);
    },
  });
}

/** As it stands in SignedData.crls: [1] { id-ri-ocsp-response, OCSPResponse }. */
export async function ocspAnswer(answer: Answer): Promise<Value> {
  return tagged(1, objectID("1.3.6.1.5.5.7.16.2"), await ocspResponse(answer));
}

/** The response itself, as it comes from a responder and as it lies in a tree. */
export async function ocspResponse(answer: Answer): Promise<Value> {
  const { issuer, responder: delegate = issuer, status = "good" } = answer;
  const about = parseCertificate(answer.about.certificate);
  const ca = parseCertificate(issuer.certificate);
  const keyBits = parseDER(ca.key.spki).children[1]?.bitString() as Uint8Array;
  const id = sequence(
    sequence(objectID("1.3.14.3.2.26"), none()),
    ...[octetString(sha1(about.issuer.der)), octetString(sha1(keyBits))],
    new asn1js.Integer({ valueHex: Uint8Array.from(answer.serial ?? about.serial).buffer }),
  );
  const hours = (count: number): Date => new Date((answer.stampedAt ?? now).getTime() + count * hour);
  const from = hours(answer.from ?? -1);
  const until = hours(answer.until ?? 24);
  const single = sequence(id, statusValue(status), moment(from), tagged(0, moment(until)));
  const more = answer.critical
    ? [tagged(1, sequence(extension("1.3.6.1.4.1.32473.8420.66", true, none()).toSchema()))]
    : [];
  const name = spliced(parseCertificate(delegate.certificate).subject.der);
  const tbs = encoded(sequence(tagged(1, name), moment(from), sequence(single), ...more));
  const algorithm = signatureIdentifier(delegate.key.scheme);
  const bag = delegate === issuer ? [] : [tagged(0, sequence(spliced(delegate.certificate)))];
  const basic = sequence(spliced(tbs), algorithm, bitString(await delegate.key.sign(tbs)), ...bag);
  const bytes = sequence(objectID("1.3.6.1.5.5.7.48.1.1"), octetString(encoded(basic)));
  return sequence(new asn1js.Enumerated({ value: 0 }), tagged(0, bytes));
}

function statusValue(status: NonNullable<Answer["status"]>): Value {
  if (status === "good") return taggedBytes(0, new Uint8Array());
  if (status === "unknown") return taggedBytes(2, new Uint8Array());
  return tagged(1, moment(status.revokedAt), tagged(0, new asn1js.Enumerated({ value: status.reason })));
}
