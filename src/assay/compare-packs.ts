/**
 * Every pack of the staged manifest, made again from this overseer's own databases and compared byte for byte; but for the small pack of an
 * older release, which is unpacked and held against its own database: to make it takes forty times as long, and a release would wait.
 */
import { type FeedName, type ReleaseNumber, releaseNumber } from "../core/brands.js";
import { RulemintError } from "../core/errors.js";
import { methodCodecs, methodOfCodec } from "../core/format/codec.js";
import type { PackFacts } from "../core/format/model.js";
import { discardingSink } from "../core/format/outbox.js";
import { packTarget } from "../core/release/packs.js";
import type { Manifest } from "../core/trust/model.js";
import { firstBytes } from "./explain-difference.js";
import { makePackFile, type PackBytes } from "./make-pack.js";
import type { AssayContext } from "./model.js";
import { unpackStaged } from "./staged-database.js";
import { digestOf } from "./rebuild-database.js";
import { mismatch } from "./staged-manifest.js";

/**
 * SPEC §10.2.9: one line a pack. Full packs are compressed in threads of their own, while deltas are coded in this one.
 *
 * @throws VerificationError ASSAY_MISMATCH at one that differs
 */
export async function comparePacks(
  context: AssayContext,
  feed: FeedName,
  manifest: Pick<Manifest, "packs" | "version">,
): Promise<string[]> {
  const { packs } = manifest;
  const lines = new Map<PackFacts, string>();
  const ends = await Promise.allSettled(
    (["full", "delta"] as const).map(async (kind) => {
      for (const pack of packs) {
        if (pack.kind === kind) lines.set(pack, await comparePack(context, feed, manifest, pack));
      }
    }),
  );
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  return packs.flatMap((pack) => lines.get(pack) ?? []);
}

async function comparePack(
  context: AssayContext,
  feed: FeedName,
  { version }: Pick<Manifest, "version">,
  pack: PackFacts,
): Promise<string> {
  const { records, onProgress } = context;
  const known = await records.get<PackFacts>("packs", pack.sha256);
  if (known !== undefined && JSON.stringify(known.body) === JSON.stringify(pack)) {
    return `${pack.path}: compared in an earlier assay, unchanged`;
  }
  const isOlder = pack.kind === "full" && pack.to < version;
  await (isOlder ? requireOwnDatabase(context, feed, version, pack) : requireEqual(context, feed, pack));
  await records.commit([{ collection: "packs", id: pack.sha256, expected: known?.version ?? 0, body: pack }]);
  const how = isOlder ? "yields the database" : "equal";
  onProgress(`${pack.path}: ${how}`);
  return `${pack.path}: ${pack.bytes} bytes, ${how}`;
}

/** SPEC §10.2.9: whatever made it, what comes out of it is what this overseer compiled. */
async function requireOwnDatabase(
  context: AssayContext,
  feed: FeedName,
  version: ReleaseNumber,
  pack: PackFacts,
): Promise<void> {
  const own = await digestOf(context, feed, pack.to);
  if (pack.databaseSha256 !== own) throw mismatch(`${pack.path} for database ${own}`, pack.databaseSha256);
  const found = await unpackStaged(context, feed, { version }, pack, discardingSink);
  const { databaseSha256, databaseBytes } = found;
  const [path, codec] = [packTarget(feed, 0, pack.to), methodCodecs[found.method]];
  const rebuilt = { ...pack, path, codec, bytes: found.packBytes, databaseSha256, databaseBytes };
  for (const name of differing(rebuilt, pack)) {
    throw mismatch(`${pack.path} with ${name} ${rebuilt[name]}, as unpacked here`, `${pack[name]}`);
  }
}

async function requireEqual(context: AssayContext, feed: FeedName, pack: PackFacts): Promise<void> {
  const target = await digestOf(context, feed, pack.to);
  const base = pack.kind === "full" ? undefined : await digestOf(context, feed, releaseNumber(pack.from));
  const facts = (made: PackBytes): PackFacts => ({
    path: packTarget(feed, pack.kind === "full" ? 0 : pack.from, pack.to),
    kind: pack.kind,
    from: pack.kind === "full" ? 0 : pack.from,
    to: pack.to,
    ...made,
  });
  const ahead = context.ahead?.pack(feed, base, target);
  if (ahead !== undefined && differing(facts(ahead), pack).length === 0) return;
  // Made ahead or not, what is said against a publisher is said of bytes that are here.
  // SPEC §10.2.9: a publisher chooses among the methods; one that is none of them differs.
  const method = methodOfCodec(pack.codec);
  const { facts: made, file } = await makePackFile(context, base, target, method);
  await requireFacts(context, feed, file, pack, facts(made));
}

async function requireFacts(
  context: AssayContext,
  feed: FeedName,
  bytes: Uint8Array,
  staged: PackFacts,
  rebuilt: PackFacts,
): Promise<void> {
  for (const name of differing(rebuilt, staged)) {
    const where = /^(bytes|sha256)$/.test(name) ? await firstDifference(context, feed, bytes, staged) : "";
    throw mismatch(
      `${staged.path} with ${name} ${rebuilt[name]}, as rebuilt here`,
      `${staged[name]}${where}`,
    );
  }
}

function differing(rebuilt: PackFacts, staged: PackFacts): (keyof PackFacts)[] {
  return (Object.keys(rebuilt) as (keyof PackFacts)[]).filter((name) => staged[name] !== rebuilt[name]);
}

/** The staged file is fetched for that alone: if it cannot be had, the digests have said enough. */
async function firstDifference(
  { desk }: AssayContext,
  feed: FeedName,
  rebuilt: Uint8Array,
  { path, to, sha256 }: PackFacts,
): Promise<string> {
  try {
    const staged = await desk.pack(feed, to, path.slice(path.lastIndexOf("/") + 1), sha256);
    const difference = firstBytes(rebuilt, staged) ?? "the staged file is the rebuilt one";
    return `, ${difference}`;
  } catch (error) {
    if (error instanceof RulemintError) return `, a file that cannot be had: ${error.code}`;
    throw error;
  }
}
