/** The two messages between us and a time-stamp authority (RFC 3161 §2.4): the query that we send, the answer that comes. */
import { concatBytes, equalBytes, hexBytes } from "../encoding/bytes.js";
import { parseDER, tags } from "../encoding/der.js";
import { OperationError, quote } from "../errors.js";
import { parseSignedData } from "./cms.js";
import { recoded, refusal, structured } from "./failure.js";
import { oids } from "./oids.js";
import { parseTimestampInfo } from "./timestamp.js";

/** SEQUENCE { version 1, { SHA-256, 32 octets }, nonce of eight octets, certReq true }: one shape, so its lengths are fixed. */
const beforeImprint = hexBytes("3043020101" + "3031300d060960864801650304020105000420");
const beforeNonce = hexBytes("0208");
const afterNonce = hexBytes("0101ff");

/** Octets of a nonce for `formatTimestampQuery`. */
export const nonceBytes = 8;

/** DER. `nonce` is eight random octets; its first bit is cleared and its second set, so that the integer is positive and minimal. */
export function formatTimestampQuery(sha256: Uint8Array, nonce: Uint8Array): Uint8Array<ArrayBuffer> {
  if (sha256.length !== 32 || nonce.length !== nonceBytes) throw new Error("expected 32 and 8 octets");
  return concatBytes(beforeImprint, sha256, beforeNonce, positive(nonce), afterNonce);
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
  return recoded("TIMESTAMP_MALFORMED", () => {
    const data = parseSignedData(token);
    if (data.contentType !== oids.timestampInfo || data.content === undefined) {
      throw refusal("TIMESTAMP_MALFORMED", "expected an embedded TSTInfo");
    }
    return parseTimestampInfo(parseDER(data.content));
  }).then((info) => {
    if (info.hash !== "SHA-256" || !equalBytes(info.imprint, asked.sha256)) {
      throw refusal("TIMESTAMP_INVALID", "expected the imprint that was asked for, got another");
    }
    // SPEC §6.6.5, RFC 3161 §2.4.2: the nonce comes back, so the answer is not an old one.
    if (info.nonce === undefined || !equalBytes(info.nonce, positive(asked.nonce))) {
      throw refusal("TIMESTAMP_INVALID", "expected the nonce that was asked for, got another");
    }
    return concatBytes(token);
  });
}

function grantedToken(der: Uint8Array): Uint8Array {
  const fields = parseDER(der).fields("a time-stamp response");
  const statusFields = fields.next().fields("a status");
  const status = statusFields.next().smallInteger();
  const texts = statusFields.optional(tags.sequence)?.children.map((text) => quote(text.text())) ?? [];
  const failure = statusFields.optional(tags.bitString)?.namedBits() ?? new Set();
  statusFields.end();
  // RFC 3161 §2.4.2: 0 is granted, 1 is granted with changes, which nobody asked for.
  if (status !== 0) {
    const reasons = [...texts, ...[...failure].map((bit) => `failure ${bit}`)].join(", ");
    throw new OperationError(
      "TSA_UNAVAILABLE",
      `expected a granted time-stamp, got status ${status} ${reasons}`,
    );
  }
  const token = fields.next().expect(tags.sequence, "a token").bytes;
  fields.end();
  return token;
}
