/** Everything that belongs into the bundle of one release, from a public tree and, for the sources, from wherever they may be read. */
import type { FeedName, ReleaseNumber, Sha256Hex } from "../../core/brands.js";
import { utf8Bytes } from "../../core/encoding/bytes.js";
import { memorySource } from "../../core/encoding/stream.js";
import { openDatabase } from "../../core/format/database.js";
import type { PackFacts } from "../../core/format/model.js";
import { parseCheckpoint } from "../../core/log/checkpoint.js";
import { parseLogProof } from "../../core/log/log-proof.js";
import { limits } from "../../core/limits.js";
import { clamavSignaturesPath } from "../../core/release/clamav-signatures.js";
import { type RuleChanges, compareRules } from "../../core/release/rule-changes.js";
import {
  evidencePath,
  manifestSecondSignaturePath,
  manifestSignaturePath,
  metadataPath,
  packPath,
  packSignaturePath,
} from "../../core/release/tree-paths.js";
import { provenancePath, verdictsPath } from "../../core/trust/attest/verdict-list.js";
import { parseEvidence } from "../../core/trust/evidence.js";
import { parseManifest } from "../../core/trust/manifest.js";
import type { Manifest } from "../../core/trust/model.js";
import { type Workshop, unpack } from "../audit-content.js";
import type { PublicFiles } from "../fetch-file.js";
import { type PreviousRelease, fullPackOf, previousRelease } from "../previous-release.js";
import { commandsPage } from "./commands.js";
import { derivedFiles, inMemory } from "./derived.js";
import { type BundleFile, bundlePaths, publicMember } from "./layout.js";
import { type Publication, findPublication } from "./publication.js";
import { sinceFiles } from "./since.js";
import { sourceFiles } from "./sources.js";

export interface ExportQuestion {
  readonly files: PublicFiles;
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
  readonly now: Date;
  readonly workshop: Pick<Workshop, "codec" | "digest" | "archive">;
  /** The last checkpoint of the log that the auditor saw. */
  readonly since?: Uint8Array;
  /** docs/VERIFY.md, of which the page of commands is made. */
  readonly verifyPage: string;
}

/**
 * SPEC §14.3. Nothing is left out in silence: what a release must have and the tree has not is an error.
 * @throws the codes of `findPublication`; VerificationError ASSAY_MISMATCH for other sources than the manifest's
 */
export async function collectBundle(question: ExportQuestion): Promise<BundleFile[]> {
  const { files, feed, release, now, workshop } = question;
  const publication = await findPublication(files, feed, release, now);
  const manifest = parseManifest(publication.proven.envelope.signed);
  const previous = await previousRelease(files, manifest, workshop);
  const changes = await changesOf(files, manifest, previous, workshop);
  const root = publication.roots.at(-1) as Uint8Array;
  const stamped = publication.signature.timestamp.time;
  return [
    ...(await metadataFiles(publication, manifest, previous)),
    ...(await evidenceFiles(files, publication, manifest)),
    ...(await packFiles(files, manifest, previous)),
    ...(await derivedFiles({ ...publication, root, changes })),
    await inMemory(
      bundlePaths.commands,
      utf8Bytes(commandsPage(question.verifyPage, { feed, release, stamped })),
    ),
    ...(await sinceFiles(
      files,
      question.since,
      await publishedHead(files, feed, release),
      publication.policy,
    )),
    ...(await sourceFiles(workshop.archive, manifest.block)),
  ];
}

/** Of the checkpoint under which the release became public; undefined where the tree has no log. */
async function publishedHead(files: PublicFiles, feed: FeedName, release: ReleaseNumber) {
  const document = await files.find(evidencePath(feed, release), limits.evidenceBytesMax);
  const log = document && parseEvidence(document).log;
  return log && parseCheckpoint(parseLogProof(log.proof).checkpoint.text);
}

