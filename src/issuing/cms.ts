/** The detached signature beside every manifest and pack: CAdES-T (ETSI EN 319 122-1), DER. SPEC §6.2. */
import { sha256 } from "../core/encoding/sha256.js";
import type { Signer } from "../ports/signer.js";
import type { TimestampAuthority } from "../ports/timestamp-authority.js";
import { objectID, sequence, spliced, utf8String, type Value } from "./asn1.js";
import { buildSignedData } from "./signed-data.js";

export interface CMSInput {
  readonly contentSha256: Uint8Array;
  /** What the content is, for people who find the signature alone; becomes content-hints (RFC 2634 §2.9). */
  readonly contentLabel?: string;
  readonly signer: Signer;
  /** Leaf, then issuing CA; DER. The anchor stays out: whoever verifies has it. */
  readonly chain: readonly Uint8Array[];
  readonly signingTime: Date;
  readonly tsa: TimestampAuthority;
  /** Given the time-stamp token: revocation data of both paths (RFC 5652 §10.2.1, DER). They make the signature CAdES-B-LT. */
  readonly revocation?: (token: Uint8Array) => Promise<readonly Uint8Array[]>;
}

const data = "1.2.840.113549.1.7.1";
const contentHints = "1.2.840.113549.1.9.16.2.4";
const signatureTimestamp = "1.2.840.113549.1.9.16.2.14";

/** @throws OperationError SIGNER_UNAVAILABLE, SIGNER_PIN, TSA_UNAVAILABLE @throws UsageError USAGE */
export async function signCMS(input: CMSInput): Promise<Uint8Array<ArrayBuffer>> {
  const label: readonly (readonly [string, Value])[] =
    input.contentLabel === undefined
      ? []
      : [[contentHints, sequence(utf8String(input.contentLabel), objectID(data))]];
  let token = new Uint8Array();
  return buildSignedData({
    contentType: data,
    content: undefined,
    contentSha256: input.contentSha256,
    key: input.signer,
    chain: input.chain,
    certificates: "included",
    signingTime: input.signingTime,
    attributes: label,
    // RFC 5126 §6.1.1: the token covers the octets of the signature value.
    unsigned: async (signature) => {
      token = Uint8Array.from(await input.tsa.stamp(await sha256(signature)));
      return [[signatureTimestamp, spliced(token)]];
    },
    revocation: async () => (await input.revocation?.(token)) ?? [],
  });
}
