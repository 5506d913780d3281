/** Which revocation lists somebody signed who may speak about a certificate of a proven path; whatever they say. */
import { equalBytes } from "../encoding/bytes.js";
import { VerificationError } from "../errors.js";
import { limits } from "../limits.js";
import type { Certificate } from "./certificate.js";
import type { RevocationList } from "./crl.js";
import { listSigner } from "./crl-issuer.js";
import { newestLists } from "./revocation-data.js";

/**
 * The newest of each issuer, in DER. What cannot be read or was signed by others is left out, so it can neither be kept nor push out
 * what is. Lists of delegates are for signatures that bring the delegate.
 */
export async function authenticLists(
  ders: readonly Uint8Array[],
  paths: readonly (readonly Certificate[])[],
  rsaBitsMin = 3072,
): Promise<Uint8Array[]> {
  const budget = { checksLeft: limits.signatureChecksMax };
  const authentic: Uint8Array[] = [];
  for (const der of ders) {
    const [list] = newestLists([der]);
    if (list !== undefined && (await isAuthentic(list, paths, budget, rsaBitsMin))) authentic.push(der);
  }
  return newestLists(authentic).map(({ der }) => der);
}

async function isAuthentic(
  list: RevocationList,
  paths: readonly (readonly Certificate[])[],
  budget: { checksLeft: number },
  rsaBitsMin: number,
): Promise<boolean> {
  const none = { pool: [], asking: [], delegations: 0, purpose: undefined };
  for (const path of paths) {
    const at = path.findIndex(({ subject }) => equalBytes(subject.der, list.issuer.der));
    if (at <= 0) continue;
    try {
      await listSigner(list, path.slice(at - 1), { ...none, budget, rsaBitsMin });
      return true;
    } catch (cause) {
      if (!(cause instanceof VerificationError)) throw cause;
    }
  }
  return false;
}
