/** RFC 3161 tokens: a CMS SignedData around TSTInfo. Proves that some octets existed at a time that the authority names. */
import { equalBytes, hexText } from "../encoding/bytes.js";
import { constructedTag, contextTag, type DERNode, parseDER, tags } from "../encoding/der.js";
import { limits } from "../limits.js";
import { digest, type HashName, parseDigestAlgorithm } from "./algorithms.js";
import { type Certificate, secondText, signerIdentity } from "./certificate.js";
import { parseSignedData } from "./cms.js";
import { recoded, refusal, structured } from "./failure.js";
import type { SignerIdentity } from "./model.js";
import { oids } from "./oids.js";
import { verifyPath } from "./path.js";
import { requireTimeStampingLeaf } from "./profiles.js";
import { verifySignedData } from "./signed-data.js";

/** The parts of TSTInfo (RFC 3161 §2.4.2) that decide something. */
export interface TimestampInfo {
  readonly policy: string;
  readonly hash: HashName;
  readonly imprint: Uint8Array;
  /** Hexadecimal. */
  readonly serial: string;
  readonly time: Date;
  /** Octets of the integer, when the token repeats one. */
  readonly nonce: Uint8Array | undefined;
}

export interface ProvenTimestamp {
  readonly info: TimestampInfo;
  readonly authority: SignerIdentity;
  /** The authority's path, leaf first, anchor last: what revocation will be asked about. */
  readonly path: readonly Certificate[];
  /** What came along in the token: all of its certificates, and its revocation data. */
  readonly certificates: readonly Certificate[];
  readonly revocation: readonly Uint8Array[];
}

/**
 * `stamped` are the octets that the token must cover.
 *
 * @throws VerificationError TIMESTAMP_MALFORMED when it cannot be read, TIMESTAMP_INVALID when it proves something else,
 * TIMESTAMP_UNTRUSTED when no pinned authority stands behind it; the message starts with the finer code.
 */
export async function verifyTimestamp(input: {
  token: Uint8Array;
  stamped: Uint8Array;
  anchors: readonly Certificate[];
  now: Date;
  rsaBitsMin: number;
}): Promise<ProvenTimestamp> {
  const { data, content } = await recoded("TIMESTAMP_MALFORMED", () => {
    const data = parseSignedData(input.token);
    // SPEC §6.6.1, RFC 3161 §2.4.2: the content is a TSTInfo, inside the token.
    if (data.contentType !== oids.timestampInfo || data.content === undefined) {
      throw refusal("TIMESTAMP_MALFORMED", "expected an embedded TSTInfo");
    }
    return { data, content: data.content };
  });
  const info = structured("TIMESTAMP_MALFORMED", () => parseTimestampInfo(parseDER(content)));
  const leaf = await recoded("TIMESTAMP_INVALID", async () =>
    verifySignedData(data, await digest(data.signer.hash, content)),
  );
  if (data.signer.unsignedAttributes.size > 0) {
    throw refusal("TIMESTAMP_MALFORMED", "expected no unsigned attributes in a token");
  }
  // SPEC §6.6.2
  if (!equalBytes(info.imprint, await digest(info.hash, input.stamped))) {
    throw refusal(
      "TIMESTAMP_INVALID",
      "expected a time-stamp over this signature, got one over something else",
    );
  }
  requirePast(info.time, input.now);
  const path = await recoded("TIMESTAMP_UNTRUSTED", async () => {
    requireTimeStampingLeaf(leaf);
    const { anchors, rsaBitsMin } = input;
    return verifyPath(leaf, data.certificates, {
      purpose: oids.timeStamping,
      at: info.time,
      anchors,
      rsaBitsMin,
    });
  });
  const { certificates, revocation } = data;
  return { info, authority: await signerIdentity(leaf), path, certificates, revocation };
}

/** SPEC §6.6.3 */
function requirePast(time: Date, now: Date): void {
  if (time.getTime() > now.getTime() + limits.timestampFutureSecondsMax * 1000) {
    throw refusal("TIMESTAMP_INVALID", `expected a time up to ${secondText(now)}, got ${secondText(time)}`);
  }
}

/** @throws VerificationError DER_MALFORMED, TIMESTAMP_MALFORMED */
export function parseTimestampInfo(node: DERNode): TimestampInfo {
  const fields = node.fields("a TSTInfo");
  const version = fields.next().smallInteger();
  const policy = fields.next().oid();
  const imprintFields = fields.next().fields("a message imprint");
  const hash = parseDigestAlgorithm(imprintFields.next(), "TIMESTAMP_MALFORMED");
  const imprint = imprintFields.next().octets();
  imprintFields.end();
  const serial = hexText(fields.next().integerBytes());
  const time = fields.next().generalizedTime("fraction");
  parseAccuracy(fields.optional(tags.sequence));
  const ordering = fields.optional(tags.boolean)?.boolean();
  const nonce = fields.optional(tags.integer)?.integerBytes();
  fields.optional(constructedTag(0))?.only("an authority name");
  const extensions = fields.optional(constructedTag(1))?.children ?? [];
  fields.end();
  if (version !== 1) throw refusal("TIMESTAMP_MALFORMED", `expected version 1, got ${version}`);
  if (ordering === false) throw refusal("TIMESTAMP_MALFORMED", "expected no encoding of a default value");
  if (extensions.some(isCritical)) {
    throw refusal("TIMESTAMP_MALFORMED", "expected no critical extension in TSTInfo");
  }
  return { policy, hash, imprint, serial, time, nonce };
}

function parseAccuracy(node: DERNode | undefined): void {
  const fields = node?.fields("an accuracy");
  fields?.optional(tags.integer)?.smallInteger();
  fields?.optional(contextTag(0))?.smallInteger(contextTag(0));
  fields?.optional(contextTag(1))?.smallInteger(contextTag(1));
  fields?.end();
}

function isCritical(extension: DERNode): boolean {
  const fields = extension.fields("an extension");
  fields.next().oid();
  return fields.optional(tags.boolean)?.boolean() === true;
}
