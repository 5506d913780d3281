/**
 * The same judgement by the other implementation (core/reference): the sources compiled a second time, the full pack made a second time,
 * every delta taken apart and applied. Nothing that the first one computed is used.
 */
import { type FeedName, type ReleaseNumber, type Sha256Hex, releaseNumber } from "../core/brands.js";
import { equalBytes, hexText } from "../core/encoding/bytes.js";
import { memorySink, memorySource } from "../core/encoding/stream.js";
import { sha256 } from "../core/encoding/sha256.js";
import { openDatabase } from "../core/format/database.js";
import type { PackFacts } from "../core/format/model.js";
import { applyDelta } from "../core/reference/delta.js";
import { writeFullPack } from "../core/reference/packs.js";
import { type ReferenceBuild, buildByReference } from "../core/reference/sources.js";
import type { DatabaseFacts } from "../core/release/model.js";
import type { Manifest } from "../core/trust/model.js";
import { explainDifference } from "./explain-difference.js";
import type { AssayContext } from "./model.js";
import { mismatch } from "./staged-manifest.js";
import { stagedDatabase, unpackStaged } from "./staged-database.js";

/** SPEC §10.4.1. Gives what the manifest must say of the database, and one line for each thing compared. */
export async function compareByReference(
  context: AssayContext,
  feed: FeedName,
  manifest: Manifest,
): Promise<{ facts: DatabaseFacts; checks: string[] }> {
  const { block, version, packs } = manifest;
  const builds = new Builds(context, feed);
  const own = await builds.of(version, block);
  const facts = factsOf(own);
  if (facts.sha256 !== block.database.sha256) await explain(context, feed, manifest, own);
  context.onProgress(`database, by the reference compiler: ${facts.bytes} bytes, equal`);
  const checks = [`database, by the reference compiler: ${facts.bytes} bytes, digest ${facts.sha256}, equal`];
  for (const pack of packs) checks.push(await comparePack(context, feed, manifest, pack, builds));
  return { facts, checks };
}

function factsOf({ database }: ReferenceBuild): DatabaseFacts {
  return {
    sha256: hexText(database.digest) as Sha256Hex,
    bytes: database.bytes.length,
    rules: database.rules,
  };
}

/** What was built in this assay, by release: deltas ask for their bases again and again. */
class Builds {
  readonly #context: AssayContext;
  readonly #feed: FeedName;
  readonly #built = new Map<ReleaseNumber, Promise<ReferenceBuild>>();

  constructor(context: AssayContext, feed: FeedName) {
    this.#context = context;
    this.#feed = feed;
  }

  of(release: ReleaseNumber, digests?: Manifest["block"]): Promise<ReferenceBuild> {
    const known = this.#built.get(release);
    if (known !== undefined) return known;
    const made = this.#build(release, digests);
    this.#built.set(release, made);
    return made;
  }

  async #build(release: ReleaseNumber, digests: Manifest["block"] | undefined): Promise<ReferenceBuild> {
    const { desk } = this.#context;
    const document = await desk.sources(this.#feed, release);
    return buildByReference(document, digests, (digest, bytes) => desk.file(digest as Sha256Hex, bytes));
  }
}

async function comparePack(
  context: AssayContext,
  feed: FeedName,
  manifest: Manifest,
  pack: PackFacts,
  builds: Builds,
): Promise<string> {
  const { records, desk, codec } = context;
  const id = `${feed}/${pack.sha256}`;
  const known = await records.get<PackFacts>("packs-by-reference", id);
  if (known !== undefined && JSON.stringify(known.body) === JSON.stringify(pack)) {
    return `${pack.path}, by the reference compiler: compared in an earlier assay, unchanged`;
  }
  const result = await builds.of(pack.to);
  const facts = factsOf(result);
  if (facts.sha256 !== pack.databaseSha256 || facts.bytes !== pack.databaseBytes) {
    throw mismatch(`${pack.path} for database ${facts.sha256}`, pack.databaseSha256);
  }
  const isOwn = pack.kind === "full" && pack.to === manifest.version;
  if (isOwn) {
    const made = await writeFullPack(result.database, pack.codec, codec);
    await requireBytes(pack, made);
  } else if (pack.kind === "full") {
    const sink = memorySink();
    await unpackStaged(context, feed, manifest, pack, sink);
    if (!equalBytes(sink.bytes(), result.database.bytes)) {
      throw mismatch(`${pack.path} to hold database ${facts.sha256}`, "another one");
    }
  } else {
    const name = pack.path.slice(pack.path.lastIndexOf("/") + 1);
    const staged = await desk.pack(feed, manifest.version, name, pack.sha256);
    await requireBytes(pack, staged);
    const applied = await applyDelta(staged, await builds.of(releaseNumber(pack.from)));
    if (!equalBytes(applied.bytes, result.database.bytes)) {
      throw mismatch(`${pack.path} to yield database ${facts.sha256}`, hexText(applied.digest));
    }
  }
  await records.commit([{ collection: "packs-by-reference", id, expected: known?.version ?? 0, body: pack }]);
  context.onProgress(`${pack.path}, by the reference compiler: equal`);
  return `${pack.path}, by the reference compiler: ${isOwn ? "equal" : "yields the database"}`;
}

async function requireBytes(pack: PackFacts, bytes: Uint8Array): Promise<void> {
  const digest = hexText(await sha256(bytes));
  if (digest === pack.sha256 && bytes.length === pack.bytes) return;
  throw mismatch(
    `${pack.path} of ${bytes.length} bytes, SHA-256 ${digest}`,
    `${pack.bytes} bytes, ${pack.sha256}`,
  );
}

async function explain(
  context: AssayContext,
  feed: FeedName,
  manifest: Manifest,
  own: ReferenceBuild,
): Promise<never> {
  const staged = await stagedDatabase(context, feed, manifest);
  const difference =
    staged &&
    (await explainDifference(
      await openDatabase(memorySource(own.database.bytes)),
      await openDatabase(staged),
    ));
  throw mismatch(
    `database ${hexText(own.database.digest)}, as the reference compiler makes it`,
    `${manifest.block.database.sha256}: ${difference ?? "the records are equal, their encoding is not"}`,
  );
}
