/** That a bundle holds what belongs into it and nothing else, and that what follows from proven things does follow from them. */
import { equalBytes, hexText, utf8Bytes } from "../../core/encoding/bytes.js";
import { sha256 } from "../../core/encoding/sha256.js";
import { limits } from "../../core/limits.js";
import { verifySignature } from "../../core/pki/verify-signature.js";
import {
  evidencePath,
  manifestSecondSignaturePath,
  manifestSignaturePath,
  metadataPath,
  packPath,
  packSignaturePath,
} from "../../core/release/tree-paths.js";
import { parseEnvelope, parseRoot } from "../../core/trust/metadata.js";
import { provenancePath } from "../../core/trust/attest/verdict-list.js";
import { parseEvidence } from "../../core/trust/evidence.js";
import type { ProvenRelease } from "../../core/trust/model.js";
import { policyOfRoot } from "../../core/trust/policy.js";
import { TrustedMetadata } from "../../core/trust/trusted-metadata.js";
import { openDatabase } from "../../core/format/database.js";
import { memorySource } from "../../core/encoding/stream.js";
import { clamavSignaturesPath } from "../../core/release/clamav-signatures.js";
import { compareRules } from "../../core/release/rule-changes.js";
import type { Workshop } from "../audit-content.js";
import { type PreviousRelease, previousRelease } from "../previous-release.js";
import type { AuditLog } from "../report.js";
import { listedPacks, optionalEvidence } from "./collect.js";
import { commandsPage } from "./commands.js";
import { derivedFiles } from "./derived.js";
import { type BundleFile, bundlePaths, publicMember } from "./layout.js";
import { malformed } from "./open.js";
import { type Bundled, versionsIn } from "./past.js";
import { sourceMembers } from "./sources.js";
import type { BundledSources } from "./verify-sources.js";

export interface Judged extends Bundled {
  readonly trusted: TrustedMetadata;
  readonly release: ProvenRelease;
  readonly database: Uint8Array;
  /** Version of the snapshot. */
  readonly snapshot: number;
  readonly sources: BundledSources | undefined;
}

interface PageQuestion {
  readonly root: Uint8Array;
  readonly workshop: Omit<Workshop, "archive">;
  readonly verifyPage: string;
}

/** SPEC §14.3.4, §14.5.4 */
export async function auditPages(log: AuditLog, question: PageQuestion, judged: Judged): Promise<void> {
  const { files, release } = judged;
  const previous = await log.step("The release before it", "SPEC §5.4", async () => {
    const value = await previousRelease(files, release.manifest, question.workshop);
    if (value === undefined) return { value, evidence: ["none: this is the first"] };
    const { version: number, block } = value.manifest;
    const evidence = [
      `release ${number}, SHA-256 ${release.manifest.block.previousManifestSha256}, as this manifest names it`,
      `${value.fullPack.path}: database ${block.database.sha256}`,
    ];
    return { value, evidence };
  });
  const derived = await log.step("The rules that it changes, and the other pages", "SPEC §14.4", () =>
    auditDerived(judged, previous),
  );
  await log.step("What belongs into the bundle, and nothing else", "SPEC §14.3", async () => {
    const { paths } = judged.bundle;
    const belongs = new Set([...expectedPaths(judged, previous), ...derived.map(({ path }) => path)]);
    const stray = paths.find((path) => !belongs.has(path));
    if (stray !== undefined) throw malformed("files that belong to the release", stray);
    await requireEvidenceIndex(judged);
    await requireRoots(judged, question.root);
    return { value: undefined, evidence: [`${paths.length} files, each of them judged or made again`] };
  });
  await noteCommands(log, question, judged);
}

/** Each made again, and compared. */
async function auditDerived(judged: Judged, previous: PreviousRelease | undefined) {
  const { bundle, files, release, database } = judged;
  const { feed } = release;
  const { version } = release.manifest;
  const before = previous && (await openDatabase(memorySource(previous.database)));
  const kinds = await compareRules(before, await openDatabase(memorySource(database)));
  const changes = { feed, release: version, previous: previous?.manifest.version ?? null, kinds };
  const root = await files.read(metadataPath("root", lastRoot(judged)), limits.rootBytesMax);
  const policy = policyOfRoot(parseRoot(parseEnvelope(root, "root").signed));
  if (policy === undefined) throw malformed("a policy in the root", "none");
  const cms = await files.read(manifestSignaturePath(feed, version), limits.cmsBytesMax);
  const contentSha256 = await sha256(await files.read(metadataPath(feed, version), limits.targetsBytesMax));
  const signature = await verifySignature({ contentSha256, cms, policy, now: judged.at });
  const derived = await derivedFiles({ root, policy, cms, signature, changes });
  for (const { path, sha256: expected } of derived) {
    const got = bundle.digests.get(path);
    if (got !== expected) throw malformed(`${path} as it follows from the release`, got ?? "none");
  }
  const evidence = Object.entries(kinds).map(
    ([kind, one]) =>
      `${kind}: ${one.added.length} added, ${one.changed.length} changed, ${one.removed.length} removed`,
  );
  if (evidence.length === 0) evidence.push("no rule was added, changed or removed");
  return { value: derived as readonly BundleFile[], evidence };
}

