/**
 * Who may have signed a revocation list (RFC 5280 §6.3.3 f, g): the CA that issued the certificate, as it stands on the proven
 * path, or a delegate whose own path ends at the same anchor. A name alone is worth nothing; anybody can take it.
 */
import { equalBytes } from "../encoding/bytes.js";
import { quote, VerificationError } from "../errors.js";
import { limits } from "../limits.js";
import { isSignatureOf, parseSignatureAlgorithm, requireStrongKey } from "./algorithms.js";
import type { Certificate } from "./certificate.js";
import type { RevocationList } from "./crl.js";
import { keyUsageBits } from "./extensions.js";
import { refusal, structured } from "./failure.js";
import { nameText } from "./names.js";
import { verifyPath } from "./path.js";
import type { RevocationSearch } from "./revocation.js";

export type SignerSearch = Pick<
  RevocationSearch,
  "pool" | "asking" | "delegations" | "budget" | "purpose" | "rsaBitsMin"
>;

/** Paths of delegates have delegates' lists behind them; deeper than this nobody goes. */
const delegationsMax = 2;

/**
 * The path of the certificate whose key signed the list, signer first; the signer alone when it is on the proven path.
 *
 * @throws VerificationError REVOCATION_UNTRUSTED when nobody who may has signed it; LIMIT_EXCEEDED
 */
export async function listSigner(
  list: RevocationList,
  path: readonly Certificate[],
  search: SignerSearch,
): Promise<readonly Certificate[]> {
  const named = (certificate: Certificate): boolean =>
    equalBytes(certificate.subject.der, list.issuer.der) && mayIssueLists(certificate, list);
  // The path above the certificate is proven: its CAs need no second path.
  const [, ...above] = path;
  for (const authority of above.filter(named)) {
    if (await hasSigned(authority, list, search)) return [authority];
  }
  if (search.delegations < delegationsMax) {
    for (const delegate of search.pool.filter((one) => named(one) && !search.asking.includes(one))) {
      if (!(await hasSigned(delegate, list, search))) continue;
      const found = await delegatePath(delegate, path[path.length - 1] as Certificate, list, search);
      if (found !== undefined) return found;
    }
  }
  throw refusal(
    "REVOCATION_UNTRUSTED",
    `expected a revocation list signed by ${quote(nameText(list.issuer))} or its delegate, got another signature`,
  );
}

/** RFC 5280 §6.3.3 f: cRLSign, if usages are named at all. §5.2.1: the list names its signer's key. */
function mayIssueLists({ extensions }: Certificate, { authorityKeyIdentifier }: RevocationList): boolean {
  const { keyUsage, subjectKeyIdentifier } = extensions;
  if (keyUsage !== undefined && !keyUsage.bits.has(keyUsageBits.crlSign)) return false;
  const named = authorityKeyIdentifier !== undefined && subjectKeyIdentifier !== undefined;
  return !named || equalBytes(authorityKeyIdentifier, subjectKeyIdentifier);
}

async function hasSigned(signer: Certificate, list: RevocationList, search: SignerSearch): Promise<boolean> {
  if (search.budget.checksLeft-- <= 0) {
    throw refusal("LIMIT_EXCEEDED", `expected at most ${limits.signatureChecksMax} signature checks`);
  }
  requireStrongKey(signer.key, search.rsaBitsMin);
  const algorithm = structured("REVOCATION_MALFORMED", () =>
    parseSignatureAlgorithm(list.signatureAlgorithm, "REVOCATION_UNTRUSTED"),
  );
  return isSignatureOf(signer.key, algorithm, list.tbs, list.signature);
}

/** RFC 5280 §6.3.3 f: the delegate's path ends at the anchor of the path in question. Undefined when there is none. */
async function delegatePath(
  delegate: Certificate,
  anchor: Certificate,
  list: RevocationList,
  search: SignerSearch,
): Promise<readonly Certificate[] | undefined> {
  const { purpose, rsaBitsMin } = search;
  try {
    return await verifyPath(delegate, search.pool, {
      purpose,
      rsaBitsMin,
      anchors: [anchor],
      at: list.thisUpdate,
    });
  } catch (cause) {
    if (cause instanceof VerificationError && cause.code !== "LIMIT_EXCEEDED") return undefined;
    throw cause;
  }
}
