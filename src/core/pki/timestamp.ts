/** RFC 3161 tokens: a CMS SignedData around TSTInfo. Proves that some octets existed at a time that the authority names. */
import { equalBytes } from "../encoding/bytes.js";
import * as der from "../encoding/der-schema.js";
import { parseDER, tags } from "../encoding/der.js";
import { type Budget, digest, parseDigestAlgorithm, readIdentifier } from "./algorithms.js";
import { type Certs, isReached } from "./certificate.js";
import { parseSignedData } from "./cms.js";
import { soundExtensionsOf } from "./extensions.js";
import { ensure, recoded, structured, secondText } from "./failure.js";
import { oids } from "./oids.js";
import { verifyPath } from "./path.js";
import { requireTimeStampingLeaf } from "./profiles.js";
import { verifySignedData } from "./signed-data.js";

const readAccuracy = der.sequence("an accuracy", {
  seconds: der.optional(tags.integer, der.smallInteger),
  millis: der.implicit(0, tags.integer, der.smallInteger),
  micros: der.implicit(1, tags.integer, der.smallInteger),
});
/** RFC 3161 §2.4.2. */
const readTSTInfo = der.sequence("a TSTInfo", {
  version: der.where(der.smallInteger, (version) => version === 1, "version 1"),
  policy: der.objectID,
  imprint: der.sequence("a message imprint", { algorithm: readIdentifier, octets: der.octetString }),
  serial: der.integer,
  time: (node) => node.generalizedTime("fraction"),
  accuracy: der.optional(tags.sequence, readAccuracy),
  ordering: der.flag(),
  nonce: der.optional(tags.integer, der.integer),
  authority: der.explicit(0, der.any),
  extensions: der.implicit(1, tags.sequence, soundExtensionsOf({})),
});

export type ProvenTimestamp = Awaited<ReturnType<typeof verifyTimestamp>>;

/**
 * `stamped` are the octets that the token must cover.
 *
 * @throws VerificationError TIMESTAMP_MALFORMED when it cannot be read, TIMESTAMP_INVALID when it proves something else,
 * TIMESTAMP_UNTRUSTED when no pinned authority stands behind it; the message starts with the finer code.
 */
export async function verifyTimestamp(input: {
  readonly token: Uint8Array;
  readonly stamped: Uint8Array;
  readonly anchors: Certs;
  readonly now: Date;
  readonly rsaBitsMin: number;
  readonly budget?: Budget;
}) {
  const { token, stamped, now, ...rules } = input;
  const { data, content, hash, info } = await parseToken(token);
  const leaf = await recoded("TIMESTAMP_INVALID", async () =>
    verifySignedData(data, await digest(data.signer.hash, content)),
  );
  const isBare = data.signer.unsignedAttributes.size === 0;
  ensure(isBare, "TIMESTAMP_MALFORMED", "no unsigned attributes in a token", "some");
  // SPEC §6.6.2
  const isOver = equalBytes(info.imprint.octets, await digest(hash, stamped));
  ensure(isOver, "TIMESTAMP_INVALID", "a time-stamp over this signature", "one over something else");
  // SPEC §6.6.3
  const { time, policy, serial } = info;
  ensure(isReached(time, now), "TIMESTAMP_INVALID", `a stamp from before ${secondText(now)}`, time);
  const path = await recoded("TIMESTAMP_UNTRUSTED", async () => {
    requireTimeStampingLeaf(leaf);
    const purpose = oids.timeStamping;
    return verifyPath(leaf, data.certificates, { ...rules, purpose, at: time });
  });
  const { certificates, revocation } = data;
  // `path` is the authority's, what revocation will be asked about; `certificates` and `revocation` came along in the token.
  return { time, policy, serial, path, certificates, revocation };
}

/** SPEC §6.6.1, RFC 3161 §2.4.2: the content is a TSTInfo, inside the token. @throws VerificationError TIMESTAMP_MALFORMED */
export function parseToken(token: Uint8Array) {
  const code = "TIMESTAMP_MALFORMED";
  return recoded(code, () => {
    const data = parseSignedData(token);
    const { contentType, content } = data;
    ensure(contentType === oids.timestampInfo && content, code, "an embedded TSTInfo");
    const info = structured(code, () => readTSTInfo(parseDER(content)));
    const hash = parseDigestAlgorithm(info.imprint.algorithm, code);
    return { data, content, hash, info };
  });
}
