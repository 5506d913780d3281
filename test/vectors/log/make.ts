/** The log's formats as files: the same bytes every time, because keys come from names and Ed25519 has no randomness. Tests only. */
import { utf8Bytes, utf8Text } from "../../../src/core/encoding/bytes.js";
import { feedName, releaseNumber, sha256Hex } from "../../../src/core/brands.js";
import type { ErrorCode } from "../../../src/core/errors.js";
import { formatLogProof } from "../../../src/core/log/log-proof.js";
import { formatNote, type Note } from "../../../src/core/log/note.js";
import { formatReleaseLogEntry, type ReleaseLogEntry } from "../../../src/core/log/release-entries.js";
import { formatAddCheckpoint } from "../../../src/core/log/witness-request.js";
import { cosign, noteLine, testKey, TestLog, testLogPolicy, testWitnesses } from "../../support/log-world.js";

/** All of them are judged at this time. */
export const now = new Date("2026-09-01T12:00:00Z");
const seconds = now.getTime() / 1000;
const size = 300;
/** The one that the proofs are about. */
export const index = 77;

type Files = Map<string, Uint8Array>;

const origin = "example.com/releases";
const time = "2026-09-01T11:00:00Z";
const sha = (n: number) => sha256Hex(n.toString(16).padStart(64, "0"));
const at = { time, feed: feedName("endpoint"), release: releaseNumber(7) };

/** One of each kind (SPEC §11.7.1). */
export const entries: readonly ReleaseLogEntry[] = [
  {
    ...{ kind: "release", ...at, manifestSha256: sha(1), databaseSha256: sha(2), sourceTreeSha256: sha(3) },
    previousManifestSha256: sha(4),
  },
  { kind: "withdrawal", ...at, restores: releaseNumber(6) },
  { kind: "root", time, version: 2, sha256: sha(5) },
  { kind: "targets", time, version: 3, sha256: sha(6) },
  { kind: "policy", time, rootVersion: 2, sha256: sha(7) },
  { kind: "verdict", ...at, result: "FAILED", envelopeSha256: sha(8) },
  { kind: "rings", time, feed: at.feed, ringsSha256: sha(9) },
  { kind: "emergency", time, submissionDigest: sha(10), people: [{ by: "ada", reason: "it spreads" }] },
  { kind: "anchor", time, origin: "example.com/access", size: 12, root: sha(11) },
  { kind: "heartbeat", time, intervalSeconds: 3600, releases: { endpoint: 7 } },
];

function grown(count: number, word = "entry"): TestLog {
  return new TestLog(origin).append(...Array.from({ length: count }, (_, i) => `${word} ${i}`));
}

const flipped = (text: string, where: number): string =>
  utf8Text(utf8Bytes(text).map((byte, i) => (i === where ? byte ^ 1 : byte)));

/** What a proof of the entry `index` is refused for, by name; each is a whole file. */
async function proofs(
  log: TestLog,
): Promise<Record<string, readonly [ErrorCode | "success", string, string]>> {
  const [north, south, west] = testWitnesses as [typeof log.log, typeof log.log, typeof log.log];
  const by = async (note: Note, of = index, made = log) => formatLogProof(await made.prove(of, note));
  const note = cosign(log.checkpoint(), seconds, north, south);
  const good = await by(note);
  const other = new TestLog("example.com/other").append(...log.entries);
  const stranger = { ...log.checkpoint(), signatures: [noteLine(testKey(origin, 4), note.text)] };
  return {
    good: ["success", "two witnesses of three", good],
    "good-with-extra": ["success", "nothing is read from extra", good.replace("\n", "\nextra AAEC\n")],
    "header-missing": [
      "LOG_PROOF_MALFORMED",
      "a proof begins with its version",
      good.slice(good.indexOf("\n") + 1),
    ],
    "index-leading-zero": [
      "LOG_PROOF_MALFORMED",
      "one form of a number",
      good.replace("index 77", "index 077"),
    ],
    "index-other": [
      "LOG_INCLUSION_FAILED",
      "the leaf is at another place",
      good.replace("index 77", "index 76"),
    ],
    "hash-flipped": [
      "LOG_INCLUSION_FAILED",
      "one bit of the first hash",
      flipped(good, good.indexOf("index") + 12),
    ],
    "hash-missing": [
      "LOG_INCLUSION_FAILED",
      "a proof is as long as the tree is high",
      good.replace(/(index 77\n).*\n/, "$1"),
    ],
    "other-entry": ["LOG_INCLUSION_FAILED", "a proof of another entry", await by(note, index + 1)],
    "other-log": [
      ...(["LOG_KEY_UNKNOWN", "a log that the policy does not name"] as const),
      await by(cosign(other.checkpoint(), seconds, north, south), index, other),
    ],
    "signature-missing": ["LOG_KEY_UNKNOWN", "no line by the log's key", await by(stranger)],
    "signature-flipped": ["LOG_SIGNATURE_INVALID", "the size was raised", good.replace("\n300\n", "\n301\n")],
    "one-witness": ["WITNESS_QUORUM", "one of three", await by(cosign(log.checkpoint(), seconds, north))],
    "one-witness-twice": [
      ...(["WITNESS_QUORUM", "a witness counts once"] as const),
      await by(cosign(cosign(log.checkpoint(), seconds, north), seconds - 1, north)),
    ],
    "witness-from-the-future": [
      ...(["WITNESS_QUORUM", "a cosignature of tomorrow does not count"] as const),
      await by(cosign(cosign(log.checkpoint(), seconds, north), seconds + 301, south)),
    ],
    "witness-stale": [
      ...(["CHECKPOINT_STALE", "one of two is older than the hour that is asked for"] as const),
      await by(cosign(cosign(log.checkpoint(), seconds, west), seconds - 3601, south)),
    ],
  };
}

export async function makeVectors(): Promise<Files> {
  const files: Files = new Map();
  const put = (name: string, bytes: Uint8Array | string) =>
    files.set(name, typeof bytes === "string" ? utf8Bytes(bytes) : bytes);
  const log = grown(size);
  const smaller = grown(100);
  const checkpoint = cosign(log.checkpoint(), seconds, ...testWitnesses);
  put("log/log.vkey", `${log.log.vkey}\n`);
  put("log/policy", testLogPolicy(log.log));
  put("log/checkpoint", formatNote(checkpoint));
  put("log/checkpoint-100", formatNote(cosign(smaller.checkpoint(), seconds, ...testWitnesses)));
  put("log/fork-100", formatNote(cosign(grown(100, "lie").checkpoint(), seconds, ...testWitnesses)));
  const growth = await log.continues(100);
  put("log/consistency-100", growth.map((hash) => `${Buffer.from(hash).toString("base64")}\n`).join(""));
  put(
    "log/add-checkpoint",
    formatAddCheckpoint({ oldSize: 100, proof: growth, checkpoint: log.checkpoint() }),
  );
  log.checkpoint();
  for (const [name, bytes] of log.files) put(`log/${name}`, bytes);
  put("proofs/entry", log.entries[index] as Uint8Array);
  for (const [name, [code, why, text]] of Object.entries(await proofs(log))) {
    put(`proofs/${name}.tlog-proof`, text);
    put(`proofs/${name}.expect`, `${code}\n${why}\n`);
  }
  for (const entry of entries) put(`entries/${entry.kind}`, formatReleaseLogEntry(entry));
  return files;
}
