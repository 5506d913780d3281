/**
 * A run: what one part of the sources gives, ready to be merged. It is a compiler's memory and no format of anybody else's.
 *
 *     run = database of one section, report in JSON, u32le(bytes of the report), SHA-256(report)
 */
import { equalBytes, utf8Bytes, utf8Text } from "../encoding/bytes.js";
import { type ByteSource, type DigestFactory, memorySink } from "../encoding/stream.js";
import { VerificationError } from "../errors.js";
import { openDatabase } from "../format/database.js";
import { DatabaseWriter } from "../format/database-writer.js";
import type { SectionReader } from "../format/section-reader.js";
import type { Finding, ParsedFile, RuleKind, SourceFile } from "../rules/model.js";
import { RecordHeap } from "../rules/record-heap.js";
import { ruleLanguage } from "../rules/registry.js";

/** What a run is made of: a piece of a file, or a few small files. */
export type RunPart = readonly SourceFile[];

export interface RunReport {
  readonly schema: 1;
  /** Errors that the parser found. */
  readonly errors: number;
  /** The parser failed: that says something about the machine, not about the source. */
  readonly failed: boolean;
  readonly records: number;
  /** Of a sequence that is not empty. */
  readonly sequenceKey?: string;
}

export interface Run {
  readonly report: RunReport;
  /** Undefined when there are no records. */
  readonly section: SectionReader | undefined;
}

const footBytes = 4 + 32;

/** Parses a part and sorts its records, unless order carries meaning: then it is one file. */
export function makeRun(kind: RuleKind, part: RunPart, digest: DigestFactory): Promise<Uint8Array> {
  const { parse, readLines } = ruleLanguage(kind);
  if (readLines === undefined) {
    const parsed = part.map((file) => parse(file));
    return encodeRun(kind, parsed, digest);
  }
  const records = new RecordHeap();
  const findings = part.flatMap((file) => readLines(file, records));
  return encode(kind, records, findings, digest);
}

export function encodeRun(
  kind: RuleKind,
  parsed: readonly ParsedFile[],
  digest: DigestFactory,
): Promise<Uint8Array> {
  const records = new RecordHeap();
  for (const file of parsed) for (const record of file.records) records.add(record);
  const findings = parsed.flatMap((file) => file.findings);
  return encode(kind, records, findings, digest);
}

async function encode(
  kind: RuleKind,
  records: RecordHeap,
  findings: readonly Finding[],
  digest: DigestFactory,
): Promise<Uint8Array> {
  const { order, sequenceKey } = ruleLanguage(kind);
  if (order === "sorted") records.sort();
  const report: RunReport = {
    schema: 1,
    errors: findings.filter(({ severity }) => severity === "error").length,
    failed: findings.some(({ code }) => code === "RULES_PARSER_FAILED"),
    records: records.count,
    ...(records.count > 0 && sequenceKey && { sequenceKey: sequenceKey(records.text(0)) }),
  };
  const sink = memorySink();
  const writer = new DatabaseWriter(sink, digest, ruleLanguage);
  writer.beginSection(kind);
  for (let i = 0; i < records.count; i++) writer.addBytes(records.bytes, records.start(i), records.end(i));
  await writer.endSection();
  await writer.finish();
  const text = utf8Bytes(JSON.stringify(report));
  const foot = new Uint8Array(footBytes);
  new DataView(foot.buffer).setUint32(0, text.length, true);
  foot.set(digested(text, digest), 4);
  await sink.write(text);
  await sink.write(foot);
  return sink.bytes();
}

/** @throws VerificationError DATABASE_MALFORMED and others when these are not the bytes of a run */
export async function openRun(source: ByteSource, kind: RuleKind, digest: DigestFactory): Promise<Run> {
  const broken = () => new VerificationError("DATABASE_MALFORMED", "expected a run of records");
  if (source.length < footBytes) throw broken();
  const foot = await source.read(source.length - footBytes, footBytes);
  const length = new DataView(foot.buffer, foot.byteOffset, 4).getUint32(0, true);
  const end = source.length - footBytes - length;
  if (end < 0) throw broken();
  const text = await source.read(end, length);
  if (!equalBytes(digested(text, digest), foot.subarray(4))) throw broken();
  const report = JSON.parse(utf8Text(text)) as RunReport;
  if (report.schema !== 1) throw broken();
  const { readNow } = source;
  const records: ByteSource = {
    length: end,
    read: source.read.bind(source),
    ...(readNow && { readNow: readNow.bind(source) }),
  };
  return { report, section: (await openDatabase(records, ruleLanguage, digest)).section(kind) };
}

function digested(bytes: Uint8Array, digest: DigestFactory): Uint8Array {
  const running = digest();
  running.update(bytes);
  return running.finish();
}
