/** Which revocation data somebody signed who may speak about a certificate of a proven path; whatever they say. */
import { VerificationError } from "../errors.js";
import { limits } from "../limits.js";
import type { Certificate } from "../pki/certificate.js";
import type { RevocationList } from "../pki/crl.js";
import { isAbout, type OCSPResponse } from "../pki/ocsp.js";
import { choicesOf } from "../pki/revocation-data.js";
import { listSpeakers, responseSpeakers, signerPath } from "../pki/revocation-signers.js";
import { newestItems } from "./newest-revocation.js";

type Paths = readonly (readonly Certificate[])[];

interface Search {
  readonly budget: { checksLeft: number };
  readonly purpose: undefined;
  readonly rsaBitsMin: number;
}

/**
 * The newest of each series, as they travel (RFC 5652 §10.2.1). What cannot be read or was signed by others is left out, so it can
 * neither be kept nor push out what is. Lists of delegates are for signatures that bring the delegate.
 */
export async function authenticItems(
  choices: readonly Uint8Array[],
  paths: Paths,
  rsaBitsMin = 3072,
): Promise<Uint8Array[]> {
  const budget = { checksLeft: limits.signatureChecksMax };
  const search = { budget, purpose: undefined, rsaBitsMin };
  const authentic: Uint8Array[] = [];
  for (const choice of choices) {
    const { lists, responses } = newestItems([choice]);
    const attempts = [
      ...lists.map((list) => () => isAuthenticList(list, paths, search)),
      ...responses.map((response) => () => isAuthenticResponse(response, paths, search)),
    ];
    for (const attempt of attempts) if (await passes(attempt)) authentic.push(choice);
  }
  return choicesOf(newestItems(authentic));
}

async function passes(attempt: () => Promise<boolean>): Promise<boolean> {
  try {
    return await attempt();
  } catch (cause) {
    if (cause instanceof VerificationError) return false;
    throw cause;
  }
}

/** By a CA of the paths, as it stands on one of them. */
async function isAuthenticList(list: RevocationList, paths: Paths, search: Search): Promise<boolean> {
  for (const path of paths) {
    const isSigned = await passes(
      async () => (await signerPath(list, listSpeakers(list, path, []), search)).length > 0,
    );
    if (isSigned) return true;
  }
  return false;
}

/** About a certificate of the paths, by its issuer or by the delegate whose certificate the response brings. */
async function isAuthenticResponse(response: OCSPResponse, paths: Paths, search: Search): Promise<boolean> {
  for (const path of paths) {
    for (const [i, certificate] of path.slice(0, -1).entries()) {
      const issuer = path[i + 1] as Certificate;
      for (const single of response.statuses) {
        if (!(await isAbout(single, certificate, issuer))) continue;
        await signerPath(response, await responseSpeakers(response, issuer), search);
        return true;
      }
    }
  }
  return false;
}
