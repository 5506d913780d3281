/**
 * The evidence document of a release, `evidence/<feed>/<N>.json`: what the log has to say about it. It is not signed; every member
 * proves itself or proves nothing, and members that are not known here are passed over. Its form leaves no choice, so nobody can
 * make other bytes of the same document (SPEC §9.1.4).
 */
import {
  type FeedName,
  type ReleaseNumber,
  type Sha256Hex,
  feedName,
  releaseNumber,
  sha256Hex,
} from "../brands.js";
import { base64Text, equalBytes, utf8Bytes } from "../encoding/bytes.js";
import { type JSONObject, type JSONValue, isJSONObject, parseJSON } from "../encoding/json.js";
import { RulemintError, VerificationError, quote } from "../errors.js";
import { limits } from "../limits.js";
import { type Hash, hashBytes } from "../log/lines.js";

export interface LogEvidence {
  /** The entry of the log, as text. */
  readonly entry: string;
  /** A tlog-proof of it, as text. */
  readonly proof: string;
  /** That the proof's checkpoint continues the one of the release before. */
  readonly consistency?: { readonly from: number; readonly hashes: readonly Hash[] };
}

export interface Evidence {
  readonly feed: FeedName;
  readonly release: ReleaseNumber;
  /** Digests of the files beside this one, for whoever looks at the tree without the rest. */
  readonly manifestSha256: Sha256Hex;
  readonly cmsSha256: Sha256Hex;
  readonly mldsaSha256?: Sha256Hex;
  readonly clamavSha256?: Sha256Hex;
  readonly provenanceSha256?: Sha256Hex;
  /** Absent when the publisher keeps no log. */
  readonly log?: LogEvidence;
}

/** JSON without blanks, members sorted, and a line feed: the same bytes every time. */
export function formatEvidence({ log, ...index }: Evidence): Uint8Array<ArrayBuffer> {
  const consistency = log?.consistency && {
    logConsistency: { from: log.consistency.from, hashes: log.consistency.hashes.map(base64Text) },
  };
  const logged = log && { logEntry: log.entry, logProof: log.proof, ...consistency };
  return sortedBytes({ schema: 1, ...index, ...logged });
}

const sortedBytes = (document: JSONObject): Uint8Array<ArrayBuffer> => utf8Bytes(`${sortedText(document)}\n`);

function sortedText(value: JSONValue): string {
  if (Array.isArray(value)) return `[${value.map(sortedText).join(",")}]`;
  if (!isJSONObject(value)) return JSON.stringify(value);
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([name, member]) => `${JSON.stringify(name)}:${sortedText(member)}`).join(",")}}`;
}

/** @throws VerificationError LOG_PROOF_MALFORMED when it cannot be read */
export function parseEvidence(bytes: Uint8Array): Evidence {
  try {
    if (bytes.length > limits.evidenceBytesMax) throw odd("a shorter document", bytes.length);
    const document = parseJSON(bytes);
    if (!isJSONObject(document) || document.schema !== 1) throw odd("evidence of schema 1", document);
    if (!equalBytes(sortedBytes(document), bytes)) {
      throw new VerificationError(
        "LOG_PROOF_MALFORMED",
        "expected an evidence document in sorted JSON without blanks, got another form of it",
      );
    }
    const optional = (name: "mldsaSha256" | "clamavSha256" | "provenanceSha256") =>
      document[name] === undefined ? {} : { [name]: sha256Hex(document[name]) };
    return {
      feed: feedName(document.feed),
      release: releaseNumber(document.release),
      manifestSha256: sha256Hex(document.manifestSha256),
      cmsSha256: sha256Hex(document.cmsSha256),
      ...optional("mldsaSha256"),
      ...optional("clamavSha256"),
      ...optional("provenanceSha256"),
      ...readLog(document),
    };
  } catch (cause) {
    if (!(cause instanceof RulemintError) || cause.code === "LOG_PROOF_MALFORMED") throw cause;
    throw new VerificationError("LOG_PROOF_MALFORMED", cause.message, { cause });
  }
}

function readLog({ logEntry, logProof, logConsistency }: JSONObject): Pick<Evidence, "log"> {
  if (logEntry === undefined && logProof === undefined) return {};
  if (typeof logEntry !== "string" || typeof logProof !== "string")
    throw odd("an entry and its proof", logEntry);
  return { log: { entry: logEntry, proof: logProof, ...readConsistency(logConsistency) } };
}

function readConsistency(value: JSONValue | undefined): Pick<LogEvidence, "consistency"> {
  if (value === undefined) return {};
  if (!isJSONObject(value)) throw odd("a consistency proof", value);
  const { from, hashes } = value;
  if (typeof from !== "number" || from < 0) throw odd("a size", from);
  if (!Array.isArray(hashes) || hashes.length > limits.proofHashesMax) throw odd("hashes", hashes);
  return { consistency: { from, hashes: hashes.map((hash) => hashBytes(String(hash))) } };
}

function odd(expected: string, got: unknown): VerificationError {
  return new VerificationError(
    "LOG_PROOF_MALFORMED",
    `expected ${expected}, got ${quote(JSON.stringify(got) ?? "nothing")}`,
  );
}
