/** One update from poll to export, under the lock, at one time. SPEC §8. */
import type { SignatureMemory } from "../core/pki/algorithms.js";
import { RulemintError } from "../core/errors.js";
import { choosePath } from "../core/format/plan.js";
import type { DatabaseDamage, PackFacts, PackPath } from "../core/format/model.js";
import { equalBytes } from "../core/encoding/bytes.js";
import type { ByteSource } from "../core/encoding/stream.js";
import { formatTime } from "../core/trust/metadata.js";
import type { Manifest, ProvenRelease } from "../core/trust/model.js";
import type { RingEntry } from "../core/trust/rings.js";
import type { EndpointFiles } from "../ports/endpoint-store.js";
import { type LocalPack, applyPacks, unpackFull } from "./apply-packs.js";
import type { Budget } from "./budget.js";
import { chooseRelease } from "./choose-release.js";
import { downloadPack } from "./download.js";
import type { PublicTreeReader } from "./fetch-file.js";
import { enginesOf, findEngines } from "./engine-choices.js";
import { giveToEngines } from "./give-to-engines.js";
import { stillBad } from "./health-rollback.js";
import { damageOf, databaseDigest, identify, newestOf, swapDatabase } from "./holdings.js";
import type { ChainedManifest } from "./manifest-chain.js";
import { type UpdateEnd, noteUpdate } from "./note-update.js";
import type { EndpointConfig, InstalledRelease, UpdateEvent, UpdateResult, UpdaterOptions } from "./model.js";
import { usualConnections } from "./network.js";
import { proveRelease } from "./prove-release.js";
import { summarizeProof } from "./remember-proof.js";
import { refresh } from "./refresh.js";
import type { StateKeeper } from "./state.js";

export interface UpdateRun extends UpdaterOptions {
  readonly config: EndpointConfig;
  readonly state: StateKeeper;
  readonly tree: PublicTreeReader;
  readonly budget: Budget;
  readonly now: Date;
  readonly emit: (event: UpdateEvent) => void;
  readonly memory: SignatureMemory;
}

export async function runUpdate(run: UpdateRun): Promise<UpdateResult> {
  const { files } = run.store;
  let about: number | undefined;
  const onOffer = (release: number) => {
    about = release;
  };
  const note = (end: Partial<UpdateEnd>) =>
    noteUpdate({ files, config: run.config, state: run.state.now, now: run.now, ...end });
  try {
    const result = await stepByStep({ ...run, onOffer });
    await note({ result });
    return result;
  } catch (error) {
    if (error instanceof RulemintError) await note({ error, about });
    throw error;
  }
}

interface Steps extends UpdateRun {
  readonly onOffer: (release: number) => void;
}

async function stepByStep(run: Steps): Promise<UpdateResult> {
  const { store, config } = run;
  const input = { ...run, files: store.files, feed: config.feed };
  const refreshed = await refresh(input);
  const proof = await proveRelease(input, refreshed);
  await run.state.set({ proof: summarizeProof(proof, refreshed.trusted) });
  // SPEC §8.7.9: asked each time, for engines are upgraded too.
  const engines = await findEngines(config.engines, run.engine, run.state.now.engines);
  await run.state.set({ engines });
  const result = await reach(run, proof, refreshed.trusted.timestamp?.rings.get(config.feed));
  await rememberWaiting(run, result);
  await giveToEngines(input, proof);
  return result;
}

/** From the database that is there to the one of the release that this endpoint is to have. */
async function reach(run: Steps, proof: ProvenRelease, ring: RingEntry | undefined): Promise<UpdateResult> {
  const { state, store, config, now } = run;
  const { have, damage } = await provenDatabase(run, proof.manifest);
  const newest = newestOf(proof.manifest);
  const stay = {
    newest: newest.release,
    from: have?.release ?? null,
    path: null,
    bytes: 0,
    bytesOfPath: 0,
    proof,
  };

  const where = { files: store.files, tree: run.tree, now, feed: config.feed, choices: config.rings, ring };
  const engines = enginesOf(config.exportKinds, state.now.engines);
  const about = { newest: proof.manifest, have, bad: state.now.bad, engines };
  const { take, why } = await chooseRelease({ ...where, ...about });
  if (take === undefined) {
    const { release } = have as InstalledRelease;
    run.onOffer(release);
    return { ...stay, outcome: "waiting", release, why };
  }
  const { manifest } = take;
  const wanted = newestOf(manifest);
  run.onOffer(wanted.release);
  const reason = why === undefined ? {} : { why };

  // SPEC §8.6.1: a release that somebody rolled back from is not applied again, unless there is nothing else to run on.
  if (state.now.held === wanted.release && have !== undefined && have.release < wanted.release) {
    return { ...stay, outcome: "held", release: have.release };
  }
  await keepChosen(store.files, take);
  if (have?.databaseSha256 === wanted.databaseSha256) {
    const outcome = state.now.installed?.release === wanted.release ? "current" : "updated";
    await state.set({ installed: wanted, held: null, bad: stillBad(state.now.bad, wanted) });
    return { ...stay, ...reason, outcome, release: wanted.release };
  }

  const base = have ? ({ of: have, file: "database" } as const) : await spareBase(run, manifest);
  const { path, name, bytes, bytesOfPath, from: servers } = await obtain(run, manifest, { base, damage });
  const before = state.now.installed;
  // A damaged database is no place to go back to, and a recalled one neither.
  const isSound = have !== undefined && !proof.manifest.block.blocked?.includes(have.databaseSha256);
  const previous = isSound ? have : state.now.previous;
  const next = { installed: wanted, previous, held: null, bad: stillBad(state.now.bad, wanted) };
  await swapDatabase(state, next, () => store.databases.install(name, isSound));
  const packs = path.packs.map(({ kind, from, to, bytes: size }) => ({ kind, from, to, bytes: size }));
  const at = formatTime(now);
  await state.set({ arrival: { release: wanted.release, at, packs, bytes: bytesOfPath, from: servers } });
  run.emit({ type: "installed", release: wanted.release });
  const outcome = have === undefined && before?.release === wanted.release ? "repaired" : "updated";
  return { ...stay, ...reason, outcome, release: wanted.release, path, bytes, bytesOfPath };
}

