/** The two certification paths that a signature of ours will have, proven before anything is signed. */
import { parsePEM } from "../core/encoding/pem.js";
import { equalBytes } from "../core/encoding/bytes.js";
import { VerificationError } from "../core/errors.js";
import { type Certificate, parseCertificate } from "../core/pki/certificate.js";
import { parseSignedData } from "../core/pki/cms.js";
import type { SignaturePolicy } from "../core/pki/model.js";
import { oids } from "../core/pki/oids.js";
import { verifyPath } from "../core/pki/path.js";
import type { StampedAs } from "../core/pki/revocation-rules.js";

/** As customers ask for it, SPEC §6.4. */
export const rsaBitsMin = 3072;

/** Leaf first, anchor last. @throws VerificationError CERTIFICATE_* when customers would find no path either */
export function provenPath(
  chain: readonly Certificate[],
  policy: SignaturePolicy,
  as: StampedAs,
  at: Date,
): Promise<readonly Certificate[]> {
  const isSigner = as === "signer";
  const pems = isSigner ? policy.codeSigningAnchors : policy.timeStampingAnchors;
  const anchors = pems.flatMap((pem) => parsePEM(pem, "CERTIFICATE")).map(parseCertificate);
  const [leaf] = chain;
  if (leaf === undefined) throw new VerificationError("CERTIFICATE_PATH", "expected a certificate, got none");
  const purpose = isSigner ? oids.codeSigning : oids.timeStamping;
  return verifyPath(leaf, chain, { purpose, at, anchors, rsaBitsMin });
}

/** The certificates of a time-stamp token, the authority's own first. */
export function tokenChain(token: Uint8Array): readonly Certificate[] {
  const { certificates, signer } = parseSignedData(token);
  const isSigner = ({ issuer, serial }: Certificate): boolean =>
    equalBytes(issuer.der, signer.issuer) && equalBytes(serial, signer.serial);
  return [...certificates.filter(isSigner), ...certificates.filter((one) => !isSigner(one))];
}
