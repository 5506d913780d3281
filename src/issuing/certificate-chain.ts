/** Puts the certificates that a CA sent in any order into a chain, leaf first. Who is trusted is decided elsewhere. */
import { equalBytes } from "../core/encoding/bytes.js";
import { UsageError } from "../core/errors.js";
import { type Certificate, parseCertificate } from "../core/pki/certificate.js";

/** Without the root, if it was among them. @throws UsageError USAGE for other than one chain; VerificationError CERTIFICATE_MALFORMED */
export async function orderChain(ders: readonly Uint8Array[]): Promise<Uint8Array[]> {
  const all = ders
    .map(parseCertificate)
    .filter(({ issuer, subject }) => !equalBytes(issuer.der, subject.der));
  const issues = (by: Certificate, other: Certificate) => equalBytes(other.issuer.der, by.subject.der);
  const leaves = all.filter((one) => !all.some((other) => other !== one && issues(one, other)));
  const [leaf, ...more] = leaves;
  if (leaf === undefined || more.length > 0) {
    throw new UsageError("USAGE", `expected certificates of one chain, got ${leaves.length} that end one`);
  }
  const chain = [leaf];
  for (let next = issuerOf(leaf); next !== undefined; next = issuerOf(next)) {
    if (chain.includes(next)) throw new UsageError("USAGE", "expected a chain, got a circle");
    chain.push(next);
  }
  if (chain.length !== all.length) {
    throw new UsageError(
      "USAGE",
      `expected certificates of one chain, got ${all.length - chain.length} besides it`,
    );
  }
  return chain.map(({ der }) => der);

  function issuerOf(of: Certificate): Certificate | undefined {
    return all.find((one) => one !== of && issues(one, of));
  }
}
