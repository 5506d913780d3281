/**
 * The signatures beside TUF: the CMS over the manifest and over every pack, and what the packs really hold.
 */
import { RememberedSignatures } from "../core/trust/signature-memory.js";
import type { FeedName, ReleaseNumber } from "../core/brands.js";
import { hexBytes, hexText } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { VerificationError } from "../core/errors.js";
import type { PackFacts } from "../core/format/model.js";
import { limits } from "../core/limits.js";
import { verifySignature } from "../core/pki/verify-signature.js";
import { parseVerdictList, verdictsPath } from "../core/trust/attest/verdict-list.js";
import { evidencePath, manifestSecondSignaturePath } from "../core/release/tree-paths.js";
import { type LogEvidence, parseEvidence } from "../core/trust/evidence.js";
import type { ProvenRelease, ProvenSignature, SignaturePolicy } from "../core/trust/model.js";
import type { ProvenFeed } from "../core/trust/trusted-metadata.js";
import { asksForSecondSignature } from "../core/trust/second-signature.js";
import { verifyRelease } from "../core/trust/verify-release.js";
import { version } from "../core/version.js";
import type { PostQuantumVerifier } from "../ports/post-quantum.js";
import type { PublicFiles } from "./fetch-file.js";
import { newerRevocation } from "./newer-revocation.js";
import type { AuditLog } from "./report.js";

/** The whole verdict on the manifest, as an endpoint reaches it (SPEC §7). */
export function auditSignature(
  log: AuditLog,
  files: PublicFiles,
  proven: ProvenFeed,
  policy: SignaturePolicy,
  at: Date,
  postQuantum: PostQuantumVerifier | undefined,
  title = "Who signed, in law, and when",
): Promise<ProvenRelease> {
  return log.step(title, "SPEC §6, §7", async () => {
    const { feed } = proven;
    const cms = await files.find(`evidence/${feed}/${proven.metadata.version}.p7s`, limits.cmsBytesMax);
    const release = proven.metadata.version as ReleaseNumber;
    const second = asksForSecondSignature(proven.envelope.signed, policy)
      ? await files.find(manifestSecondSignaturePath(feed, release), limits.cmsBytesMax)
      : undefined;
    const list =
      policy.rebuilders && (await files.find(verdictsPath(feed, release), limits.verdictListBytesMax));
    const verdicts = list && parseVerdictList(list).verdicts;
    const evidence = await readLogEvidence(files, feed, release, policy);
    const memory = new RememberedSignatures();
    const verify = (revocationItems: readonly Uint8Array[]) =>
      verifyRelease({
        ...{
          proven,
          cms,
          policy: ageless(policy),
          now: at,
          client: version,
          revocationItems,
          verdicts,
          memory,
        },
        postQuantum: { cms: second, verify: postQuantum?.verify },
        log: { evidence },
      });
    const newer = await newerRevocation(files, (await verify([])).signature);
    const value = await verify(newer);
    return {
      value,
      evidence: [
        ...signatureEvidence(value.signature),
        ...value.checks.map((check) => `${check.name} (${check.clause}): ${check.evidence}`),
        `${newer.length} lists and OCSP responses in the tree were asked as well`,
      ],
    };
  });
}

/** Undefined where the policy asks for none, or the tree has none. */
async function readLogEvidence(
  files: PublicFiles,
  feed: FeedName,
  release: ReleaseNumber,
  { log }: SignaturePolicy,
): Promise<LogEvidence | undefined> {
  if (log === undefined || log === "not-required-unsafe") return undefined;
  const document = await files.find(evidencePath(feed, release), limits.evidenceBytesMax);
  return document && parseEvidence(document).log;
}

/** An auditor looks at the past: that a release was witnessed counts, not that it was so lately. */
function ageless({ log, ...policy }: SignaturePolicy): SignaturePolicy {
  if (log === undefined || log === "not-required-unsafe") return { ...policy, ...(log && { log }) };
  return { ...policy, log: { policy: log.policy } };
}

/** Every pack that the manifest lists is there, is what was signed, and has its own CMS by the same key. */
export function auditPacks(
  log: AuditLog,
  files: PublicFiles,
  release: ProvenRelease,
  policy: SignaturePolicy,
  at: Date,
): Promise<ReadonlyMap<string, Uint8Array>> {
  return log.step("Every pack that the manifest lists", "SPEC §4, §6", async () => {
    const revocationItems = await newerRevocation(files, release.signature);
    const packs = new Map<string, Uint8Array>();
    const judged = { policy, now: at, revocationItems, memory: new RememberedSignatures() };
    const evidence: string[] = [];
    for (const pack of release.manifest.packs) {
      const bytes = await readPack(files, pack);
      const cms = await files.read(`${targetPath(pack)}.p7s`, limits.cmsBytesMax);
      const contentSha256 = hexBytes(pack.sha256);
      const signature = await verifySignature({ ...judged, contentSha256, cms });
      const other = signature.signer.certificateSha256 !== release.signature.signer.certificateSha256;
      packs.set(pack.path, bytes);
      evidence.push(
        `${pack.path}: ${pack.bytes} bytes, SHA-256 ${pack.sha256}, CMS stamped ${secondText(signature.timestamp.time)}` +
          (other
            ? `, by another certificate: ${signature.signer.subject}, serial ${signature.signer.serial}`
            : ""),
      );
    }
    return { value: packs, evidence };
  });
}

/** Where a pack lies in the public tree: consistent snapshots put the hash in front of the name (TUF §6.2.3). */
export function targetPath(pack: Pick<PackFacts, "path" | "sha256">): string {
  const slash = pack.path.lastIndexOf("/");
  return `targets/${pack.path.slice(0, slash + 1)}${pack.sha256}.${pack.path.slice(slash + 1)}`;
}

/** @throws VerificationError PACK_DIGEST_MISMATCH */
export async function readPack(files: PublicFiles, pack: PackFacts): Promise<Uint8Array> {
  const bytes = await files.read(targetPath(pack), pack.bytes);
  const digest = hexText(await sha256(bytes));
  if (bytes.length !== pack.bytes || digest !== pack.sha256) {
    throw new VerificationError(
      "PACK_DIGEST_MISMATCH",
      `expected ${pack.path} to be ${pack.sha256}, got ${digest} of ${bytes.length} bytes`,
    );
  }
  return bytes;
}

function signatureEvidence({ signer, timestamp }: ProvenSignature): string[] {
  return [
    `signer ${signer.subject}`,
    `issued by ${signer.issuer}, serial ${signer.serial}, valid ${signer.notBefore} to ${signer.notAfter}`,
    `certificate SHA-256 ${signer.certificateSha256}`,
    `time-stamp ${secondText(timestamp.time)} by ${timestamp.authority.subject}, serial ${timestamp.serial}`,
  ];
}

function secondText(time: Date): string {
  return time.toISOString().replace(/\.\d{3}Z$/, "Z");
}
