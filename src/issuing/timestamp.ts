/** Answers RFC 3161 requests. A bad request gets a rejection that says why, never an exception. */
import * as asn1js from "asn1js";
import { constructedTag, parseDER, tags } from "../core/encoding/der.js";
import { sha256 } from "../core/encoding/sha256.js";
import { VerificationError } from "../core/errors.js";
import { type DigestName, digestOIDs, type IssuingKey } from "./algorithms.js";
import {
  encoded,
  integer,
  namedBits,
  none,
  objectID,
  octetString,
  positiveInteger,
  sequence,
  spliced,
  utf8String,
  wholeSeconds,
} from "./asn1.js";
import { buildSignedData } from "./signed-data.js";

export interface TimestampAnswerer {
  readonly signer: IssuingKey;
  /** Leaf first, DER. */
  readonly chain: readonly Uint8Array[];
  readonly now: Date;
  /** Positive, never used before: the magnitude of an integer. */
  readonly serial: Uint8Array;
  readonly policyOID: string;
}

/** RFC 3161 §2.4.2: PKIFailureInfo. */
const failures = {
  badAlg: 0,
  badRequest: 2,
  badDataFormat: 5,
  unacceptedPolicy: 15,
  unacceptedExtension: 16,
};
type Failure = keyof typeof failures;

const timestampInfoType = "1.2.840.113549.1.9.16.1.4";
const digestLengths: Record<DigestName, number> = { "SHA-256": 32, "SHA-384": 48, "SHA-512": 64 };
const queryBytesMax = 4096;

interface Query {
  readonly hash: DigestName;
  readonly imprint: Uint8Array;
  /** DER of the INTEGER, repeated as it came. */
  readonly nonce: Uint8Array | undefined;
  readonly certificates: boolean;
}

/** DER of the TimeStampResp: granted with a token, or rejected. @throws OperationError when the signer cannot sign */
export async function answerTimestampQuery(
  queryDER: Uint8Array,
  answerer: TimestampAnswerer,
): Promise<Uint8Array<ArrayBuffer>> {
  const query = readQuery(queryDER, answerer.policyOID);
  if (typeof query === "string") return rejection(query);
  const content = timestampInfo(query, answerer);
  const token = await buildSignedData({
    contentType: timestampInfoType,
    content,
    contentSha256: await sha256(content),
    key: answerer.signer,
    chain: answerer.chain,
    certificates: query.certificates ? "included" : "left-out",
    signingTime: answerer.now,
  });
  return encoded(sequence(sequence(integer(0)), spliced(token)));
}

/** RFC 3161 §2.4.1, or the reason why it is none that we answer. */
function readQuery(der: Uint8Array, policyOID: string): Query | Failure {
  try {
    const fields = parseDER(der, queryBytesMax).fields("a time-stamp query");
    const version = fields.next().smallInteger();
    const imprintFields = fields.next().fields("a message imprint");
    const algorithm = imprintFields.next().fields("a hash algorithm");
    const imprint = imprintFields.next().octets();
    imprintFields.end();
    const hashOID = algorithm.next().oid();
    const policy = fields.optional(tags.oid)?.oid();
    const nonce = fields.optional(tags.integer);
    nonce?.integerBytes();
    const certificates = fields.optional(tags.boolean)?.boolean() ?? false;
    const extensions = fields.optional(constructedTag(0));
    fields.end();

    if (version !== 1) return "badRequest";
    const hash = (Object.keys(digestOIDs) as DigestName[]).find((name) => digestOIDs[name] === hashOID);
    if (hash === undefined) return "badAlg";
    if (imprint.length !== digestLengths[hash]) return "badDataFormat";
    if (policy !== undefined && policy !== policyOID) return "unacceptedPolicy";
    if (extensions !== undefined) return "unacceptedExtension";
    return { hash, imprint, nonce: nonce?.bytes, certificates };
  } catch (cause) {
    if (cause instanceof VerificationError) return "badDataFormat";
    throw cause;
  }
}

/** RFC 3161 §2.4.2. `ordering` is false by default and so left out; time in whole seconds, accurate to one. */
function timestampInfo(query: Query, answerer: TimestampAnswerer): Uint8Array<ArrayBuffer> {
  return encoded(
    sequence(
      integer(1),
      objectID(answerer.policyOID),
      sequence(sequence(objectID(digestOIDs[query.hash]), none()), octetString(query.imprint)),
      positiveInteger(answerer.serial),
      new asn1js.GeneralizedTime({ valueDate: wholeSeconds(answerer.now) }),
      sequence(integer(1)),
      ...(query.nonce === undefined ? [] : [spliced(query.nonce)]),
    ),
  );
}

/** Status 2 (rejection), a sentence, and the bit that says why. */
function rejection(failure: Failure): Uint8Array<ArrayBuffer> {
  const status = sequence(integer(2), sequence(utf8String(failure)), namedBits([failures[failure]]));
  return encoded(sequence(status));
}

/** The development time-stamp authority: bytes in, bytes out, for whatever door mounts it. */
export function developmentTSA(input: {
  readonly signer: IssuingKey;
  readonly chain: readonly Uint8Array[];
  readonly policyOID: string;
  readonly clock: { now(): Date };
  readonly randomBytes: (length: number) => Uint8Array;
}): (queryDER: Uint8Array) => Promise<Uint8Array<ArrayBuffer>> {
  const { signer, chain, policyOID, clock, randomBytes } = input;
  return (queryDER) => {
    const serial = randomBytes(16);
    return answerTimestampQuery(queryDER, { signer, chain, policyOID, now: clock.now(), serial });
  };
}
