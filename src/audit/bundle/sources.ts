/** The sources of a release in a bundle: the list as the service hands it out, and every file under the name that its author gave it. */
import type { FeedName, ReleaseNumber, Sha256Hex } from "../../core/brands.js";
import { RulemintError } from "../../core/errors.js";
import type { FileFacts, ReleaseSources } from "../../core/release/model.js";
import { verifySources } from "../../core/release/rebuild.js";
import { parseSources } from "../../core/release/sources.js";
import type { ManifestBlock } from "../../core/trust/model.js";
import type { SourceArchive } from "../../ports/source-archive.js";
import { inMemory } from "./derived.js";
import { type BundleFile, bundlePaths, sourceMember } from "./layout.js";

/** SPEC §14.3.3. Empty where the archive does not have them: a bundle without sources proves less, and says so. */
export async function sourceFiles(
  archive: SourceArchive | undefined,
  block: ManifestBlock,
): Promise<BundleFile[]> {
  const list = await findList(archive, block.feed, block.release);
  if (archive === undefined || list === undefined) return [];
  const sources = parseSources(list);
  await verifySources(sources, block);
  const members = sourceMembers(sources).map(({ path, file }) => ({
    ...{ path, bytes: file.bytes, sha256: file.sha256 },
    read: () => archive.file(file.sha256, file.bytes),
  }));
  return [await inMemory(bundlePaths.sourceList, list), ...members];
}

export function sourceMembers({ revisions }: ReleaseSources): { path: string; file: FileFacts }[] {
  return revisions.flatMap(({ ruleset, files }) =>
    files.map((file) => ({ path: sourceMember(ruleset, file.path), file })),
  );
}

async function findList(
  archive: SourceArchive | undefined,
  feed: FeedName,
  release: ReleaseNumber,
): Promise<Uint8Array | undefined> {
  try {
    return await archive?.sources(feed, release);
  } catch (error) {
    if (error instanceof RulemintError && error.code === "FETCH_NOT_FOUND") return undefined;
    throw error;
  }
}

/** What a rebuild reads, out of a bundle: the list may name a file twice, under two names. */
export function bundledSources(
  read: (path: string, bytesMax: number) => Promise<Uint8Array>,
  sources: ReleaseSources,
  list: Uint8Array,
): SourceArchive {
  const places = new Map<Sha256Hex, string>(
    sourceMembers(sources).map(({ path, file }) => [file.sha256, path]),
  );
  return {
    sources: async () => list,
    file: (sha256, bytesMax) => read(places.get(sha256) as string, bytesMax),
  };
}
