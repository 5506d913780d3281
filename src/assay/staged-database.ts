/** Databases out of the full packs that the publisher staged. */
import type { FeedName, Sha256Hex } from "../core/brands.js";
import { type ByteSink, type ByteSource, memorySink, memorySource } from "../core/encoding/stream.js";
import type { PackMethod } from "../core/format/codec.js";
import { decodeFullPack } from "../core/format/full-pack.js";
import type { PackFacts } from "../core/format/model.js";
import { malformedPack } from "../core/format/pack-header.js";
import { PackReader } from "../core/format/pack-reader.js";
import type { Manifest } from "../core/trust/model.js";
import type { AssayContext } from "./model.js";

/**
 * Only to say in what it differs from one's own. Undefined when the manifest lists no full pack of its own release.
 * @throws VerificationError PACK_*, CODEC_FAILED
 */
export async function stagedDatabase(
  context: AssayContext,
  feed: FeedName,
  manifest: Manifest,
): Promise<ByteSource | undefined> {
  const full = manifest.packs.find((pack) => pack.kind === "full" && pack.to === manifest.version);
  if (full === undefined) return undefined;
  const sink = memorySink();
  await unpackStaged(context, feed, manifest, full, sink);
  return memorySource(sink.bytes());
}

export interface Unpacked {
  /** Of the file, whose digest is that of the manifest. */
  readonly packBytes: number;
  readonly method: PackMethod;
  readonly databaseSha256: Sha256Hex;
  readonly databaseBytes: number;
}

/** What a full pack really holds goes into `sink`. @throws VerificationError PACK_*, CODEC_FAILED, DATABASE_* */
export async function unpackStaged(
  { desk, codec, digest }: AssayContext,
  feed: FeedName,
  { version }: Pick<Manifest, "version">,
  pack: PackFacts,
  sink: ByteSink,
): Promise<Unpacked> {
  const name = pack.path.slice(pack.path.lastIndexOf("/") + 1);
  const file = memorySource(await desk.pack(feed, version, name, pack.sha256));
  const header = await new PackReader(file).header();
  if (header.kind !== "full") throw malformedPack("expected a full pack, got a delta pack");
  const { sha256, bytes } = await decodeFullPack(file, sink, codec, digest);
  return { packBytes: file.length, method: header.method, databaseSha256: sha256, databaseBytes: bytes };
}
