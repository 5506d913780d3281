/**
 * Which databases stand on this endpoint. The bytes decide: what `state.json` says is believed only after the digest of the
 * file has been compared with it.
 */
import { releaseNumber, type Sha256Hex } from "../core/brands.js";
import type { DigestFactory } from "../core/encoding/stream.js";
import { VerificationError } from "../core/errors.js";
import { digestDatabase } from "../core/format/database.js";
import type { DatabaseDamage } from "../core/format/model.js";
import { parseManifest } from "../core/trust/manifest.js";
import { parseEnvelope } from "../core/trust/metadata.js";
import type { Manifest } from "../core/trust/model.js";
import type { EndpointDatabases, EndpointFiles, EndpointStore } from "../ports/endpoint-store.js";
import type { Holdings, InstalledRelease } from "./model.js";
import type { StateKeeper } from "./state.js";

/** What a damaged database is known by: nothing has this digest. */
const damaged = "0".repeat(64) as Sha256Hex;

/** Of all its bytes. Undefined when there is no such database. */
export async function databaseDigest(
  databases: EndpointDatabases,
  which: "database" | "previous",
  factory: DigestFactory,
): Promise<Sha256Hex | undefined> {
  const file = await databases.open(which);
  if (file === undefined) return undefined;
  try {
    return await digestDatabase(file, factory);
  } catch (error) {
    if (error instanceof VerificationError) return damaged;
    throw error;
  } finally {
    await file.close();
  }
}

/** For a message about one whose digest is not what it should be. */
export const describeFound = (digest: Sha256Hex | undefined): string =>
  digest === undefined ? "none" : digest === damaged ? "one that cannot be read" : digest;

/** Of one whose digest is not what it should be. */
export const damageOf = (digest: Sha256Hex | undefined): DatabaseDamage =>
  digest === undefined ? "lost" : "damaged";

/** After a crash in mid-swap: the database itself says whether the swap has happened. */
export async function settleSwap(
  state: StateKeeper,
  databases: EndpointDatabases,
  factory: DigestFactory,
): Promise<void> {
  const { swap } = state.now;
  if (swap === null) return;
  if ((await databaseDigest(databases, "database", factory)) === swap.installed?.databaseSha256) {
    await state.set({ ...swap, swap: null });
    return;
  }
  // The file that is to be `previous` may have been put there already.
  const { previous } = state.now;
  const kept = (await databaseDigest(databases, "previous", factory)) === previous?.databaseSha256;
  await state.set({ previous: kept ? previous : null, swap: null });
}

/**
 * A state that was lost is found out again: the manifest of the last update tells which release the database is. It need not be
 * proven for that: a wrong number leads to packs that do not fit, and those are left out.
 */
export async function adoptDatabase(
  state: StateKeeper,
  store: Pick<EndpointStore, "databases" | "files">,
  factory: DigestFactory,
): Promise<void> {
  if (state.now.installed !== null) return;
  for (const name of ["chosen-manifest.json", "manifest.json"]) {
    const manifest = await storedManifest(store.files, name);
    if (manifest === undefined) continue;
    const found = identify(await databaseDigest(store.databases, "database", factory), null, manifest);
    if (found !== undefined) return state.set({ installed: found });
  }
}

/** As it stands on the disk, not proven again. Undefined when there is none or it is damaged: then a full pack repairs everything. */
export async function storedManifest(files: EndpointFiles, name: string): Promise<Manifest | undefined> {
  const file = await files.read(name);
  if (file === undefined) return undefined;
  try {
    return parseManifest(parseEnvelope(file, "targets").signed);
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    return undefined;
  }
}

/** The release that a database of this digest is: the one that was installed, or one that the manifest speaks of. */
export function identify(
  digest: Sha256Hex | undefined,
  installed: InstalledRelease | null,
  manifest: Manifest,
): InstalledRelease | undefined {
  if (digest === undefined) return undefined;
  if (installed?.databaseSha256 === digest) return installed;
  if (manifest.block.database.sha256 === digest) return newestOf(manifest);
  const pack = manifest.packs.find(({ databaseSha256 }) => databaseSha256 === digest);
  return (
    pack && { release: pack.to, databaseSha256: digest, databaseBytes: pack.databaseBytes, createdAt: null }
  );
}

export function newestOf({ version, block }: Manifest): InstalledRelease {
  return {
    release: releaseNumber(version),
    databaseSha256: block.database.sha256,
    databaseBytes: block.database.bytes,
    createdAt: block.createdAt,
  };
}

/**
 * SPEC §8.5: announce the swap, swap, record it; each step durable before the next. Whatever instant a crash picks,
 * `settleSwap` finds out which side of the rename it was.
 */
export async function swapDatabase(
  state: StateKeeper,
  next: Holdings,
  swap: () => Promise<void>,
): Promise<void> {
  await state.set({ swap: next });
  await swap();
  await state.set({ ...next, swap: null });
}
