/**
 * `audit compare-mirrors`: two places that serve one publisher's tree, file by file. A file that changes under one name has to be newer
 * somewhere, or somebody lies; two files of one version, both signed, convict the publisher.
 */
import { type FeedName, releaseNumber } from "../core/brands.js";
import { equalBytes, hexText } from "../core/encoding/bytes.js";
import { sha256 } from "../core/encoding/sha256.js";
import { RulemintError, VerificationError } from "../core/errors.js";
import { limits } from "../core/limits.js";
import {
  evidencePath,
  manifestSignaturePath,
  metadataPath,
  packPath,
  packSignaturePath,
} from "../core/release/tree-paths.js";
import { parseManifest } from "../core/trust/manifest.js";
import { parseEnvelope } from "../core/trust/metadata.js";
import type { TrustedMetadata } from "../core/trust/trusted-metadata.js";
import { auditManifest } from "./audit-manifest.js";
import { auditMetadata } from "./audit-metadata.js";
import { type TreeQuestion, noteQuestion } from "./audit-release.js";
import { type PublicFiles, fetchedFiles } from "./fetch-file.js";
import { AuditLog, type AuditReport, type TableRow, reported } from "./report.js";

export interface MirrorsQuestion extends TreeQuestion {
  readonly other: string;
}

interface Mirror {
  readonly url: string;
  readonly files: PublicFiles;
  /** Undefined when the mirror itself was refused. */
  readonly trusted: TrustedMetadata | undefined;
  readonly release: number;
}

/** Up to the release that was the newest at the time that is asked about. */
export async function compareMirrors(question: MirrorsQuestion): Promise<AuditReport> {
  const { feed, at, url, other } = question;
  const log = new AuditLog(question.onStep);
  await noteQuestion(log, question);
  log.fact("The other mirror", other);
  const subject = {
    kind: "compare-mirrors",
    subject: `two mirrors of feed ${feed}`,
    feed,
    release: null,
    at,
  };
  return reported(
    log,
    async () => {
      const one = await openMirror(log, question, url, "The first mirror");
      const two = await openMirror(log, question, other, "The other mirror");
      const rows = [...heads(one, two), ...(await differences(question.feed, one, two))];
      log.tables.push({ title: "Differences", columns: ["file", "first", "other", "what it means"], rows });
      log.figure("Newest release at the first", one.release);
      log.figure("Newest release at the other", two.release);
      const bad = rows.filter(({ mark }) => mark === "refused");
      await noteVerdict(log, bad);
      const lag =
        rows.length === 0 ? "They serve the same." : "What differs is explained by one being behind.";
      return { ...subject, conclusion: `Both mirrors were proven from the pinned root. ${lag}` };
    },
    () => ({ ...subject, conclusion: "" }),
  );
}

async function openMirror(
  log: AuditLog,
  { fetcher, root, feed, at }: TreeQuestion,
  url: string,
  title: string,
): Promise<Mirror> {
  const files = fetchedFiles(fetcher, url);
  const own = new AuditLog();
  try {
    return await log.step(title, "TUF §5", async () => {
      const trusted = await auditMetadata(own, files, root, feed, at);
      const pinned = { root, at };
      const { metadata } = (await auditManifest(own, files, trusted, feed, undefined, pinned)).proven;
      const evidence = [
        url,
        `root ${trusted.root.version}, timestamp ${trusted.timestamp?.version}, release ${metadata.version}`,
      ];
      return { value: { url, files, trusted, release: metadata.version }, evidence };
    });
  } catch (error) {
    if (!(error instanceof RulemintError)) throw error;
    return { url, files, trusted: undefined, release: 0 };
  }
}

