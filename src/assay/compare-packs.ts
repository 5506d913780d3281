/** Every pack of the staged manifest, made again from this overseer's own databases and compared byte for byte. */
import { type FeedName, releaseNumber } from "../core/brands.js";
import { hexText } from "../core/encoding/bytes.js";
import { RulemintError } from "../core/errors.js";
import { memorySink } from "../core/encoding/stream.js";
import { openDatabase } from "../core/format/database.js";
import { encodeDelta } from "../core/format/delta-encode.js";
import { encodeFullPack } from "../core/format/full-pack.js";
import { deltaCodec } from "../core/format/pack-header.js";
import type { PackFacts } from "../core/format/model.js";
import { packTarget } from "../core/release/packs.js";
import { ruleLanguage } from "../core/rules/registry.js";
import { firstBytes } from "./explain-difference.js";
import type { AssayContext } from "./model.js";
import { databaseOf } from "./rebuild-database.js";
import { mismatch } from "./staged-manifest.js";

/** SPEC §10.2.9: one line a pack. @throws VerificationError ASSAY_MISMATCH at the first that differs */
export async function comparePacks(
  context: AssayContext,
  feed: FeedName,
  packs: readonly PackFacts[],
): Promise<string[]> {
  const checks: string[] = [];
  for (const pack of packs) {
    const known = await context.records.get<PackFacts>("packs", pack.sha256);
    if (known !== undefined && JSON.stringify(known.body) === JSON.stringify(pack)) {
      checks.push(`${pack.path}: compared in an earlier assay, unchanged`);
      continue;
    }
    await comparePack(context, feed, pack);
    const body = pack;
    await context.records.commit([
      { collection: "packs", id: pack.sha256, expected: known?.version ?? 0, body },
    ]);
    checks.push(`${pack.path}: ${pack.bytes} bytes, equal`);
    context.onProgress(`${pack.path}: equal`);
  }
  return checks;
}

async function comparePack(context: AssayContext, feed: FeedName, pack: PackFacts): Promise<void> {
  const { codec, digest } = context;
  const target = await databaseOf(context, feed, pack.to);
  const sink = memorySink();
  try {
    const { sha256: databaseSha256 } = await openDatabase(target, ruleLanguage, digest);
    if (pack.kind === "full") {
      await encodeFullPack(target, databaseSha256, sink, codec);
    } else {
      const base = await databaseOf(context, feed, releaseNumber(pack.from));
      try {
        await encodeDelta(base, target, sink, digest);
      } finally {
        await base.close();
      }
    }
    const rebuilt = sink.bytes();
    await requireFacts(context, feed, rebuilt, pack, {
      path: packTarget(feed, pack.kind === "full" ? 0 : pack.from, pack.to),
      kind: pack.kind,
      from: pack.kind === "full" ? 0 : pack.from,
      to: pack.to,
      bytes: rebuilt.length,
      sha256: hexText(digested(rebuilt, context)) as PackFacts["sha256"],
      databaseSha256,
      databaseBytes: target.length,
      codec: pack.kind === "full" ? codec.name : deltaCodec,
    });
  } finally {
    await target.close();
  }
}

async function requireFacts(
  context: AssayContext,
  feed: FeedName,
  bytes: Uint8Array,
  staged: PackFacts,
  rebuilt: PackFacts,
): Promise<void> {
  for (const name of Object.keys(rebuilt) as (keyof PackFacts)[]) {
    if (staged[name] === rebuilt[name]) continue;
    const where = /^(bytes|sha256)$/.test(name) ? await firstDifference(context, feed, bytes, staged) : "";
    throw mismatch(
      `${staged.path} with ${name} ${rebuilt[name]}, as rebuilt here`,
      `${staged[name]}${where}`,
    );
  }
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

function digested(bytes: Uint8Array, { digest }: AssayContext): Uint8Array {
  const running = digest();
  running.update(bytes);
  return running.finish();
}
