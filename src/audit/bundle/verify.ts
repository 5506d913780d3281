/**
 * A bundle judged, without a network: the same steps as for a release in a public tree, taken at the time of the release's own stamp, and
 * then that the bundle holds what belongs into it and nothing else. What the pinned root does not vouch for is not believed.
 */
import type { FeedName, ReleaseNumber } from "../../core/brands.js";
import { hexText } from "../../core/encoding/bytes.js";
import { sha256 } from "../../core/encoding/sha256.js";
import type { ByteSource } from "../../core/encoding/stream.js";
import { formatTime } from "../../core/trust/metadata.js";
import type { ProvenRelease, SignaturePolicy } from "../../core/trust/model.js";
import type { ProvenFeed, TrustedMetadata } from "../../core/trust/trusted-metadata.js";
import { version } from "../../core/version.js";
import type { PostQuantumVerifier } from "../../ports/post-quantum.js";
import { type Workshop, auditContent, auditRebuild } from "../audit-content.js";
import { auditPacks, auditSignature } from "../audit-evidence.js";
import { auditAttestations, namedSourceMaps } from "../attestations.js";
import { auditExpectedManifest, auditRoots, auditTargets } from "../audit-metadata.js";
import { policyFor, targetBox } from "../audit-release.js";
import { type SignatureChain, authorityLane, certificateLanes, logLane } from "../chain.js";
import { releaseFigures } from "../figures.js";
import { AuditLog, type AuditReport, type AuditStep, reported } from "../report.js";
import { Bundle, bundledTree, malformed } from "./open.js";
import { auditPages } from "./verify-pages.js";
import { auditSince } from "./since.js";
import { sourceMembers } from "./sources.js";
import { auditSources } from "./verify-sources.js";
import { type Bundled, auditSnapshot, auditTime, versionsIn } from "./past.js";

export interface BundleQuestion {
  /** What the file is called, for the report. */
  readonly name: string;
  readonly source: ByteSource;
  readonly root: Uint8Array;
  /** Overrides the one that the root carries. */
  readonly policy?: SignaturePolicy;
  /** Reference time of every expiry; the time of the manifest's own stamp when absent. */
  readonly at?: Date;
  /** The last checkpoint of the log that the auditor saw. */
  readonly since?: Uint8Array;
  /** No stamp may be from after it. */
  readonly now: Date;
  readonly rebuild: boolean;
  readonly workshop: Omit<Workshop, "archive">;
  /** docs/VERIFY.md, from which the page of commands was made. */
  readonly verifyPage: string;
  readonly postQuantum?: PostQuantumVerifier;
  readonly onStep?: (step: AuditStep) => void;
}

/** Always a report: a refusal is its last step. @throws UsageError USAGE; whatever is not a RulemintError */
export async function verifyBundle(question: BundleQuestion): Promise<AuditReport> {
  const log = new AuditLog(question.onStep);
  log.fact("Bundle", question.name);
  log.fact("Pinned root, SHA-256", hexText(await sha256(question.root)));
  log.fact("Program", `rulemint ${version}`);
  let found: { feed: FeedName; release: ReleaseNumber } | undefined;
  let at = question.at ?? question.now;
  const subject = () => ({
    kind: "verify",
    subject: found === undefined ? "an evidence bundle" : `release ${found.release} of feed ${found.feed}`,
    feed: found?.feed ?? null,
    release: found?.release ?? null,
    at,
  });
  return reported(
    log,
    async () => {
      const bundle = await openBundle(log, question);
      found = bundle;
      at = await auditTime(log, bundle, question);
      log.fact(
        "Judged at",
        question.at === undefined ? "the time of the manifest's own stamp" : "the time given",
      );
      const target = await runSteps(log, question, { bundle, files: bundledTree(bundle), at });
      const conclusion =
        `Every one of ${log.steps.length} steps was proven, from this file and the pinned root alone. ` +
        `Release ${bundle.release} of feed ${bundle.feed} is what its signers say it is.`;
      return { ...subject(), conclusion, target };
    },
    () => ({
      ...subject(),
      conclusion: "",
      target: { heading: "REFUSED", lines: [`at "${log.steps.at(-1)?.title}"`] },
    }),
  );
}

