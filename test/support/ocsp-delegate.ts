/** A certificate of the development issuing CA for somebody who answers about revocation in its place. */
import { randomBytes } from "node:crypto";
import { formatPEM, parsePEM } from "../../src/core/encoding/pem.js";
import { none, objectID, sequence } from "../../src/issuing/asn1.js";
import { extension } from "../../src/issuing/certificate-extensions.js";
import { issueBentCertificate } from "../../src/issuing/certificates.js";
import { developmentScheme } from "../../src/issuing/development-pki.js";
import { generateIssuingKey, importIssuingKey } from "../../src/issuing/issuing-keys.js";
import { developmentKeys } from "../core/pki/publisher.js";

export async function delegatePEM({ nocheck }: { nocheck: boolean }) {
  const { pem, key } = await generateIssuingKey("ecdsa-p256-sha256");
  const certificate = await issueBentCertificate(
    {
      profile: "code-signing",
      subject: { country: "CH", organization: "Rulemint DEVELOPMENT AG", commonName: "Responder" },
      spki: key.spki,
      issuerKey: await importIssuingKey(developmentKeys.issuingKey, developmentScheme),
      issuerCertificate: parsePEM(developmentKeys.issuingCertificate, "CERTIFICATE")[0] as Uint8Array,
      ...{ serial: randomBytes(16), notBefore: new Date(Date.now() - 60_000) },
      notAfter: new Date(Date.now() + 86_400_000),
    },
    (bent) => {
      const purpose = sequence(objectID("1.3.6.1.5.5.7.3.9"));
      bent.extensions = [
        ...(bent.extensions ?? []).filter(({ extnID }) => extnID !== "2.5.29.37"),
        extension("2.5.29.37", false, purpose),
        ...(nocheck ? [extension("1.3.6.1.5.5.7.48.1.5", false, none())] : []),
      ];
    },
  );
  return { certificate: formatPEM(certificate, "CERTIFICATE"), key: pem };
}