function heads(one: Mirror, two: Mirror): TableRow[] {
  const versions = ({ trusted }: Mirror) =>
    [
      ["root", trusted?.root.version ?? 0],
      ["timestamp", trusted?.timestamp?.version ?? 0],
      ["snapshot", trusted?.snapshot?.version ?? 0],
      ["targets", trusted?.targets?.version ?? 0],
    ] as const;
  const others = versions(two);
  return versions(one).flatMap(([role, version], i) => {
    const theirs = others[i]?.[1] ?? 0;
    if (version === theirs) return [];
    const behind = version < theirs ? "the first is behind" : "the other is behind";
    return [{ cells: [`newest ${role}`, String(version), String(theirs), behind] }];
  });
}

/** Every file up to the newest that both know: metadata of each version, and what each release of both consists of. */
async function differences(feed: FeedName, one: Mirror, two: Mirror): Promise<TableRow[]> {
  const rows: TableRow[] = [];
  const compare = async (path: string, bytesMax: number, signed: boolean) => {
    const row = await compareFile(path, bytesMax, signed, one, two);
    if (row !== undefined) rows.push(row);
  };
  const both = (version: (mirror: Mirror) => number | undefined) =>
    Math.min(version(one) ?? 0, version(two) ?? 0);
  for (let n = 1; n <= both(({ trusted }) => trusted?.root.version); n++)
    await compare(metadataPath("root", n), limits.rootBytesMax, true);
  for (let n = 1; n <= both(({ trusted }) => trusted?.targets?.version); n++)
    await compare(metadataPath("targets", n), limits.targetsBytesMax, true);
  for (let n = 1; n <= both(({ trusted }) => trusted?.snapshot?.version); n++)
    await compare(metadataPath("snapshot", n), limits.snapshotBytesMax, true);
  for (let n = 1; n <= both(({ release }) => release); n++) {
    await compare(metadataPath(feed, n), limits.targetsBytesMax, true);
    await compare(manifestSignaturePath(feed, releaseNumber(n)), limits.cmsBytesMax, false);
    await compare(evidencePath(feed, releaseNumber(n)), limits.evidenceBytesMax, false);
  }
  for (const pack of await packsOf(
    feed,
    one,
    both(({ release }) => release),
  )) {
    await compare(packPath(pack), pack.bytes, false);
    await compare(packSignaturePath(pack), limits.cmsBytesMax, false);
  }
  return rows;
}

async function packsOf(feed: FeedName, { files }: Mirror, release: number) {
  if (release === 0) return [];
  const manifest = await files.find(metadataPath(feed, release), limits.targetsBytesMax);
  return manifest === undefined ? [] : parseManifest(parseEnvelope(manifest, "targets").signed).packs;
}

async function compareFile(
  path: string,
  bytesMax: number,
  signed: boolean,
  one: Mirror,
  two: Mirror,
): Promise<TableRow | undefined> {
  const [first, other] = [await one.files.find(path, bytesMax), await two.files.find(path, bytesMax)];
  if (first === undefined && other === undefined) return undefined;
  if (first !== undefined && other !== undefined && equalBytes(first, other)) return undefined;
  const digest = async (bytes: Uint8Array | undefined) =>
    bytes === undefined ? "missing" : hexText(await sha256(bytes));
  const meaning =
    first === undefined || other === undefined
      ? "a mirror is incomplete"
      : signed
        ? "two files of one version: one of them is forged, or its signers made two"
        : "a file that never changes differs: one mirror has changed it";
  return { cells: [path, await digest(first), await digest(other), meaning], mark: "refused" };
}

/** As a step, so that the verdict is one of a step. */
async function noteVerdict(log: AuditLog, bad: readonly TableRow[]): Promise<void> {
  try {
    await log.step("Every file that both should have", "SPEC §2.6", async () => {
      const [first] = bad;
      if (first === undefined) return { value: undefined, evidence: ["the same bytes on both"] };
      throw new VerificationError(
        "METADATA_MISMATCH",
        `expected the same files on both mirrors, got ${bad.length} that differ, the first: ${first.cells[0]}`,
      );
    });
  } catch (error) {
    if (!(error instanceof RulemintError)) throw error;
  }
}
