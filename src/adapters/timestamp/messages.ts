/** The two messages between us and a time-stamp authority (RFC 3161 §2.4): the query that we send, the answer that comes. */
import { concatBytes, equalBytes } from "../../core/encoding/bytes.js";
import { derValue, derInteger, derObjectID } from "../../core/encoding/der-writer.js";
import * as der from "../../core/encoding/der-schema.js";
import { parseDER, tags } from "../../core/encoding/der.js";
import { OperationError, quote, VerificationError } from "../../core/errors.js";
import { structured } from "../../core/pki/failure.js";
import { parseToken } from "../../core/pki/timestamp.js";

const integerOne = derInteger(Uint8Array.of(1));
const sha256Identifier = derValue(tags.sequence, derObjectID("2.16.840.1.101.3.4.2.1"), derValue(tags.null));

/** Octets of a nonce for `formatTimestampQuery`. */
export const nonceBytes = 8;

/** DER. `nonce` is eight random octets; its first bit is cleared and its second set, so that the integer is positive and minimal. */
export function formatTimestampQuery(sha256: Uint8Array, nonce: Uint8Array): Uint8Array<ArrayBuffer> {
  if (sha256.length !== 32 || nonce.length !== nonceBytes) throw new Error("expected 32 and 8 octets");
  const imprint = derValue(tags.sequence, sha256Identifier, derValue(tags.octetString, sha256));
  const certificatesToo = derValue(tags.boolean, Uint8Array.of(0xff));
  return derValue(tags.sequence, integerOne, imprint, derInteger(positive(nonce)), certificatesToo);
}

const positive = (nonce: Uint8Array): Uint8Array =>
  nonce.map((octet, i) => (i === 0 ? (octet & 0x7f) | 0x40 : octet));

/**
 * The token, as it came, if the answer grants one for this imprint and nonce. Whether to trust it, `verifySignature` decides.
 *
 * @throws VerificationError TIMESTAMP_MALFORMED, TIMESTAMP_INVALID @throws OperationError TSA_UNAVAILABLE for a rejection
 */
export async function parseTimestampResponse(
  der: Uint8Array,
  asked: { sha256: Uint8Array; nonce: Uint8Array },
): Promise<Uint8Array<ArrayBuffer>> {
  const token = structured("TIMESTAMP_MALFORMED", () => grantedToken(der));
  const { hash, info } = await parseToken(token);
  if (hash !== "SHA-256" || !equalBytes(info.imprint.octets, asked.sha256)) {
    throw new VerificationError("TIMESTAMP_INVALID", "expected the imprint that was asked for, got another");
  }
  // SPEC §6.6.5, RFC 3161 §2.4.2: the nonce comes back, so the answer is not an old one.
  if (info.nonce === undefined || !equalBytes(info.nonce, positive(asked.nonce))) {
    throw new VerificationError("TIMESTAMP_INVALID", "expected the nonce that was asked for, got another");
  }
  return concatBytes(token);
}

const readResponse = der.sequence("a time-stamp response", {
  status: der.sequence("a status", {
    status: der.smallInteger,
    texts: der.optional(
      tags.sequence,
      der.sequenceOf("texts", (text) => quote(text.text())),
    ),
    failure: der.optional(tags.bitString, der.namedBits),
  }),
  token: der.optional(tags.sequence, der.any),
});

function grantedToken(der: Uint8Array): Uint8Array {
  const {
    status: { status, texts = [], failure = [] },
    token,
  } = readResponse(parseDER(der));
  // RFC 3161 §2.4.2: 0 is granted, 1 is granted with changes, which nobody asked for.
  if (status !== 0) {
    const reasons = [...texts, ...[...failure].map((bit) => `failure ${bit}`)].join(", ");
    throw new OperationError(
      "TSA_UNAVAILABLE",
      `expected a granted time-stamp, got status ${status} ${reasons}`,
    );
  }
  if (token === undefined) throw new VerificationError("TIMESTAMP_MALFORMED", "expected a token, got none");
  return token.bytes;
}
