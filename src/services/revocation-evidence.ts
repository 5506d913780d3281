/**
 * What a signature of ours carries to show that nobody on its two paths was revoked (SPEC §6.8.11). Lists are fetched anew before a
 * release is sealed; when none can be had that customers would take, sealing waits.
 */
import { hexText } from "../core/encoding/bytes.js";
import { RulemintError } from "../core/errors.js";
import { parseCertificate } from "../core/pki/certificate.js";
import type { SignaturePolicy } from "../core/pki/model.js";
import { oids } from "../core/pki/oids.js";
import { verifyNotRevoked } from "../core/pki/revocation.js";
import { newestLists } from "../core/pki/revocation-data.js";
import { defaultRevocationPolicy } from "../core/pki/revocation-rules.js";
import type { ServiceContext } from "./context.js";
import { mirroredLists, mirrorPaths, mirrorRevocation, rememberAuthority } from "./mirror-revocation.js";
import { provenPath, rsaBitsMin, tokenChain } from "./revocation-paths.js";

/**
 * For a time-stamp token, the lists of both paths.
 *
 * @throws VerificationError CERTIFICATE_REVOKED when the publisher's certificate is, REVOCATION_* when nobody can tell;
 * OperationError FETCH_* when the CA cannot be reached
 */
export async function openRevocation(
  context: ServiceContext,
  policy: SignaturePolicy,
): Promise<(token: Uint8Array) => Promise<readonly Uint8Array[]>> {
  await attempt(policy, () => mirrorRevocation(context, "at-once"));
  const now = context.clock.now();
  const path = await provenPath(context.publisherChain.map(parseCertificate), policy, "signer", now);
  const lists = newestLists(await mirroredLists(context, [path]));
  await verifyNotRevoked({
    ...{ path, purpose: oids.codeSigning, at: now, now, lists, responses: [], pool: [], rsaBitsMin },
    ...{ as: "signer", policy: policy.revocation ?? defaultRevocationPolicy },
  });
  // Many stamps by one authority: its lists are looked for once.
  const known = new Map<string, Promise<readonly Uint8Array[]>>();
  return (token) => {
    const chain = tokenChain(token);
    const key = chain[0] === undefined ? "" : hexText(chain[0].der);
    const found = known.get(key) ?? listsOf(context, policy, path, chain);
    known.set(key, found);
    return found;
  };
}

type Chain = ReturnType<typeof tokenChain>;

async function listsOf(
  context: ServiceContext,
  policy: SignaturePolicy,
  signer: Chain,
  chain: Chain,
): Promise<readonly Uint8Array[]> {
  const authority = await provenPath(chain, policy, "time-stamp authority", context.clock.now());
  await attempt(policy, () => mirrorPaths(context, [authority], "when-due"));
  await rememberAuthority(context, authority);
  return mirroredLists(context, [signer, authority]);
}

/** Where customers ask for no evidence, none is waited for. */
async function attempt(policy: SignaturePolicy, work: () => Promise<void>): Promise<void> {
  const { required } = policy.revocation ?? defaultRevocationPolicy;
  try {
    await work();
  } catch (error) {
    if (required || !(error instanceof RulemintError)) throw error;
  }
}
