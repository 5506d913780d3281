/** A certificate for 127.0.0.1 that nobody trusts but who is given it. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./temporary.js";

export async function loopbackCertificate(): Promise<{ readonly key: string; readonly cert: string }> {
  const { path, remove } = await temporaryFolder();
  try {
    const [key, cert] = [join(path, "key.pem"), join(path, "cert.pem")];
    const made = [
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-keyout",
      key,
      "-out",
      cert,
    ];
    const names = ["-subj", "/CN=loopback", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"];
    execFileSync("openssl", ["req", "-x509", ...made, ...names], { stdio: "pipe" });
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  } finally {
    await remove();
  }
}
