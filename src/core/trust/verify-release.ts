/**
 * The whole verdict on a release: TUF has proven who may speak, CMS proves who that is in law and when they spoke.
 * Both must pass, about the same bytes and the same key (SPEC §7).
 */
import type { ReleaseNumber, Sha256Hex } from "../brands.js";
import { equalBytes, hexText } from "../encoding/bytes.js";
import { sha256 } from "../encoding/sha256.js";
import { PolicyError, VerificationError, quote } from "../errors.js";
import type { SignatureMemory } from "../pki/algorithms.js";
import { verifySignature } from "../pki/verify-signature.js";
import type { DSSEEnvelope } from "./attest/dsse.js";
import { spkiFromTUFKey } from "./keys.js";
import { compareClientVersions, parseManifest } from "./manifest.js";
import type { Manifest, NamedCheck, ProvenRelease, ProvenSignature, SignaturePolicy } from "./model.js";
import { type RebuilderPolicy, verifyRebuilds } from "./rebuild-quorum.js";
import { type SecondSignature, verifySecondSignature } from "./second-signature.js";
import type { ProvenSigner } from "./threshold.js";
import type { ProvenFeed } from "./trusted-metadata.js";
import { type LogClaim, verifyLogged } from "./verify-logged.js";

/** What is known of the newest manifest that was proven before. */
export interface TrustedRelease {
  readonly release: ReleaseNumber;
  readonly manifestSha256: Sha256Hex;
}

export interface ReleaseClaim {
  readonly proven: ProvenFeed;
  /** Detached CMS over the manifest file; undefined when the publisher has none. */
  readonly cms: Uint8Array | undefined;
  readonly policy: SignaturePolicy;
  readonly now: Date;
  /** Revocation data (RFC 5652 §10.2.1) that the caller has seen. */
  readonly revocationItems?: readonly Uint8Array[];
  readonly trusted?: TrustedRelease;
  /** SPEC §6.5.10 */
  readonly memory?: SignatureMemory | undefined;
  /** Version of the program that asks. */
  readonly client: string;
  /** The second signature, and what it takes to verify it. */
  readonly postQuantum?: SecondSignature;
  /** Verdicts of rebuilders, as they came; asked only where the policy names rebuilders. */
  readonly verdicts?: readonly DSSEEnvelope[];
  /** What the log has to say; asked only where the policy names a log. */
  readonly log?: LogClaim;
}

/** SPEC §7.1: two parties at least, whatever the delegation says. */
const signersMin = 2;

