/**
 * Rules of some kinds, for an endpoint that has no need of the others: of a release's full pack what these kinds are in, every block proven by the
 * tree whose root the manifest has (SPEC §8.9). No database is kept: there is nothing that a delta could start from.
 */
import type { ReleaseNumber } from "../core/brands.js";
import { hexText } from "../core/encoding/bytes.js";
import { UsageError } from "../core/errors.js";
import type { Database, SectionReader } from "../core/format/database.js";
import { openSections } from "../core/format/full-pack.js";
import type { PackFacts } from "../core/format/model.js";
import { formatTime } from "../core/trust/metadata.js";
import type { ProvenRelease } from "../core/trust/model.js";
import { chooseRelease } from "./choose-release.js";
import { fetchClamAVSignatures } from "./clamav-signatures.js";
import { readPack } from "./download.js";
import { enginesOf, findEngines, requireKnown } from "./engine-choices.js";
import { type ChangeExports, exportChoices, exportMark, parseExportChoices } from "./export-choices.js";
import type { Exported } from "./export-database.js";
import { newestOf } from "./holdings.js";
import { localInForce } from "./local-rules/in-force.js";
import { LocalExport } from "./local-rules/local-export.js";
import { noLocalRules } from "./local-rules/model.js";
import type { FetchedSections } from "./model.js";
import { usualConnections } from "./network.js";
import { exportTo } from "./offline.js";
import type { PackSegments } from "./pack-segments.js";
import { proveRelease } from "./prove-release.js";
import { refresh } from "./refresh.js";
import { summarizeProof } from "./remember-proof.js";
import type { UpdateRun } from "./run-update.js";

export interface FetchOrder {
  readonly folder: string;
  readonly change: ChangeExports;
  readonly asPublished?: boolean | undefined;
}

export interface FetchedKinds {
  /** `current`: what is in the folder was made from the same sections in the same way. */
  readonly outcome: "fetched" | "current";
  /** Whose rules are in the folder, and the newest that is published. */
  readonly release: ReleaseNumber;
  readonly newest: ReleaseNumber;
  /** Undefined when nothing was written. */
  readonly written?: Exported;
  /** Of the pack, that came over the network. */
  readonly bytes: number;
  readonly proof: ProvenRelease;
}

/** @throws UsageError USAGE where there is a database; PolicyError RELEASE_UNREACHABLE; VerificationError; OperationError */
export async function fetchKinds(run: UpdateRun, order: FetchOrder): Promise<FetchedKinds> {
  const { store, config, state, digest, codec } = run;
  const { installed } = state.now;
  // SPEC §8.9.1
  if (installed !== null) {
    const message = `expected an endpoint without a database, got one with release ${installed.release}: client export needs no network`;
    throw new UsageError("USAGE", message);
  }
  const choices = parseExportChoices(order.change(exportChoices(config)));
  const input = { ...run, files: store.files, feed: config.feed };
  const refreshed = await refresh(input);
  const proof = await proveRelease(input, refreshed);
  await state.set({ proof: summarizeProof(proof, refreshed.trusted) });
  const engines = await findEngines(choices.engines, run.engine, state.now.engines);
  requireKnown(engines, choices.kinds);
  const made = exportMark({ exportKinds: choices.kinds, exportForms: choices.forms, engines: [] }, engines);
  const { exported } = await localInForce(store, undefined, undefined);
  const rules = order.asPublished === true ? noLocalRules : exported;
  const local = (await LocalExport.prepare(store.files, rules, digest))?.id ?? null;
  const mark = { folder: order.folder, made, local };
  const { fetched } = state.now;
  const isSame = fetched !== undefined && markText(fetched) === markText(mark);
  const before = isSame && (await store.exports.isThere(order.folder)) ? fetched : undefined;

  const { take } = await chooseRelease({
    ...{ files: store.files, tree: run.tree, now: run.now, feed: config.feed, choices: config.rings },
    ...{ ring: refreshed.trusted.timestamp?.rings.get(config.feed), newest: proof.manifest },
    ...{ have: before, bad: state.now.bad, engines: enginesOf(choices.kinds, engines) },
  });
  const end = { newest: proof.manifest.version, bytes: 0, proof };
  const stay = { ...end, outcome: "current" } as const;
  // Who has nothing gets a release, or `chooseRelease` throws.
  if (take === undefined) return { ...stay, release: (before as FetchedSections).release };
  const { manifest } = take;
  const release = newestOf(manifest);
  const pack = manifest.packs.find(({ kind, to }) => kind === "full" && to === manifest.version) as PackFacts;
  if (before?.databaseSha256 === release.databaseSha256) return { ...stay, release: release.release };
  if (choices.kinds.includes("clamav")) await fetchClamAVSignatures(input, { ...proof, manifest });

  const { connectionsMax: connections = usualConnections } = config.network;
  const wanted = { sha256: pack.databaseSha256, kinds: choices.kinds };
  // SPEC §8.9.2
  const read = async (part: PackSegments) => {
    const { database, places } = await openSections(part, wanted, codec, digest);
    const sections = sectionsOf(database);
    // SPEC §8.9.3
    if (JSON.stringify(before?.sections) === JSON.stringify(sections))
      return { sections, written: undefined };
    for (const place of places) part.need(place);
    const what = { feed: config.feed, release, choices, engines, folder: order.folder, database };
    return { sections, written: (await exportTo(run, what, rules)).written };
  };
  const { value, bytes } = await readPack({ ...run, scratch: store.scratch, connections }, pack, read);
  const { sections, written } = value;
  const isWritten = written !== undefined || before === undefined;
  const at = isWritten ? formatTime(run.now) : before.at;
  await state.set({ fetched: { ...mark, ...release, at, sections } });
  const outcome = written === undefined ? "current" : "fetched";
  return { ...end, outcome, release: release.release, bytes, ...(written && { written }) };
}

/** By kind, what its section is known by. */
function sectionsOf(database: Database): FetchedSections["sections"] {
  const facts = database.sections.map(({ kind }) => (database.section(kind) as SectionReader).facts);
  return Object.fromEntries(facts.map(({ kind, sha256 }) => [kind, hexText(sha256)]));
}

const markText = ({ folder, made, local }: Pick<FetchedSections, "folder" | "made" | "local">): string =>
  JSON.stringify([folder, made, local]);