function openBundle(log: AuditLog, { source, workshop }: BundleQuestion): Promise<Bundle> {
  return log.step("The file is whole, and in its one form", "SPEC §14.2", async () => {
    const value = await Bundle.open(source, workshop.digest);
    log.fact("Bundle, SHA-256", value.sha256);
    const evidence = [
      `${value.paths.length} files, ${value.bytes} bytes, each with the digest that is listed`,
    ];
    return { value, evidence };
  });
}

async function runSteps(
  log: AuditLog,
  question: BundleQuestion,
  bundled: Bundled,
): Promise<SignatureChain["target"]> {
  const { bundle, files, at } = bundled;
  const { root, postQuantum } = question;
  // SPEC §14.5.1: from the pinned root, and from nothing else.
  const trusted = await auditRoots(log, files, root, at);
  const policy = policyFor(question.policy, trusted);
  const snapshot = await auditSnapshot(log, bundled, trusted);
  await auditTargets(log, files, trusted, bundle.feed);
  const proven = await auditExpectedManifest(log, files, trusted, bundle.feed, "The manifest that it lists");
  requireRelease(proven, bundle);
  log.lanes.push(authorityLane(trusted, proven, root));
  // Stamps and cosignatures may be from any time up to now: witnesses cosign after the stamp. Expiry alone is judged at the stamp's time.
  const clock = question.at ?? question.now;
  const release = await auditSignature(log, files, proven, policy, clock, postQuantum);
  log.lanes.push(...certificateLanes(release.signature, proven));
  if (release.log !== undefined) log.lanes.push(logLane(release.log));
  await auditSince(log, bundle, release, policy, question.since);
  await auditAttestations(log, files, release, proven, trusted.delegation(bundle.feed));
  const packs = await auditPacks(log, files, release, policy, clock);
  const database = await auditContent(log, files, release, packs, {
    ...question.workshop,
    archive: undefined,
  });
  const sources = await auditSources(log, bundle, release);
  await auditPages(log, question, { ...bundled, trusted, release, database, snapshot, sources });
  const maps = () => namedSourceMaps(files, proven, release, trusted.delegation(bundle.feed));
  await rebuild(log, question, release, database, { archive: sources?.archive, maps });
  releaseFigures(log, release);
  if (sources !== undefined) log.figure("Source files", sourceMembers(sources.sources).length);
  note(log, trusted, bundled);
  return targetBox(release);
}

function requireRelease({ metadata }: ProvenFeed, { release }: Bundle): void {
  if (metadata.version === release) return;
  throw malformed(`release ${release}, as bundle.json says`, String(metadata.version));
}

async function rebuild(
  log: AuditLog,
  { rebuild: wanted, workshop }: BundleQuestion,
  release: ProvenRelease,
  database: Uint8Array,
  {
    archive,
    maps,
  }: { readonly archive: Workshop["archive"]; readonly maps: () => Promise<readonly string[]> },
): Promise<void> {
  if (wanted) return auditRebuild(log, release, database, { ...workshop, archive }, await maps());
  const why = archive === undefined ? "The bundle has no sources" : "The sources were not compiled again";
  log.notes.push(`${why}: whether the reviewed sources give this database was not asked.`);
}

/** What a file from the past cannot say. */
function note(log: AuditLog, { root }: TrustedMetadata, { bundle, at }: Bundled): void {
  const last = versionsIn(bundle, "root").at(-1) ?? 0;
  if (root.version > last) {
    log.notes.push(
      `The pinned root (version ${root.version}) is later than those in the bundle (up to ${last}): it vouches by itself, and they were not judged.`,
    );
  }
  log.notes.push(
    `This bundle shows the release as it was published (root ${root.version}, ${formatTime(at)}). It cannot say what came later: ` +
      "a withdrawal, a newer root, a revocation.",
  );
}
