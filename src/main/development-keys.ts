/** Reads `keys-dev/` of this package. Everybody has these keys; see its README. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { DevelopmentKeys } from "../issuing/development-pki.js";

const folder = new URL("../../keys-dev/", import.meta.url);
const text = (name: string) => readFileSync(fileURLToPath(new URL(name, folder)), "utf8");

export function readDevelopmentKeys(): DevelopmentKeys {
  return {
    rootCertificate: text("code-signing-root.crt.pem"),
    rootKey: text("code-signing-root.key.pem"),
    issuingCertificate: text("code-signing-ca.crt.pem"),
    issuingKey: text("code-signing-ca.key.pem"),
    tsaRootCertificate: text("time-stamping-root.crt.pem"),
    tsaRootKey: text("time-stamping-root.key.pem"),
    tsaCertificate: text("time-stamping-ca.crt.pem"),
    tsaKey: text("time-stamping-ca.key.pem"),
  };
}
