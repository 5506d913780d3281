/**
 * OCSP responses (RFC 6960), read strictly. Nothing here decides whether one is believed: see revocation.ts. Responses are judged by
 * their times, as lists are; a nonce protects a conversation, and there is none here.
 */
import { equalBytes } from "../encoding/bytes.js";
import * as der from "../encoding/der-schema.js";
import { parseDER, tags } from "../encoding/der.js";
import { limits } from "../limits.js";
import { digest, readIdentifier } from "./algorithms.js";
import { type Certificate, readCertificate } from "./certificate.js";
import { soundExtensionsOf } from "./extensions.js";
import { ensure, structured } from "./failure.js";

/** RFC 6960 §4.4: none of the extensions changes what a response says, and none that we know is critical. */
const extensions = der.explicit(1, soundExtensionsOf({}));
/** RFC 6960 §4.3: SHA-1 names a certificate here, it proves nothing about it. */
const [sha1, sha256] = ["1.3.14.3.2.26", "2.16.840.1.101.3.4.2.1"];

const readHash = der.sequence("a hash algorithm", {
  oid: der.where(der.objectID, (oid) => oid === sha1 || oid === sha256, "SHA-1 or SHA-256"),
  parameters: der.optional(tags.null, der.none),
});
const readRevocation = der.sequence("a revocation", {
  revokedAt: der.generalizedTime,
  reason: der.explicit(0, der.enumerated),
});
const readSingle = der.sequence("a single response", {
  /** Hashes of the issuer's name and key, and the serial number, as asked. */
  id: der.sequence("a certificate identifier", {
    hash: readHash,
    nameHash: der.octetString,
    keyHash: der.octetString,
    serial: der.integer,
  }),
  status: der.choice("a status", {
    good: der.implicit(0, tags.null, der.none),
    revoked: der.implicit(1, tags.sequence, readRevocation),
    unknown: der.implicit(2, tags.null, der.none),
  }),
  thisUpdate: der.generalizedTime,
  // RFC 6960 §2.4: without an end, newer information is there all the time; that cannot be judged later.
  nextUpdate: der.required(der.explicit(0, der.generalizedTime)),
  extensions,
});
const readResponseData = der.sequence("response data", {
  // RFC 6960 §4.2.1: version 1 is the default and so left out.
  responder: der.choice("a responder", {
    name: der.explicit(1, der.encoding),
    keyHash: der.explicit(2, der.octetString),
  }),
  producedAt: der.generalizedTime,
  statuses: der.sequenceOf("responses", readSingle),
  extensions,
});
const readBasicResponse = der.sequence("a basic response", {
  tbs: der.any,
  signatureAlgorithm: readIdentifier,
  signature: der.bitString,
  certificates: der.explicit(0, der.sequenceOf("certificates", readCertificate, 0, limits.certificatesMax)),
});
const readBytes = der.sequence("response bytes", {
  type: der.where(der.objectID, (type) => type === "1.3.6.1.5.5.7.48.1.1", "a basic response"),
  basic: der.wrapped(readBasicResponse),
});
const readResponse = der.sequence("an OCSP response", {
  status: der.enumerated,
  bytes: der.explicit(0, readBytes),
});

export type OCSPStatus = ReturnType<typeof readSingle>;
export type OCSPResponse = ReturnType<typeof parseOCSPResponse>;

/** @throws VerificationError REVOCATION_MALFORMED, LIMIT_EXCEEDED */
export function parseOCSPResponse(bytes: Uint8Array) {
  return structured("REVOCATION_MALFORMED", () => {
    const { status, bytes: answer } = readResponse(parseDER(bytes, limits.crlBytesMax));
    // RFC 6960 §4.2.1: 0 is successful; every other status comes without an answer.
    ensure(status === 0 && answer, "DER_MALFORMED", "a successful response", "status", status);
    const { tbs, certificates = [], ...signed } = answer.basic;
    return { der: bytes, ...signed, certificates, tbs: tbs.bytes, ...readResponseData(tbs) };
  });
}

/** RFC 6960 §4.1.1: the issuer's name and key and the certificate's serial number, all three. */
export async function isAbout({ id }: OCSPStatus, about: Certificate, by: Certificate): Promise<boolean> {
  const hash = id.hash.oid === sha1 ? "SHA-1" : "SHA-256";
  if (!equalBytes(id.serial, about.serial)) return false;
  const isName = equalBytes(id.nameHash, await digest(hash, about.issuer.der));
  return isName && equalBytes(id.keyHash, await digest(hash, by.key.octets));
}

/** RFC 6960 §4.2.1: the responder is named by its name, or by the SHA-1 of its key. */
export async function isResponder(one: Certificate, { responder }: OCSPResponse): Promise<boolean> {
  const { name, keyHash = new Uint8Array() } = responder;
  return name
    ? equalBytes(name, one.subject.der)
    : equalBytes(keyHash, await digest("SHA-1", one.key.octets));
}