/** SPEC §14.4.1 */
export async function changesOf(
  files: PublicFiles,
  manifest: Manifest,
  previous: PreviousRelease | undefined,
  workshop: Pick<Workshop, "codec" | "digest">,
): Promise<RuleChanges> {
  const { feed, release } = manifest.block;
  const full = fullPackOf(manifest);
  const database = await unpack(await files.read(packPath(full), full.bytes), workshop);
  return {
    feed,
    release,
    previous: previous?.manifest.version ?? null,
    kinds: await kindsOf(previous, database),
  };
}

async function kindsOf(
  previous: PreviousRelease | undefined,
  database: Uint8Array,
): Promise<RuleChanges["kinds"]> {
  const before = previous && (await openDatabase(memorySource(previous.database)));
  return compareRules(before, await openDatabase(memorySource(database)));
}

function metadataFiles(
  { roots, snapshot, targets, manifest }: Publication,
  { block, version }: Manifest,
  previous: PreviousRelease | undefined,
): Promise<BundleFile[]> {
  const { feed } = block;
  const members: [string, Uint8Array][] = [
    ...roots.map((root, i): [string, Uint8Array] => [metadataPath("root", i + 1), root]),
    [metadataPath("snapshot", snapshot.version), snapshot.bytes],
    [metadataPath("targets", targets.version), targets.bytes],
    [metadataPath(feed, version), manifest],
  ];
  if (previous !== undefined)
    members.push([metadataPath(feed, previous.manifest.version), previous.manifestFile]);
  return Promise.all(members.map(([path, bytes]) => inMemory(publicMember(path), bytes)));
}

/** The CMS is there; what a release need not have is taken where the tree has it. */
async function evidenceFiles(
  files: PublicFiles,
  { cms }: Publication,
  { block: { feed }, version }: Manifest,
): Promise<BundleFile[]> {
  const found = [await inMemory(publicMember(manifestSignaturePath(feed, version)), cms)];
  for (const [path, bytesMax] of optionalEvidence(feed, version)) {
    const bytes = await files.find(path, bytesMax);
    if (bytes !== undefined) found.push(await inMemory(publicMember(path), bytes));
  }
  return found;
}

/** Paths, and how large a file there may be. */
export function optionalEvidence(
  feed: FeedName,
  release: ReleaseNumber,
): readonly (readonly [string, number])[] {
  return [
    [evidencePath(feed, release), limits.evidenceBytesMax],
    [manifestSecondSignaturePath(feed, release), limits.cmsBytesMax],
    [clamavSignaturesPath(feed, release), limits.clamavSignaturesBytesMax],
    [provenancePath(feed, release), limits.attestationBytesMax],
    [verdictsPath(feed, release), limits.verdictListBytesMax],
  ];
}

/**
 * Every pack that the manifest lists with its signature, and the full pack of the release before, on which the changes rest: that one is
 * proven by the digest in the manifest before, and that manifest by this one.
 */
async function packFiles(
  files: PublicFiles,
  manifest: Manifest,
  previous: PreviousRelease | undefined,
): Promise<BundleFile[]> {
  const packs = listedPacks(manifest, previous);
  const found: BundleFile[] = packs.map((pack) => ({
    ...{ path: publicMember(packPath(pack)), bytes: pack.bytes, sha256: pack.sha256 as Sha256Hex },
    read: () => files.read(packPath(pack), pack.bytes),
  }));
  for (const pack of manifest.packs) {
    const path = packSignaturePath(pack);
    found.push(await inMemory(publicMember(path), await files.read(path, limits.cmsBytesMax)));
  }
  return found;
}

export function listedPacks(
  { packs }: Manifest,
  previous: Pick<PreviousRelease, "fullPack"> | undefined,
): PackFacts[] {
  const known = new Set(packs.map(({ sha256 }) => sha256));
  const before = previous?.fullPack;
  return before === undefined || known.has(before.sha256) ? [...packs] : [...packs, before];
}
