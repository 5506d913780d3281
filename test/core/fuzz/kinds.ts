/** Every parser that reads what a stranger may have written, with good bytes to begin from. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sha256Hex } from "../../../src/core/brands.js";
import { utf8Bytes, utf8Text } from "../../../src/core/encoding/bytes.js";
import { parseDER } from "../../../src/core/encoding/der.js";
import { parseJSON } from "../../../src/core/encoding/json.js";
import { parsePEM } from "../../../src/core/encoding/pem.js";
import { memorySink, memorySource } from "../../../src/core/encoding/stream.js";
import { readTarIndex, tarOf } from "../../../src/core/encoding/tar-index.js";
import { openDatabase } from "../../../src/core/format/database.js";
import type { SectionReader } from "../../../src/core/format/section-reader.js";
import { parsePackHeader } from "../../../src/core/format/pack-header.js";
import { encodeSourceMap } from "../../../src/core/format/source-map.js";
import { openSourceMap } from "../../../src/core/format/source-map-reader.js";
import { parseAccessEntry, parseAccessLeaf } from "../../../src/core/log/access-entries.js";
import { parseAccessFile } from "../../../src/core/log/access-file.js";
import { parseCheckpoint } from "../../../src/core/log/checkpoint.js";
import { parseBundle } from "../../../src/core/log/entries.js";
import { parseLogPolicy } from "../../../src/core/log/log-policy.js";
import { parseLogProof } from "../../../src/core/log/log-proof.js";
import { parseNote } from "../../../src/core/log/note.js";
import { parseReleaseLogEntry } from "../../../src/core/log/release-entries.js";
import { parseTilePath } from "../../../src/core/log/tiles.js";
import { parseAddCheckpoint } from "../../../src/core/log/witness-request.js";
import { parseCertificate } from "../../../src/core/pki/certificate.js";
import { parseSignedData } from "../../../src/core/pki/cms.js";
import { parseCRL } from "../../../src/core/pki/crl.js";
import { parseOCSPResponse } from "../../../src/core/pki/ocsp.js";
import { parseClamAVSignatures } from "../../../src/core/release/clamav-signatures.js";
import { parseSources } from "../../../src/core/release/sources.js";
import type { RuleKind } from "../../../src/core/rules/model.js";
import { withQuality } from "../../../src/core/rules/quality/judge.js";
import { ruleLanguage } from "../../../src/core/rules/registry.js";
import { parseDSSE } from "../../../src/core/trust/attest/dsse.js";
import { parseEvidence } from "../../../src/core/trust/evidence.js";
import {
  parseEnvelope,
  parseRoot,
  parseSnapshot,
  parseTargets,
  parseTimestamp,
} from "../../../src/core/trust/metadata.js";
import { parsePolicy } from "../../../src/core/trust/policy.js";
import { parseProposal } from "../../../src/core/trust/proposal.js";
import { parsePaxRecords, parseTarHeader } from "../../../src/http/tar-header.js";
import { buildDatabase, buildDelta, buildFullPack } from "../../simulator/packs.js";
import { tarArchive } from "../../support/tar.js";
import { projectRoot } from "../../architecture/source-tree.js";
import {
  accessEntries,
  accessFiles,
  accessLeaves,
  clamavSignatures,
  evidences,
  partsTaken,
  proposals,
  sourceLists,
} from "./document-seeds.js";
import { ruleSamples } from "./rule-samples.js";

export interface FuzzedKind {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  /** Answers, or throws an error of ours. */
  readonly read: (bytes: Uint8Array) => unknown;
  /** Rule languages never throw: their findings have places. */
  readonly rules?: RuleKind;
}

