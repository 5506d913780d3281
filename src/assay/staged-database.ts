/** The database that the publisher staged, out of its full pack: only to say in what it differs from one's own. */
import type { FeedName } from "../core/brands.js";
import { type ByteSource, memorySink, memorySource } from "../core/encoding/stream.js";
import { decodeFullPack } from "../core/format/full-pack.js";
import type { Manifest } from "../core/trust/model.js";
import type { AssayContext } from "./model.js";

/** Undefined when the manifest lists no full pack of its own release. @throws VerificationError PACK_*, CODEC_FAILED */
export async function stagedDatabase(
  { desk, codec, digest }: AssayContext,
  feed: FeedName,
  { packs, version }: Manifest,
): Promise<ByteSource | undefined> {
  const full = packs.find((pack) => pack.kind === "full" && pack.to === version);
  if (full === undefined) return undefined;
  const name = full.path.slice(full.path.lastIndexOf("/") + 1);
  const pack = await desk.pack(feed, version, name, full.sha256);
  const sink = memorySink();
  await decodeFullPack(memorySource(pack), sink, codec, digest);
  return memorySource(sink.bytes());
}
