/**
 * CMS signatures with time-stamps over the final manifest file and over every pack (SPEC §6.2). Made after
 * the co-signature, so that the time-stamp covers it; each is verified with the customer's own verifier
 * before it counts.
 */
import { RememberedSignatures } from "../core/trust/signature-memory.js";
import { type Sha256Hex, sha256Hex } from "../core/brands.js";
import { hexBytes } from "../core/encoding/bytes.js";
import { OperationError, VerificationError } from "../core/errors.js";
import { verifySignature } from "../core/pki/verify-signature.js";
import type { SignaturePolicy } from "../core/pki/model.js";
import { signCMS } from "../issuing/cms.js";
import type { ServiceContext } from "./context.js";
import type { ReleasePack, ReleaseRecord } from "./model.js";
import { publishedPolicy } from "./published-trust.js";
import { openRevocation } from "./revocation-evidence.js";
import { signClamAVFiles } from "./sign-clamav-files.js";
import { signSecond } from "./second-signature.js";

interface Sealing {
  readonly context: ServiceContext;
  readonly policy: SignaturePolicy;
  readonly listsFor: (token: Uint8Array) => Promise<readonly Uint8Array[]>;
  readonly memory: RememberedSignatures;
}

/** What a signer takes at once. */
const signaturesAtOnce = 8;

/**
 * @throws OperationError SIGNER_UNAVAILABLE, SIGNER_PIN, TSA_UNAVAILABLE; VerificationError when ours would
 * not verify
 */
export async function sealRelease(
  context: ServiceContext,
  release: ReleaseRecord,
): Promise<Partial<ReleaseRecord>> {
  if (release.manifestSha256 === null) {
    throw new OperationError("STATE_CORRUPT", `expected a manifest of release ${release.release}, got none`);
  }
  const policy = await publishedPolicy(context);
  // Before any stamp is asked for: what is revoked, or cannot be shown not to be, is not signed with.
  const listsFor = await openRevocation(context, policy);
  const sealing: Sealing = { context, policy, listsFor, memory: new RememberedSignatures() };
  const label = `${release.feed} ${release.release} manifest`;
  const manifestCmsSha256 = await signOne(sealing, release.manifestSha256, label);
  const packs: ReleasePack[] = [];
  for (let at = 0; at < release.packs.length; at += signaturesAtOnce) {
    const some = release.packs.slice(at, at + signaturesAtOnce);
    packs.push(...(await allOf(some.map((pack) => signPack(sealing, pack)))));
  }
  const manifestMldsaSha256 = await signSecond(context, policy, release.manifestSha256);
  const second = manifestMldsaSha256 === undefined ? {} : { manifestMldsaSha256 };
  const clamav = await signClamAVFiles(context, release, (sha256, name) => signOne(sealing, sha256, name));
  const more = clamav === undefined ? second : { ...second, clamavSignaturesSha256: clamav };
  return { state: "sealed", manifestCmsSha256, packs, ...more };
}

/** A pack of an older release that is offered again keeps the signature that it was published with. */
async function signPack(sealing: Sealing, pack: ReleasePack): Promise<ReleasePack> {
  return { ...pack, cmsSha256: pack.cmsSha256 ?? (await signOne(sealing, pack.sha256, pack.path)) };
}

/**
 * Waits for every one, then throws the first error: no signature is left under way behind the caller's back.
 */
async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

async function signOne(
  { context, policy, listsFor, memory }: Sealing,
  sha256: Sha256Hex,
  contentLabel: string,
): Promise<Sha256Hex> {
  const contentSha256 = hexBytes(sha256);
  const cms = await signCMS({
    contentSha256,
    contentLabel,
    signer: context.publisher,
    chain: context.publisherChain,
    signingTime: context.clock.now(),
    tsa: context.tsa,
    revocation: listsFor,
  });
  // SPEC §2.5.2: what a customer would refuse is no seal.
  const proven = await verifySignature({ contentSha256, cms, policy, now: context.clock.now(), memory });
  // SPEC §7.7, on our own side: the certificate is about the key that signed the manifest.
  if (proven.signer.spki.some((byte, i) => byte !== context.publisher.spki[i])) {
    throw new VerificationError(
      "SIGNER_KEY_MISMATCH",
      "expected the certificate to be of the publisher's key, got one of another key",
    );
  }
  return sha256Hex((await context.objects.put([cms])).sha256);
}