/** An older manifest than the newest says what the database is when everything else was forgotten. */
async function keepChosen(files: EndpointFiles, { bytes }: ChainedManifest): Promise<void> {
  const stored = await files.read("chosen-manifest.json");
  if (bytes === undefined) {
    if (stored !== undefined) await files.remove("chosen-manifest.json");
  } else if (stored === undefined || !equalBytes(stored, bytes)) {
    await files.write("chosen-manifest.json", bytes);
  }
}

/** For the status: what it waits for, and since when. */
async function rememberWaiting({ state, now }: UpdateRun, { newest, why }: UpdateResult): Promise<void> {
  const { waiting } = state.now;
  if (why === undefined) {
    if (waiting) await state.set({ waiting: null });
    return;
  }
  const since = waiting?.newest === newest ? waiting.since : formatTime(now);
  await state.set({ waiting: { newest, why, since } });
}

interface ProvenDatabase {
  readonly have: InstalledRelease | undefined;
  readonly damage: DatabaseDamage | undefined;
}

/** The database in use if its bytes are those of a release that we know, or what became of it; neither where there never was one. */
async function provenDatabase(run: UpdateRun, manifest: Manifest): Promise<ProvenDatabase> {
  const { store, state, digest, emit } = run;
  const { installed } = state.now;
  const found = await databaseDigest(store.databases, "database", digest);
  const have = identify(found, installed, manifest);
  if (have === undefined && installed !== null)
    emit({ type: "database-damaged", expected: installed.databaseSha256 });
  const isMissing = have === undefined && (installed !== null || found !== undefined);
  return { have, damage: isMissing ? damageOf(found) : undefined };
}

/** SPEC §8.4.5: a database that is lost or damaged is made from the one before it, if that is sound and fewer bytes lead on from there. */
async function spareBase(run: UpdateRun, manifest: Manifest): Promise<Base | undefined> {
  const { store, state, digest } = run;
  const found = await databaseDigest(store.databases, "previous", digest);
  const of = identify(found, state.now.previous, manifest);
  return of && of.release < manifest.version ? { of, file: "previous" } : undefined;
}

interface Obtained {
  readonly path: PackPath;
  readonly name: string;
  /** Of all packs, and of those of the path. */
  readonly bytes: number;
  readonly bytesOfPath: number;
  /** The servers that brought them. */
  readonly from: readonly string[];
}

/** A sound database to start from, and which file it is. */
interface Base {
  readonly of: InstalledRelease;
  readonly file: "database" | "previous";
}

/**
 * SPEC §8.4: the cheapest path of packs; when a pack of it is refused, the cheapest without it, down to the full pack. The
 * answer is a scratch file that holds the database of the release, digest compared.
 */
async function obtain(
  run: UpdateRun,
  manifest: Manifest,
  { base, damage }: { readonly base: Base | undefined; readonly damage: DatabaseDamage | undefined },
): Promise<Obtained> {
  const refused = new Set<PackFacts>();
  /** What came over the network, of packs that were refused later too. */
  const fetched = new Map<PackFacts, number>();
  const servers = new Set<string>();
  let first: unknown;
  const input = { ...run, base: base?.file ?? "database" } as const;
  const { connectionsMax: connections = usualConnections } = run.config.network;
  const download = { ...run, scratch: run.store.scratch, connections };
  for (;;) {
    const usable = manifest.packs.filter((pack) => !refused.has(pack));
    const path = choosePath(usable, base?.of.release, manifest.version, damage);
    if (path === undefined) throw first;
    run.emit({ type: "path", path });
    let pack = path.packs[0] as PackFacts;
    try {
      const local: LocalPack[] = [];
      for (pack of path.packs) {
        run.tree.throwIfAborted();
        const wanted = pack;
        const unpack = (source: ByteSource) => unpackFull(input, { pack: wanted, source });
        const isFull = pack.kind === "full";
        const { bytes, from, ...arrived } = await downloadPack(download, pack, isFull ? unpack : undefined);
        fetched.set(pack, (fetched.get(pack) ?? 0) + bytes);
        if (from !== undefined) servers.add(from);
        local.push({ pack, ...arrived });
      }
      const name = await applyPacks(input, local, (next) => {
        pack = next;
      });
      const bytesOfPath = sum(path.packs.map((one) => fetched.get(one) ?? 0));
      return { path, name, bytes: sum([...fetched.values()]), bytesOfPath, from: [...servers] };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      first ??= error;
      refused.add(pack);
      run.emit({ type: "pack-refused", pack, code: error.code, message: error.message });
    }
  }
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

/** The pack is wrong or not there; another way may lead to the release. A broken network or a full disk is no reason for more bytes. */
function isRefusal(error: unknown): error is RulemintError {
  if (!(error instanceof RulemintError)) return false;
  return /^(PACK_|CODEC_|DATABASE_)|^(FETCH_NOT_FOUND|FETCH_TOO_LARGE|LIMIT_EXCEEDED)$/.test(error.code);
}
