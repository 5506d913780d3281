/**
 * What a signature of ours carries to show that nobody on its two paths was revoked (SPEC §6.8.11). Lists and OCSP responses are
 * fetched anew before a release is sealed; when none can be had that customers would take, sealing waits.
 */
import { hexText } from "../core/encoding/bytes.js";
import { VerificationError } from "../core/errors.js";
import { type Certificate, parseCertificate } from "../core/pki/certificate.js";
import type { SignaturePolicy } from "../core/pki/model.js";
import { oids } from "../core/pki/oids.js";
import { verifyNotRevoked } from "../core/pki/revocation.js";
import { choicesOf } from "../core/pki/revocation-data.js";
import { defaultRevocationPolicy, type StampedAs } from "../core/pki/revocation-rules.js";
import { newestItems } from "../core/trust/newest-revocation.js";
import type { ServiceContext } from "./context.js";
import { mirrored, mirrorPaths, rememberAuthority } from "./mirror-revocation.js";
import { provenPath, rsaBitsMin, tokenChain } from "./revocation-paths.js";

type Path = readonly Certificate[];
type Items = readonly Uint8Array[];

/** Of an item in every signature; a larger list is left out where smaller data vouch without it. */
const itemBytesMax = 64 * 1024;

/**
 * For a time-stamp token, the data about both paths.
 *
 * @throws VerificationError CERTIFICATE_REVOKED when the publisher's certificate is, REVOCATION_* when nobody can tell;
 * OperationError FETCH_* when that is because the CA cannot be reached
 */
export async function openRevocation(
  context: ServiceContext,
  policy: SignaturePolicy,
): Promise<(token: Uint8Array) => Promise<Items>> {
  const now = context.clock.now();
  const path = await provenPath(context.publisherChain.map(parseCertificate), policy, "signer", now);
  const signerItems = await freshItems(context, policy, path, "signer");
  // Many stamps by one authority: its data are looked for once.
  const known = new Map<string, Promise<Items>>();
  return async (token) => {
    const chain = tokenChain(token);
    const key = chain[0] === undefined ? "" : hexText(chain[0].der);
    const found = known.get(key) ?? authorityItems(context, policy, chain);
    known.set(key, found);
    return unlessTwice([...signerItems, ...(await found)]);
  };
}

async function authorityItems(context: ServiceContext, policy: SignaturePolicy, chain: Path): Promise<Items> {
  const path = await provenPath(chain, policy, "time-stamp authority", context.clock.now());
  const items = await freshItems(context, policy, path, "time-stamp authority");
  await rememberAuthority(context, path);
  return items;
}

/** Newest, judged as a customer would judge them now. */
async function freshItems(
  context: ServiceContext,
  policy: SignaturePolicy,
  path: Path,
  as: StampedAs,
): Promise<Items> {
  const failures = await mirrorPaths(context, [path], as === "signer" ? "at-once" : "when-due");
  const items = await mirrored(context, [path]);
  const judge = (some: Items) => believedOf(some, policy, path, as, context.clock.now());
  try {
    const believed = await judge(items);
    const small = believed.filter(({ length }) => length <= itemBytesMax);
    return small.length === believed.length ? small : await judge(small).catch(refusedAs(believed));
  } catch (cause) {
    // That nobody answered explains more than that nothing is there.
    throw (isAboutData(cause) ? failures[0] : undefined) ?? cause;
  }
}

/** Those that a verifier would use. @throws VerificationError CERTIFICATE_REVOKED, REVOCATION_*: see `verifyNotRevoked` */
async function believedOf(
  items: Items,
  policy: SignaturePolicy,
  path: Path,
  as: StampedAs,
  now: Date,
): Promise<Items> {
  const data = newestItems(items);
  const { believed } = await verifyNotRevoked({
    ...{ path, purpose: as === "signer" ? oids.codeSigning : oids.timeStamping, as, ...data },
    ...{ at: now, now, pool: [], rsaBitsMin, policy: policy.revocation ?? defaultRevocationPolicy },
  });
  return choicesOf({
    lists: data.lists.filter((list) => believed.has(list)),
    responses: data.responses.filter((response) => believed.has(response)),
  });
}

const isAboutData = (cause: unknown): boolean =>
  cause instanceof VerificationError && cause.code.startsWith("REVOCATION_");

const refusedAs =
  (items: Items) =>
  (cause: unknown): Items => {
    if (isAboutData(cause)) return items;
    throw cause;
  };

/** Both paths may end at one CA. */
const unlessTwice = (items: Items): Items => choicesOf(newestItems(items));
