/** What ClamAV's verifier asks of the publisher's key and certificates (SPEC §8.7.1), judged before the first signature is made. */
import { UsageError } from "../core/errors.js";
import { parseCertificate } from "../core/pki/certificate.js";
import { nameText } from "../core/pki/names.js";
import { oids } from "../core/pki/oids.js";
import type { SignatureScheme } from "../ports/signer.js";

/** @throws UsageError CONFIGURATION: signatures would be made that nobody's ClamAV accepts */
export function requireClamAVKeys(chain: readonly Uint8Array[], scheme: SignatureScheme): void {
  if (scheme === "rsa-pss-3072-sha256") {
    throw refused("a key whose signatures PKCS #7 can name", "RSA-PSS");
  }
  for (const { subject, extensions } of chain.map(parseCertificate)) {
    const purposes = extensions.extKeyUsage?.purposes;
    // RFC 5280 §4.2.1.12: a certificate without the extension serves every purpose.
    if (purposes === undefined || purposes.includes(oids.emailProtection)) continue;
    throw refused("certificates for emailProtection beside codeSigning", nameText(subject));
  }
}

function refused(expected: string, got: string): UsageError {
  return new UsageError("CONFIGURATION", `clamavSignatures: expected ${expected}, got ${got}`);
}
