/**
 * All verdicts on one release in one file of the public tree. It is not signed and it grows: each verdict in it is judged alone, by
 * its own signature, and a list that somebody shortened proves less, never more (SPEC §12.5).
 */
import { type FeedName, type ReleaseNumber, feedName, releaseNumber } from "../../brands.js";
import { base64Text, utf8Bytes } from "../../encoding/bytes.js";
import { isJSONObject, parseJSON } from "../../encoding/json.js";
import { VerificationError } from "../../errors.js";
import { limits } from "../../limits.js";
import { type DSSEEnvelope, malformed, readDSSE } from "./dsse.js";

export interface VerdictList {
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
  /** In the order in which they came. */
  readonly verdicts: readonly DSSEEnvelope[];
}

export function verdictsPath(feed: FeedName, release: ReleaseNumber): string {
  return `evidence/${feed}/${release}.verdicts.json`;
}

export function provenancePath(feed: FeedName, release: ReleaseNumber): string {
  return `evidence/${feed}/${release}.provenance.json`;
}

export function formatVerdictList({ feed, release, verdicts }: VerdictList): Uint8Array<ArrayBuffer> {
  const listed = verdicts.map(({ payloadType, payload, signatures }) => ({
    payloadType,
    payload: base64Text(payload),
    signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: base64Text(sig) })),
  }));
  return utf8Bytes(`${JSON.stringify({ schema: 1, feed, release, verdicts: listed })}\n`);
}

/**
 * SPEC §12.5.1. One verdict that is malformed spoils the file, because an honest publisher lists none.
 *
 * @throws VerificationError ATTESTATION_MALFORMED, LIMIT_EXCEEDED, JSON_MALFORMED, TEXT_NOT_UTF8
 */
export function parseVerdictList(bytes: Uint8Array): VerdictList {
  if (bytes.length > limits.verdictListBytesMax) {
    throw new VerificationError(
      "LIMIT_EXCEEDED",
      `expected verdicts of at most ${limits.verdictListBytesMax} bytes, got ${bytes.length}`,
    );
  }
  const document = parseJSON(bytes);
  if (!isJSONObject(document) || document.schema !== 1) throw malformed("a list of verdicts", document);
  const { verdicts } = document;
  if (!Array.isArray(verdicts) || verdicts.length > limits.verdictsMax) {
    throw malformed(`at most ${limits.verdictsMax} verdicts`, verdicts);
  }
  return {
    feed: feedName(document.feed),
    release: releaseNumber(document.release),
    verdicts: verdicts.map((one) => readDSSE(one)),
  };
}
