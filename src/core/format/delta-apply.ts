/**
 * From an old database and a delta pack to the new database, in one pass and in memory for a few blocks, one part and the models.
 *
 * Nothing in the pack is believed: every number is compared with what is really there before it is used, and what comes
 * out must have the size and the digest that the header names.
 */
import type { ByteSink, ByteSource, DigestFactory } from "../encoding/stream.js";
import { VerificationError } from "../errors.js";
import { limits } from "../limits.js";
import { ruleKinds } from "../rules/model.js";
import type { RuleKind } from "../rules/model.js";
import { kindFacts } from "../rules/kind-facts.js";
import { type Database, openDatabase } from "./database.js";
import { DatabaseWriter } from "./database-writer.js";
import type { Languages } from "./database-writer.js";
import type { DatabaseSummary } from "./model.js";
import { oldRecords } from "./old-records.js";
import type { BlockSink } from "./outbox.js";
import { malformedPack, tagDigits } from "./pack-header.js";
import type { DeltaPackHeader } from "./pack-header.js";
import { PackReader } from "./pack-reader.js";
import { PartCoder } from "./part-coder.js";
import { SectionWalker } from "./section-walker.js";

export interface ApplyOptions {
  readonly languages?: Languages;
}

/**
 * @throws VerificationError PACK_MALFORMED, PACK_FORMAT_UNKNOWN, PACK_WRONG_BASE, DATABASE_MALFORMED, DATABASE_DIGEST_MISMATCH:
 *   what the sink has got is then worth nothing
 */
export async function applyDelta(
  from: ByteSource,
  pack: ByteSource,
  sink: ByteSink | BlockSink,
  digest: DigestFactory,
  options: ApplyOptions = {},
): Promise<DatabaseSummary> {
  const languages = options.languages ?? kindFacts;
  const reader = new PackReader(pack);
  const header = await reader.header();
  if (header.kind !== "delta") throw malformedPack("expected a delta pack, got a full pack");
  const database = await openDatabase(from, languages, digest);
  checkBase(header, database);
  const coder = await PartCoder.open(header.modelBits, header.toBytes);
  const writer = new DatabaseWriter(sink, digest, languages);
  let next = await nextPart(reader, coder);
  for (const kind of ruleKinds) {
    const section = database.section(kind);
    writer.beginSection(kind, section);
    const walker = new SectionWalker(section, writer);
    for (; next === kind; next = await nextPart(reader, coder)) {
      await learnExemplars(coder, database, kind);
      await applyPart({ coder, walker, kind, sorted: languages(kind).order === "sorted" }, async () => {
        await writer.flush();
        if (writer.length > header.toBytes) throw malformedPack(`expected ${header.toBytes} bytes, got more`);
      });
      coder.end();
    }
    await walker.keepRest();
    await writer.endSection();
  }
  if (next) throw malformedPack("expected parts in the order of their kinds");
  const summary = await writer.finish();
  checkResult(header, summary);
  return summary;
}

/** Begins the next part: of which kind it is. */
async function nextPart(reader: PackReader, coder: PartCoder): Promise<RuleKind | undefined> {
  if (reader.left === 0) return undefined;
  coder.read(await reader.part());
  const place = coder.number("kind", undefined);
  const kind = ruleKinds[place];
  if (kind === undefined) throw malformedPack(`expected the place of a kind, got ${place}`);
  return kind;
}

async function learnExemplars(coder: PartCoder, database: Database, kind: RuleKind): Promise<void> {
  const records = database.section(kind)?.facts.records ?? 0;
  const numbers: number[] = [];
  let next = 0;
  for (let left = coder.number("exemplars", undefined); left > 0; left--) {
    // SPEC §4.4.7: rising numbers of old records
    const number = next + coder.number("exemplarGap", undefined);
    if (number >= records) throw malformedPack(`expected the number of an old ${kind} record, got ${number}`);
    if (numbers.length === limits.exemplarsMax) throw malformedPack("expected fewer exemplars");
    numbers.push(number);
    next = number + 1;
  }
  for await (const record of oldRecords(database, kind, numbers, limits.exemplarBytesMax))
    coder.learn(record);
}

interface OpenPart {
  readonly coder: PartCoder;
  readonly walker: SectionWalker;
  readonly kind: RuleKind;
  readonly sorted: boolean;
}

async function applyPart(part: OpenPart, settle: () => Promise<void>): Promise<void> {
  const { coder, walker, kind } = part;
  coder.setPlain(coder.number("plain", undefined));
  for (let left = coder.number("changes", undefined); left > 0; left--) {
    const skip = coder.number("skip", undefined);
    const removes = coder.number("removes", undefined);
    const inserts = coder.number("inserts", undefined, removes);
    if (removes + inserts === 0) throw malformedPack("expected a change that changes something");
    if (walker.at + skip + removes > walker.records) {
      throw malformedPack(`expected ${walker.records} old ${kind} records, got a change behind them`);
    }
    await walker.keep(walker.at + skip);
    const removed = await walker.remove(removes, inserts > 0 ? limits.removedSourcesMax : 0);
    await insertRecords(part, inserts, removed, settle);
    await settle();
  }
}

async function insertRecords(
  { coder, walker, sorted }: OpenPart,
  inserts: number,
  removed: readonly string[],
  settle: () => Promise<void>,
): Promise<void> {
  if (inserts === 0) return;
  const behind = sorted ? await walker.next() : "";
  for (let i = 0; i < inserts; i++) {
    const source = coder.number("source", undefined, i);
    const old = removed[source - 1];
    if (source > 0 && old === undefined) {
      throw malformedPack(`expected edits of one of ${removed.length} records, got ${source}`);
    }
    const between = sorted ? { before: walker.last, behind } : undefined;
    const record = old === undefined ? coder.fresh(undefined, between) : coder.edited(old, undefined);
    // SPEC §4.4.4: between what stands in front of it and what is behind it.
    const first = i === 0 && walker.last === "";
    if (sorted && ((!first && record <= walker.last) || (behind !== "" && record >= behind))) {
      throw malformedPack("expected new records in rising order");
    }
    walker.add(record);
    if (i % 256 === 255) await settle();
  }
}

/** SPEC §4.4.2: the base MUST be the one that the header names. */
function checkBase(header: DeltaPackHeader, { bytes, sha256 }: Database): void {
  if (header.fromTag !== sha256.slice(0, tagDigits) || header.fromBytes !== bytes) {
    throw new VerificationError(
      "PACK_WRONG_BASE",
      `expected a base of ${header.fromBytes} bytes, SHA-256 ${header.fromTag}…, got ${bytes}, ${sha256.slice(0, tagDigits)}…`,
    );
  }
}

/** SPEC §4.4.3: the result MUST be the one that the header names. */
function checkResult(header: DeltaPackHeader, { sha256, bytes }: DatabaseSummary): void {
  if (header.toTag !== sha256.slice(0, tagDigits) || header.toBytes !== bytes) {
    throw new VerificationError(
      "DATABASE_DIGEST_MISMATCH",
      `expected ${header.toBytes} bytes, SHA-256 ${header.toTag}…, got ${bytes}, ${sha256.slice(0, tagDigits)}…`,
    );
  }
}
