/**
 * From an old database and a delta pack to the new database, in one pass and in memory for a few blocks and one group.
 *
 * Nothing in the pack is believed: every number is compared with what is really there before it is used, and what comes
 * out must have the size and the digest that the header names.
 */
import type { ByteSink, ByteSource, DigestFactory } from "../encoding/stream.js";
import { VerificationError } from "../errors.js";
import { limits } from "../limits.js";
import { ruleKinds } from "../rules/model.js";
import type { RuleKind } from "../rules/model.js";
import { ruleLanguage } from "../rules/registry.js";
import { sharedLength } from "./block.js";
import type { Codec } from "./codec.js";
import { type Database, openDatabase } from "./database.js";
import { DatabaseWriter } from "./database-writer.js";
import type { Languages } from "./database-writer.js";
import { readChanges } from "./delta-changes.js";
import type { ReadChange, ReadInsert } from "./delta-changes.js";
import { removedSourcesMax } from "./delta-group.js";
import { readGroups } from "./delta-reader.js";
import type { DatabaseSummary } from "./model.js";
import type { BlockSink } from "./outbox.js";
import { malformedPack, tagDigits } from "./pack-header.js";
import type { DeltaPackHeader } from "./pack-header.js";
import { PackReader } from "./pack-reader.js";
import { SectionWalker } from "./section-walker.js";
import { applyEdits } from "./word-edits.js";

export interface ApplyOptions {
  readonly languages?: Languages;
}

/**
 * @throws VerificationError PACK_MALFORMED, PACK_FORMAT_UNKNOWN, PACK_WRONG_BASE, CODEC_FAILED, DATABASE_MALFORMED,
 *   DATABASE_DIGEST_MISMATCH: what the sink has got is then worth nothing
 */
export async function applyDelta(
  from: ByteSource,
  pack: ByteSource,
  sink: ByteSink | BlockSink,
  codec: Codec,
  digest: DigestFactory,
  options: ApplyOptions = {},
): Promise<DatabaseSummary> {
  const languages = options.languages ?? ruleLanguage;
  const reader = new PackReader(pack);
  const header = await reader.header();
  if (header.kind !== "delta") throw malformedPack("expected a delta pack, got a full pack");
  const database = await openDatabase(from, languages, digest);
  checkBase(header, database);
  const sorted = (kind: RuleKind): boolean => languages(kind).order === "sorted";
  const changes = readChanges(readGroups(reader, header.rest, database, codec), sorted);
  const writer = new DatabaseWriter(sink, digest, languages);
  let change = await changes.next();
  for (const kind of ruleKinds) {
    writer.beginSection(kind);
    const walker = new SectionWalker(database.section(kind), writer);
    for (; !change.done && change.value.kind === kind; change = await changes.next()) {
      await applyChange(walker, change.value, sorted(kind));
      await writer.flush();
      if (writer.length > header.toBytes) throw malformedPack(`expected ${header.toBytes} bytes, got more`);
    }
    await walker.keepRest();
    await writer.endSection();
  }
  if (!change.done) throw malformedPack("expected groups in the order of their kinds");
  const summary = await writer.finish();
  checkResult(header, summary);
  return summary;
}

async function applyChange(walker: SectionWalker, change: ReadChange, sorted: boolean): Promise<void> {
  const { skip, removes, inserts } = change;
  if (walker.at + skip + removes > walker.records) {
    throw malformedPack(`expected ${walker.records} old ${change.kind} records, got a change behind them`);
  }
  await walker.keep(walker.at + skip);
  const sources = inserts.some((insert) => insert.type === "edits" && typeof insert.source === "number");
  const removed = await walker.remove(removes, sources ? removedSourcesMax : 0);
  if (inserts.length === 0) return;
  const behind = sorted ? await walker.next() : "";
  for (const [i, insert] of inserts.entries()) {
    const record = insertedRecord(insert, removed, walker.last, behind, sorted);
    if (record.length > limits.recordBytesMax) throw malformedPack("expected smaller records");
    // SPEC §4.4.4: between what stands in front of it and what is behind it.
    const first = i === 0 && walker.last === "";
    if (sorted && ((!first && record <= walker.last) || (behind !== "" && record >= behind))) {
      throw malformedPack("expected new records in rising order");
    }
    walker.add(record);
  }
}

function insertedRecord(
  insert: ReadInsert,
  removed: readonly string[],
  before: string,
  behind: string,
  sorted: boolean,
): string {
  if (insert.type === "edits") {
    const old = typeof insert.source === "string" ? insert.source : (removed[insert.source] as string);
    return applyEdits(old, insert.edits, malformedPack);
  }
  if (!sorted) return insert.text;
  // SPEC §4.4.5: neighbours share their common prefix with whatever stands between them
  const shared = sharedLength(before, behind) + Math.floor(insert.gain / 2);
  const neighbour = insert.gain % 2 === 1 ? behind : before;
  if (shared > neighbour.length) throw malformedPack("expected a record to share what its neighbour has");
  return neighbour.slice(0, shared) + insert.text;
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
