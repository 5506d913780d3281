/** From packs on the disk to the database that they lead to, one new file a step, each compared with the manifest. */
import type { ByteSink, ByteSource, DigestFactory } from "../core/encoding/stream.js";
import { OperationError, VerificationError } from "../core/errors.js";
import type { Codec } from "../core/format/codec.js";
import { applyDelta } from "../core/format/delta-apply.js";
import { decodeFullPack } from "../core/format/full-pack.js";
import type { PackFacts } from "../core/format/model.js";
import { kindFacts } from "../core/rules/kind-facts.js";
import type { EndpointScratch, EndpointStore } from "../ports/endpoint-store.js";
import type { OpenObject } from "../ports/object-store.js";
import { isDownload } from "./pack-segments.js";

export interface ApplyInput {
  readonly store: EndpointStore;
  readonly codec: Codec;
  readonly digest: DigestFactory;
  /** The database that the first delta starts from. */
  readonly base: "database" | "previous";
}

export interface LocalPack {
  readonly pack: PackFacts;
  readonly source: ByteSource;
  /** The scratch file that holds the database of a pack that was unpacked while it came. */
  readonly unpacked?: string | undefined;
}

const stepName = (step: number) => `database-${step}`;

/**
 * The scratch file that holds the database of the last pack. `onPack` is told which pack is worked on.
 *
 * @throws VerificationError PACK_*, CODEC_FAILED, DATABASE_*; OperationError STORE_FULL, STORE_FAILED
 */
export async function applyPacks(
  input: ApplyInput,
  packs: readonly LocalPack[],
  onPack: (pack: PackFacts) => void,
): Promise<string> {
  const { scratch, databases } = input.store;
  // What an earlier, interrupted run made is not continued: decoding is quick, downloads are not.
  let current = packs[0]?.unpacked;
  await scratch.prune((name) => isDownload(name) || name === current);
  for (const [step, local] of packs.entries()) {
    if (local.unpacked !== undefined) continue;
    onPack(local.pack);
    const next = stepName(step);
    const base = current === undefined ? () => databases.open(input.base) : openScratch(scratch, current);
    await applyOne(input, local, base, next);
    // The one before is not needed any more, and the disk may be small.
    await scratch.prune((other) => isDownload(other) || other === next);
    current = next;
  }
  return current as string;
}

/** SPEC §8.3.10: a full pack, which may still be coming. What is written is proven as it comes. @throws as `applyPacks` */
export async function unpackFull(input: ApplyInput, local: LocalPack): Promise<string> {
  const { scratch } = input.store;
  await scratch.prune(isDownload);
  await applyOne(input, local, async () => undefined, stepName(0));
  return stepName(0);
}

const openScratch = (scratch: EndpointScratch, name: string) => () => scratch.open(name);

async function applyOne(
  input: ApplyInput,
  { pack, source }: LocalPack,
  openBase: () => Promise<OpenObject | undefined>,
  next: string,
): Promise<void> {
  let base: OpenObject | undefined;
  let found: { sha256: string; bytes: number };
  try {
    if (pack.kind === "delta") {
      base = await openBase();
      if (base === undefined)
        throw new OperationError("STORE_FAILED", "expected the database to start from, got nothing");
    }
    found = await decode(input, pack, source, base, next);
  } finally {
    await base?.close();
  }
  // SPEC §8.4.4, §4.2.2: what came out is what the signed manifest says, whatever the pack itself claims.
  if (found.sha256 !== pack.databaseSha256 || found.bytes !== pack.databaseBytes) {
    throw new VerificationError(
      "DATABASE_DIGEST_MISMATCH",
      `expected release ${pack.to} with SHA-256 ${pack.databaseSha256}, got ${found.sha256}`,
    );
  }
}

/** Writes the new file. The digest of what was written is that of every block and table of it, computed on the way. */
async function decode(
  { store, codec, digest }: ApplyInput,
  pack: PackFacts,
  source: ByteSource,
  base: ByteSource | undefined,
  next: string,
): Promise<{ sha256: string; bytes: number }> {
  const file = await store.scratch.append(next);
  const sink = limitedSink(file, pack.databaseBytes);
  try {
    return base === undefined
      ? await decodeFullPack(source, sink, codec, digest, kindFacts, pack.databaseSha256)
      : await applyDelta(base, source, sink, digest);
  } finally {
    await file.close();
  }
}

/** Passes bytes on, and stops a pack that goes on beyond the size that was signed. */
function limitedSink(sink: ByteSink, bytesMax: number): ByteSink {
  let bytes = 0;
  return {
    write: async (chunk) => {
      bytes += chunk.length;
      if (bytes > bytesMax) {
        throw new VerificationError("DATABASE_DIGEST_MISMATCH", `expected ${bytesMax} bytes, got more`);
      }
      await sink.write(chunk);
    },
  };
}