const below = (folder: string, wanted: RegExp): Uint8Array[] =>
  readdirSync(join(projectRoot, folder), { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile() && wanted.test(one.name))
    .map((one) => new Uint8Array(readFileSync(join(one.parentPath, one.name))));
const text = (read: (text: string) => unknown) => (bytes: Uint8Array) =>
  read(new TextDecoder().decode(bytes));
const certificates = below("keys-dev", /\.crt\.pem$/);
const ders = certificates.flatMap((pem) => parsePEM(utf8Text(pem), "CERTIFICATE"));
const signatures = below("test/vectors/pki", /\.p7s$/);
const tuf = (name: RegExp) => below("test/vectors/tuf", name).slice(0, 20);
const databases = [
  await buildDatabase(["a.example", "b.example", "1.2.3.4"]),
  await buildDatabase(["a.example", "c.example", "5.6.7.8"]),
] as const;
const full = await buildFullPack(databases[0]);
const delta = await buildDelta(databases[0], databases[1]);
const [checkpoint, proof] = [
  below("test/vectors/log/log", /^checkpoint/)[0],
  below("test/vectors/log/proofs", /\.tlog-proof$/)[0],
] as [Uint8Array, Uint8Array];
const oneOf = (name: RegExp) => tuf(name)[0] as Uint8Array;

async function sourceMapSeed(): Promise<Uint8Array> {
  const sink = memorySink();
  const head = { sourceTreeSha256: sha256Hex("a".repeat(64)), databaseSha256: sha256Hex("b".repeat(64)) };
  const origins = { starts: Int32Array.of(0, 1, 2), sources: Int32Array.of(0, 1) };
  const [files, lines, ends] = [Int32Array.of(0, 1), Int32Array.of(3, 7), Int32Array.of(4, 9)];
  await encodeSourceMap(head, [{ kind: "yara", origins, files, lines, ends }], sink);
  return sink.bytes();
}

async function readMap(bytes: Uint8Array): Promise<void> {
  const map = await openSourceMap(memorySource(bytes));
  for (const { kind, records } of map.sections)
    for (let record = 0; record < Math.min(records, 20); record++) await map.placesOf(kind, record);
}

const languages: FuzzedKind[] = (Object.keys(ruleSamples) as RuleKind[]).map((kind) => ({
  name: `rules of ${kind}`,
  seeds: ruleSamples[kind].map(utf8Bytes),
  rules: kind,
  read: (bytes) => withQuality(kind, ruleLanguage(kind).parse({ path: "fuzz/x", bytes })),
}));

const encodings: FuzzedKind[] = [
  { name: "JSON", seeds: tuf(/json$/), read: parseJSON },
  { name: "DER", seeds: [...ders, ...signatures.slice(0, 3)], read: (bytes) => parseDER(bytes) },
  { name: "PEM", seeds: certificates, read: text((one) => parsePEM(one, "CERTIFICATE")) },
  { name: "certificate", seeds: ders, read: parseCertificate },
  { name: "CMS", seeds: signatures, read: parseSignedData },
  { name: "CRL", seeds: partsTaken(signatures, parseCRL), read: parseCRL },
  { name: "OCSP response", seeds: partsTaken(signatures, parseOCSPResponse), read: parseOCSPResponse },
  {
    name: "tar of submissions, header",
    seeds: [tarArchive({ "a.txt": "1" }).subarray(0, 512)],
    read: parseTarHeader,
  },
  { name: "tar of submissions, pax", seeds: [utf8Bytes("22 path=some/file.yar\n")], read: parsePaxRecords },
  {
    name: "tar of bundles",
    seeds: [
      tarOf([
        ["a", utf8Bytes("one")],
        [`${"long/".repeat(40)}b`, utf8Bytes("two")],
      ]),
    ],
    read: (bytes) => readTarIndex(memorySource(bytes)),
  },
];

const formats: FuzzedKind[] = [
  { name: "database", seeds: databases.map(({ bytes }) => bytes), read: readDatabase },
  { name: "pack header", seeds: [full, delta], read: parsePackHeader },
  { name: "source map", seeds: [await sourceMapSeed()], read: readMap },
  { name: "list of sources", seeds: sourceLists, read: parseSources },
  {
    name: "ClamAV signatures",
    seeds: clamavSignatures(signatures),
    read: parseClamAVSignatures,
  },
];

const logs: FuzzedKind[] = [
  { name: "note", seeds: below("test/vectors/log/log", /^checkpoint/), read: parseNote },
  {
    name: "checkpoint",
    seeds: below("test/vectors/log/log", /^checkpoint/).map((note) => utf8Bytes(parseNote(note).text)),
    read: text(parseCheckpoint),
  },
  { name: "log policy", seeds: below("test/vectors/log/log", /^policy$/), read: text(parseLogPolicy) },
  { name: "log proof", seeds: below("test/vectors/log/proofs", /\.tlog-proof$/), read: text(parseLogProof) },
  {
    name: "entry bundle",
    seeds: below("test/vectors/log/log", /^(000|44)$/),
    read: (bytes) => parseBundle(bytes, 44),
  },
  {
    name: "tile path",
    seeds: ["tile/0/x001/234.p/44", "tile/entries/000"].map(utf8Bytes),
    read: text(parseTilePath),
  },
  {
    name: "add-checkpoint",
    seeds: below("test/vectors/log/log", /^add-checkpoint$/),
    read: parseAddCheckpoint,
  },
  { name: "release log entry", seeds: below("test/vectors/log/entries", /./), read: parseReleaseLogEntry },
  { name: "access log entry", seeds: accessEntries, read: parseAccessEntry },
  { name: "access log leaf", seeds: accessLeaves, read: parseAccessLeaf },
  {
    name: "access file",
    seeds: accessFiles(checkpoint, proof),
    read: parseAccessFile,
  },
];

const trust: FuzzedKind[] = [
  {
    name: "root",
    seeds: tuf(/root\.json$/),
    read: (bytes) => parseRoot(parseEnvelope(bytes, "root").signed),
  },
  {
    name: "timestamp",
    seeds: tuf(/timestamp\.json$/),
    read: (bytes) => parseTimestamp(parseEnvelope(bytes, "timestamp").signed),
  },
  {
    name: "snapshot",
    seeds: tuf(/snapshot\.json$/),
    read: (bytes) => parseSnapshot(parseEnvelope(bytes, "snapshot").signed),
  },
  {
    name: "targets",
    seeds: tuf(/targets\.json$/),
    read: (bytes) => parseTargets(parseEnvelope(bytes, "targets").signed),
  },
  { name: "DSSE", seeds: below("test/vectors/dsse", /\.json$/), read: parseDSSE },
  { name: "evidence", seeds: evidences(proof), read: parseEvidence },
  { name: "signature policy", seeds: below("test/vectors/pki", /^policy\.json$/), read: parsePolicy },
  { name: "proposal", seeds: proposals(oneOf(/root\.json$/), oneOf(/targets\.json$/)), read: parseProposal },
];

/** Every block of every section. */
async function readDatabase(bytes: Uint8Array): Promise<void> {
  const database = await openDatabase(memorySource(bytes));
  for (const { kind } of database.sections) {
    const section = database.section(kind) as SectionReader;
    for (let block = 0; block < section.blocks.length; block++) await section.block(block);
  }
}

export const fuzzedKinds: readonly FuzzedKind[] = [...languages, ...encodings, ...formats, ...logs, ...trust];