const lastRoot = ({ bundle }: Judged): number => versionsIn(bundle, "root").at(-1) ?? 0;

function expectedPaths(judged: Judged, previous: PreviousRelease | undefined): string[] {
  const { trusted, release, snapshot, sources } = judged;
  const { feed, manifest } = release;
  const tree = [
    ...Array.from({ length: lastRoot(judged) }, (_, i) => metadataPath("root", i + 1)),
    metadataPath("snapshot", snapshot),
    metadataPath("targets", trusted.targets?.version ?? 0),
    metadataPath(feed, manifest.version),
    ...(previous === undefined ? [] : [metadataPath(feed, previous.manifest.version)]),
    manifestSignaturePath(feed, manifest.version),
    ...listedPacks(manifest, previous).map(packPath),
    ...manifest.packs.map(packSignaturePath),
    ...optionalEvidence(feed, manifest.version).map(([path]) => path),
  ];
  const listed = sources === undefined ? [] : sourceMembers(sources.sources).map(({ path }) => path);
  return [
    ...tree.map(publicMember),
    ...[
      bundlePaths.sums,
      bundlePaths.commands,
      bundlePaths.sourceList,
      bundlePaths.since,
      bundlePaths.consistency,
    ],
    ...listed,
  ];
}

/** The roots in the bundle lead to one another, through the pinned one if that is among them. */
async function requireRoots(judged: Judged, pinned: Uint8Array): Promise<void> {
  const { files, at, trusted } = judged;
  const read = (number: number) => files.read(metadataPath("root", number), limits.rootBytesMax);
  const walk = await TrustedMetadata.start(await read(1), at);
  const last = lastRoot(judged);
  while (walk.root.version < last) await walk.updateRoot(await read(walk.root.version + 1));
  const own = parseEnvelope(pinned, "root");
  const { version: number } = parseRoot(own.signed);
  if (number > last || trusted.root.version !== last) return;
  if (!equalBytes(parseEnvelope(await read(number), "root").message, own.message)) {
    throw malformed(`the pinned root as version ${number}`, "another root");
  }
}

/** The evidence document is signed by nobody: what it says of the files beside it must be so. What it says of the log proves itself. */
async function requireEvidenceIndex({ bundle, files, release }: Judged): Promise<void> {
  const { feed, manifest, manifestSha256 } = release;
  const number = manifest.version;
  const path = evidencePath(feed, number);
  if (!bundle.has(publicMember(path))) return;
  const said = parseEvidence(await files.read(path, limits.evidenceBytesMax));
  const digest = (member: string) => bundle.digests.get(publicMember(member));
  const sound =
    said.feed === feed &&
    said.release === number &&
    said.manifestSha256 === manifestSha256 &&
    said.cmsSha256 === digest(manifestSignaturePath(feed, number)) &&
    said.mldsaSha256 === digest(manifestSecondSignaturePath(feed, number)) &&
    said.clamavSha256 === digest(clamavSignaturesPath(feed, number)) &&
    said.provenanceSha256 === digest(provenancePath(feed, number));
  if (!sound) throw malformed(`${path} with the digests of this release`, "others");
}

/** The page is for people and changes with the program: another one is worth a word, and no refusal. */
async function noteCommands(
  log: AuditLog,
  { verifyPage }: PageQuestion,
  { bundle, release }: Judged,
): Promise<void> {
  const { feed, manifest, signature } = release;
  const names = { feed, release: manifest.version, stamped: signature.timestamp.time };
  const own = hexText(await sha256(utf8Bytes(commandsPage(verifyPage, names))));
  if (bundle.digests.get(bundlePaths.commands) === own) return;
  log.notes.push(
    "COMMANDS.md is not the page that this version of the program writes. Nothing vouches for it: read it before you run it.",
  );
}