/** @throws VerificationError or PolicyError: one code for each of the numbered checks */
export async function verifyRelease(claim: ReleaseClaim): Promise<ProvenRelease> {
  const { proven, trusted } = claim;
  const checks: NamedCheck[] = [];
  const passed = (name: string, clause: string, evidence: string) => checks.push({ name, clause, evidence });

  // 1. SPEC §7.1: publisher and overseer are two distinct keys, and both signed.
  const { signers, feed } = proven;
  if (signers.length < signersMin) {
    throw new VerificationError(
      "METADATA_THRESHOLD",
      `expected ${signersMin} distinct keys to have signed ${feed}, got ${signers.length}`,
    );
  }
  passed("two distinct keys signed the manifest", "SPEC §7.1", signers.map(({ keyid }) => keyid).join(" "));

  // 2. SPEC §7.2: the manifest is well formed and speaks about this feed.
  const manifest = parseManifest(proven.envelope.signed);
  if (manifest.block.feed !== feed) {
    throw new VerificationError(
      "MANIFEST_MALFORMED",
      `expected a manifest of ${quote(feed)}, got one of ${quote(manifest.block.feed)}`,
    );
  }
  passed(
    "the manifest is well formed",
    "SPEC §7.2",
    `release ${manifest.version}, ${manifest.packs.length} packs`,
  );

  // 3. SPEC §7.3: never backwards. 4. SPEC §7.4: the chain of manifests is unbroken.
  const contentSha256 = await sha256(proven.envelope.bytes);
  const manifestSha256 = hexText(contentSha256) as Sha256Hex;
  requireForward(manifest, manifestSha256, trusted);
  passed(
    "the release is not older than the trusted one",
    "SPEC §7.3",
    `trusted ${trusted?.release ?? "none"}`,
  );
  passed("the manifest continues the chain", "SPEC §7.4", chainEvidence(manifest, trusted));

  // 5. SPEC §7.5: this program is new enough to understand the release.
  if (compareClientVersions(claim.client, manifest.block.minimumClient) < 0) {
    throw new PolicyError(
      "CLIENT_TOO_OLD",
      `expected client ${manifest.block.minimumClient} or newer, got ${claim.client}`,
    );
  }
  passed("the client is new enough", "SPEC §7.5", `${claim.client} >= ${manifest.block.minimumClient}`);

  // 6. SPEC §7.6: CMS, certificate chain, Swiss policy and time-stamp over the file as served, TUF signatures included.
  const { policy, now, revocationItems, memory } = claim;
  const cms = requireEvidence(claim.cms);
  const signature = await verifySignature({ contentSha256, cms, policy, now, revocationItems, memory });
  checks.push(...signature.checks);

  // 7. SPEC §7.7: the certificate's key is one of the keys that signed in TUF's name.
  const signer = requireSignerKey(signature, signers);
  passed("the certificate's key signed the manifest", "SPEC §7.7", signer.keyid);

  // 8. SPEC §7.8: a second signature where the manifest announces or the policy demands it. Additive, so it comes last.
  const second = await verifySecondSignature(
    claim.postQuantum ?? {},
    proven.envelope.bytes,
    manifest.block,
    policy,
  );
  if (second !== undefined) checks.push(second);

  // 9 to 15. SPEC §7.9 to §7.15: the release is in the log that everybody sees.
  const { log: demand } = policy;
  const subject = { feed, release: manifest.version, manifestSha256, now };
  const logged =
    demand === undefined || demand === "not-required-unsafe"
      ? undefined
      : await verifyLogged(subject, claim.log ?? {}, demand);
  if (logged !== undefined) checks.push(...logged.checks);

  // 20. SPEC §7.20: no rebuilder of the policy refused it. 21. SPEC §7.21: as many as it asks for passed it.
  if (policy.rebuilders !== undefined) checks.push(...(await requireRebuilds(claim, manifest)));

  const signedBy = signers.map(({ keyid }) => keyid);
  const log = logged && { log: logged.entry };
  return { feed, manifest, manifestSha256, signedBy, signature, ...log, checks };
}

async function requireRebuilds(
  { proven, policy, verdicts = [] }: ReleaseClaim,
  { version: release }: Manifest,
): Promise<NamedCheck[]> {
  const signedSha256 = hexText(await sha256(proven.envelope.message)) as Sha256Hex;
  const demand = policy.rebuilders as RebuilderPolicy;
  return verifyRebuilds({ feed: proven.feed, release, signedSha256, verdicts }, demand);
}

function requireForward(manifest: Manifest, sha256: Sha256Hex, trusted: TrustedRelease | undefined): void {
  if (trusted === undefined) return;
  if (manifest.version < trusted.release) {
    throw new VerificationError(
      "MANIFEST_ROLLBACK",
      `expected release above ${trusted.release}, got ${manifest.version}`,
    );
  }
  // The trusted number again must be the trusted file again; the next number must name the trusted file.
  const same = manifest.version === trusted.release;
  const next = manifest.version === trusted.release + 1;
  const claimed = same ? sha256 : manifest.block.previousManifestSha256;
  if (((same || next) && claimed !== trusted.manifestSha256) || claimed === null) {
    throw new VerificationError(
      "MANIFEST_CHAIN_BROKEN",
      `expected manifest ${trusted.release} to be ${trusted.manifestSha256}, got ${claimed ?? "a release with none before it"}`,
    );
  }
}

function chainEvidence(manifest: Manifest, trusted: TrustedRelease | undefined): string {
  const previous = manifest.block.previousManifestSha256 ?? "none";
  const compared = trusted !== undefined && manifest.version - trusted.release <= 1;
  return compared ? `previous ${previous}, compared` : `previous ${previous}, not known here`;
}

function requireEvidence(cms: Uint8Array | undefined): Uint8Array {
  if (cms === undefined)
    throw new VerificationError("EVIDENCE_MISSING", "expected a CMS signature, got none");
  return cms;
}

function requireSignerKey(signature: ProvenSignature, signers: readonly ProvenSigner[]): ProvenSigner {
  const { signer } = signature;
  const found = signers.find(({ key }) => equalBytes(spkiFromTUFKey(key), signer.spki));
  if (found === undefined) {
    throw new VerificationError(
      "SIGNER_KEY_MISMATCH",
      `expected the certificate of a key that signed the manifest, got ${quote(signer.subject)}`,
    );
  }
  return found;
}
